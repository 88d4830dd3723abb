import { parse } from "lossless-json";
import { describe, expect, it } from "vitest";
import { parseJson, stringifyJson } from "../../replication/values/json.js";

describe("parseJson", () => {
  it.each([
    ['{"job_id": 616152341234567890}', { job_id: 616152341234567890n }],
    [
      "[-12345678901234567890, 9007199254740991, 9007199254740992]",
      [-12345678901234567890n, 9007199254740991, 2n ** 53n],
    ],
    ["12345678901234567890", 12345678901234567890n],
    ["0.12345678901234567890", 0.1234567890123456789],
    ["1234567890123456789.5", 1234567890123456789.5],
    ["[1e-1234567890123456789, 12345678901234567890e2, 1E+0012345678901234567]", [0, 12345678901234567890e2, Infinity]],
    [String.raw`{"a\"12345678901234567890": "b: 12345678901234567890, \\", "c": 12345678901234567890}`, undefined],
    ['{"123456789012345678": "-123456789012345678"}', { "123456789012345678": "-123456789012345678" }],
    ['{"__proto__": 12345678901234567890, "a": {"__proto__": {"b": 12345678901234567890}}}', undefined],
    [String.raw`"\u0000bigint 12345678901234567890"`, "\0bigint 12345678901234567890"],
    ["[]", []],
    ["null", null],
  ])("%s", (text, expected) => {
    const parsed = parseJson(text);
    if (expected !== undefined) expect(parsed).toStrictEqual(expected);
    const exact = (digits: string): number | bigint =>
      /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits)) ? BigInt(digits) : Number(digits);
    if (!text.includes("__proto__")) expect(parsed).toStrictEqual(parse(text, null, exact));
    expect({}).not.toHaveProperty("b");
  });

  it("gives back what was written", () => {
    const value = { a: [1n << 62n, -(1n << 62n), 5, "1234567890123456789", null, { b: true }], 'quo"te\\': "x" };
    expect(parseJson(stringifyJson(value))).toStrictEqual(value);
  });

  it.each(["", "{", '{"a": 12345678901234567890', "<!DOCTYPE html>", "12345678901234567890 1"])(
    "refuses %j",
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );
});
