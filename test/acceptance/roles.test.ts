import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFaults } from "../../quick-start/proof.js";
import { settings, sourceEstate, standbyEstate } from "./estate.js";
import { type Fields, Stage } from "./stage.js";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
  await stage.project.configure("secondary", settings);
  for (const stack of ["primary", "secondary"]) await stage.succeed("stack", "init", stack);
  await stage.up("primary");
  await stage.sandbox.loadEstate(sourceEstate(), "primary");
  await stage.sandbox.loadEstate(standbyEstate(), "secondary");
  await stage.up("secondary");
}, 120_000);
afterAll(() => stage.close());

const loseThePrimary = (): void => {
  stage.sandbox.workspace("primary").traffic.faults.add({ phase: "before", cut: true });
};
const triggersOf = ({ schedule, trigger, continuous }: Fields): unknown => ({ schedule, trigger, continuous });
const copies = async (): Promise<ReadonlyMap<string, Fields>> => {
  const jobs = new Map(await stage.at("secondary").jobs());
  jobs.delete("their own");
  return jobs;
};

describe("a standby whose primary is lost", { timeout: 120_000 }, () => {
  it("says so, and harms nothing, while it is a standby", async () => {
    loseThePrimary();
    stage.forgetRequests();
    const { code, output } = await stage.pulumi("up", "--stack", "secondary", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toMatch(/cannot be listed on primary \(http:.*gave no answer/);
    expect(output).not.toMatch(/\n\s+at /);
    expect(stage.writesAt("secondary")).toEqual([]);
    // The outputs are of this run, and are there.
    expect(output).not.toMatch(/^\s*- (ledger|storage|workspace)\b/m);
    const { stdout } = await stage.succeed("stack", "output", "ledger", "--stack", "secondary", "--json");
    const { attention } = JSON.parse(stdout) as { attention: string[] };
    expect(attention.join("\n")).toMatch(/cannot be listed on primary/);
  });

  it("goes to work as the active side without a call to the lost one, each trigger as it was", async () => {
    const before = await copies();
    stage.forgetRequests();
    await stage.changeRole("secondary", "active");
    expect(stage.sandbox.workspace("primary").traffic.log.entries()).toEqual([]);
    stage.sandbox.workspace("primary").traffic.faults.clear();
    const [originals, after] = [await stage.at("primary").jobs(), await copies()];
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [name, job] of after) {
      expect(job.job_id).toBe(before.get(name)!.job_id);
      expect(triggersOf(job), name).toEqual(triggersOf(originals.get(name)!));
    }
    await stage.up("secondary", "--expect-no-changes");
  });

  it("is the standby again when told: the same copies, and every trigger off", async () => {
    const before = await copies();
    await stage.changeRole("secondary", "standby");
    const after = await copies();
    expect([...after].map(([name, { job_id }]) => [name, job_id])).toEqual(
      [...before].map(([name, { job_id }]) => [name, job_id]),
    );
    const { primary, secondary } = stage.sandbox.description;
    const { lines, counts } = await stage.ledgerOf("secondary");
    // Jobs of the estate with a trigger ran while it was active: those runs are no fault of the standby.
    const faults = await findFaults(primary, secondary, lines);
    expect(faults.filter((fault) => !fault.startsWith("the standby has run"))).toEqual([]);
    expect(counts.jobs?.held).toBe(3);
    expect(lines.filter(({ why }) => why?.includes("edited on the standby"))).toEqual([]);
    await stage.up("secondary", "--expect-no-changes");
  });
});
