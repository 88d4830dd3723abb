import { describe, expect, it } from "vitest";
import { describe as describeProgress } from "../../components/replica/provider/progress-text.js";
import { changesBetween } from "../../replication/values/changes.js";
import { byReason, describeLine } from "../../replication/report/ledger.js";
import { printable, quoted } from "../../replication/values/printable.js";
import type { Item } from "../../replication/kinds/kind.js";
import { jobs } from "../../replication/kinds/jobs.js";
import { announce, describeName } from "../../replication/report/report.js";

/** A terminal's sequences by C0 and C1, what turns the direction of a text, and what ends a line. */
const obeyed = [
  0x00, 0x08, 0x0a, 0x0d, 0x1b, 0x7f, 0x80, 0x85, 0x9b, 0x9f, 0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a,
]
  .concat([0x202e, 0x2066, 0x2069])
  .map((code) => String.fromCharCode(code));
const name = `a${obeyed.join("b")}c password=hunter2-Zq8`;

/** What none of our messages may have in it; a line break stands only between lines of our own. */
const harmful = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|hunter2/;

describe("a name that a terminal obeys", () => {
  const line = { kind: "jobs", name, id: name, outcome: "failed", why: `no: ${name}` } as const;
  it.each([
    ["alone", printable(name).replace("hunter2", "")],
    ["in quotes", quoted(name)],
    ["with its id", describeName({ name, id: "1" })],
    ["as its id", describeName({ name, id: name })],
    ["in a ledger's line", describeLine(line)],
    ["among reasons", byReason([line], "failed").join("")],
    ["in progress", describeProgress({ kind: "jobs", text: name, done: 1, total: 2 })],
    ["as a note", describeProgress({ kind: "jobs", text: name }).replaceAll("\n", "")],
    ["in a change", JSON.stringify(changesBetween({ [name]: 1, b: name }, { c: [name] }))],
  ])("is harmless %s", (_where, text) => {
    expect(text).not.toMatch(harmful);
    expect(text).toContain("\\u");
  });

  it("is told from another, and a plain one stays as it is", () => {
    expect(quoted("a\u202eb")).toBe('"a\\u202eb"');
    expect(quoted("a\\u202eb")).toBe('"a\\\\u202eb"');
    expect(quoted("Größe 日本 👩‍💻")).toBe('"Größe 日本 👩‍💻"');
  });

  it("is harmless where a preview says what it would remove", () => {
    const item = { id: "1", name, origin: "1.jobs.1" as Item["origin"], marked: true, definition: {} };
    const orphans = [{ copy: item, action: "remove" as const, why: "gone from the source" }];
    const told: string[] = [];
    const picture = { plan: "remove 1", unchanged: 0, changes: {}, conflicts: {}, needsPerson: {}, digest: "" };
    const plan = { kind: jobs, copies: [], orphans, foreign: [], twins: [], gone: new Set<Item["origin"]>() };
    announce(plan, picture, {}, ({ text }) => told.push(text));
    expect(told.join("")).toMatch(/^jobs: remove 1\n {2}- "a/);
    expect(told.join("").replace("\n", "")).not.toMatch(harmful);
  });
});
