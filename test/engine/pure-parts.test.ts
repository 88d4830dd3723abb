import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openProperties, revealingSealer, sealProperties } from "../../sandbox/engine/backend/deployment-file.js";
import { StackConfig } from "../../sandbox/engine/config/stack-config.js";
import { durationSeconds } from "../../sandbox/engine/deployment/registration/goal-request.js";
import { UrnTargets } from "../../sandbox/engine/deployment/options.js";
import { diffLines } from "../../sandbox/engine/display/property-diff/line-diff.js";
import { splitArguments } from "../../sandbox/engine/program/language-host.js";
import { diffValues } from "../../sandbox/engine/resource/object-diff.js";
import { formatPropertyPath, ignoreChanges, parsePropertyPath } from "../../sandbox/engine/resource/property-path.js";
import { equalValues, makeSecret, type PropertyMap, type PropertyValue } from "../../sandbox/engine/resource/values.js";
import { readProject } from "../../sandbox/engine/project.js";
import { PassphraseSecrets } from "../../sandbox/engine/secrets.js";

const key = fc.string({ minLength: 1, maxLength: 6 }).filter((text) => text !== "__proto__");
const { value: anyValue } = fc.letrec<{ value: PropertyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }) as fc.Arbitrary<PropertyValue>,
    tie("value").map(makeSecret),
  ),
}));

test("properties come out of the state as they went in, secrets too", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const sealed = JSON.parse(JSON.stringify(sealProperties({ value }, revealingSealer))) as PropertyMap;
      expect(equalValues(openProperties(sealed, () => "").value, value)).toBe(true);
    }),
  );
});

test("two values differ exactly when they are not equal", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (left, right) => {
      expect(diffValues(left, right) === undefined).toBe(equalValues(left, right));
      expect(diffValues(left, left)).toBeUndefined();
    }),
  );
});

test("a property path is read as it is written", () => {
  const element = fc.oneof(
    fc.nat({ max: 99 }),
    fc.string({ minLength: 1 }).filter((text) => text !== "*" && !text.includes("\\")),
  );
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 4 }), (elements) => {
      expect(parsePropertyPath(formatPropertyPath(elements))).toEqual(elements);
    }),
  );
  expect(() => parsePropertyPath('a["b')).toThrow("missing closing");
});

test.each<[string, PropertyMap, PropertyMap, string[], PropertyMap]>([
  ["a changed value goes back", { a: 2, b: 2 }, { a: 1, b: 1 }, ["a"], { a: 1, b: 2 }],
  ["an added key goes", { a: { x: 1 } }, { a: {} }, ["a.x"], { a: {} }],
  ["a removed key comes back", { a: {} }, { a: { x: 1 } }, ["a.x"], { a: { x: 1 } }],
  ["each of a list", { l: [{ x: 2 }, { x: 3 }] }, { l: [{ x: 1 }, { x: 1 }] }, ["l[*].x"], { l: [{ x: 1 }, { x: 1 }] }],
  ["everything", { a: 2, c: 3 }, { a: 1, b: 1 }, ["*"], { a: 1, b: 1 }],
])("ignoreChanges: %s", (_what, inputs, olds, paths, expected) => {
  expect(ignoreChanges(inputs, olds, paths)).toEqual(expected);
});

test("what was added and what stayed of a text is its new form; what was removed and what stayed, its old", () => {
  const text = fc.array(fc.constantFrom("a", "b", "", "c d"), { maxLength: 12 }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (old, fresh) => {
      const changes = diffLines(old, fresh);
      const linesOf = (...kinds: string[]): string =>
        changes.flatMap(({ kind, lines }) => (kinds.includes(kind) ? lines : [])).join("\n");
      expect(linesOf("same", "delete")).toBe(old);
      expect(linesOf("same", "add")).toBe(fresh);
    }),
  );
});

test("targets: whole URNs, and patterns that stop at a colon or do not", () => {
  const targets = new UrnTargets(["urn:pulumi:dev::p::a:b:C::one", "**::two", "urn:pulumi:*::p::x:y:Z::three"]);
  const matches = (urn: string): boolean => targets.contains(urn);
  expect(
    ["urn:pulumi:dev::p::a:b:C::one", "urn:pulumi:q::p::t::two", "urn:pulumi:q::p::x:y:Z::three"].every(matches),
  ).toBe(true);
  expect(
    ["urn:pulumi:dev::p::a:b:C::one2", "urn:pulumi:q::p::t::two::x", "urn:pulumi:q::r::p::x:y:Z::three"].some(matches),
  ).toBe(false);
  expect(new UrnTargets([]).contains("anything")).toBe(true);
});

test("durations and arguments are read as Go and a shell read them", () => {
  expect(["1h30m", "90s", "1.5s", "250ms"].map(durationSeconds)).toEqual([5400, 90, 1.5, 0.25]);
  expect(() => durationSeconds("soon")).toThrow("unable to parse customTimeout Value soon");
  expect(splitArguments(`--import tsx  --require "./with space.cjs" --x='a b'`)).toEqual([
    "--import",
    "tsx",
    "--require",
    "./with space.cjs",
    "--x=a b",
  ]);
});

test("secrets open with their passphrase and with no other", async () => {
  const made = await PassphraseSecrets.create("correct horse");
  const sealed = made.encrypt("ünder the mat");
  expect(sealed).toMatch(/^v1:[^:]+:[^:]+$/);
  expect((await PassphraseSecrets.open(made.salt, "correct horse")).decrypt(sealed)).toBe("ünder the mat");
  await expect(PassphraseSecrets.open(made.salt, "wrong horse")).rejects.toThrow("incorrect passphrase");
  // Written by Pulumi's own CLI.
  const theirs = await PassphraseSecrets.open(
    "v1:Z4XR5qM0ZaQ=:v1:2lfWD6AGHMzJjRwL:7K27wWl0QLhqerpdwpP1Wy6rygIiuA==",
    "pw",
  );
  expect(theirs.decrypt("v1:R2xBKwOvioPlBfHu:rXDODhP6fW34LnStcMCn2umX1YWO+A==")).toBe("s3cret");
});

test("a stack's file keeps every key, and a number that was rounded shows it", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stack-config-"));
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), "name: p\nruntime: nodejs\n");
  const map = `{1234567890123456789: a, "1234567890123456789": b, 42: c, 1.5: d, __proto__: {e: f}}`;
  fs.writeFileSync(path.join(folder, "Pulumi.dev.yaml"), `config:\n  p:map: ${map}\n`);
  const config = StackConfig.load(readProject(path.join(folder, "Pulumi.yaml")), "dev").masked();
  fs.rmSync(folder, { recursive: true });
  expect(JSON.parse(config.get("p:map")!.value)).toEqual(
    JSON.parse('{"1.2345678901234568e+18":"a","1234567890123456789":"b","42":"c","1.5":"d","__proto__":{"e":"f"}}'),
  );
  expect(config.get("p:map")?.value).toContain('"__proto__":{"e":"f"}');
});
