import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { engines, standIn } from "./engines.js";
import { misplacedReferences, normalized } from "./normalized-state.js";
import { resourceNamed, TestProject } from "./test-project.js";
import { TestProvider } from "./test-provider.js";

const up = ["up", "--yes", "--skip-preview", "--stack", "dev"];

/** Waits until something is so. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited a minute for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.each(engines)("what goes wrong, on $name", { timeout: 240_000 }, (engine) => {
  let provider: TestProvider;
  let project: TestProject;
  beforeEach(async () => {
    provider = await TestProvider.start();
    project = new TestProject(engine, [provider]);
    await project.ok(["stack", "init", "dev"]);
  });
  afterEach(() => {
    provider.stop();
    project.remove();
  });

  const pendingOperations = (): { resource: { urn: string }; type: string }[] => {
    const state = JSON.parse(fs.readFileSync(project.stateFile("dev"), "utf8")) as {
      checkpoint: { latest: { pending_operations?: { resource: { urn: string }; type: string }[] } };
    };
    return state.checkpoint.latest.pending_operations ?? [];
  };

  test("a killed run leaves all that it did, and says what was under way", async () => {
    project.program(`
      const done = new Thing("done", { key: "k" });
      new Thing("hanging", { key: done.self });
      exports.done = done.self;
    `);
    let release: () => void = () => undefined;
    provider.faults.set("hanging", { on: "create", until: new Promise<void>((resolve) => (release = resolve)) });
    const child = project.start(up);
    await until(() => provider.callsOf("create", "hanging").length > 0, "the second resource");
    child.kill("SIGKILL");
    await once(child, "exit");
    release();
    expect(pendingOperations()).toMatchObject([
      { type: "creating", resource: { urn: "urn:pulumi:dev::p::test:index:Thing::hanging" } },
    ]);
    const refused = await project.run(up);
    expect(refused.stderr).toContain("the stack is currently locked by 1 lock(s)");
    await project.ok(["cancel", "dev", "--yes"]);
    provider.faults.clear();
    const again = await project.run(up);
    expect(again.stdout).toContain(
      "Attempting to deploy or update resources with 1 pending operations from previous deployment.",
    );
    expect(again.stdout).toContain("  * urn:pulumi:dev::p::test:index:Thing::hanging, interrupted while creating");
    expect(again.code).toBe(0);
    const state = await project.export();
    expect(resourceNamed(state, "done").id).toBe("done-1");
    expect(resourceNamed(state, "hanging").id).toBe("hanging-2");
    // Whether the cut-off creation came to anything only a person can say: it stays until it is cleared.
    expect(state.pending_operations).toMatchObject([{ type: "creating" }]);
    await project.ok(["refresh", "--yes", "--clear-pending-creates", "--stack", "dev"]);
    expect(pendingOperations()).toEqual([]);
  });

  test("Ctrl-C lets what is under way end, and begins nothing new", async () => {
    project.program(`
      const slow = new Thing("slow", { key: "k" });
      new Thing("never", { key: slow.self });
    `);
    let release: () => void = () => undefined;
    provider.faults.set("slow", { on: "create", until: new Promise<void>((resolve) => (release = resolve)) });
    const child = project.start(up);
    await until(() => provider.callsOf("create", "slow").length > 0, "the slow resource");
    child.kill("SIGINT");
    await until(() => provider.canceled > 0, "the provider to hear of it");
    release();
    const [code] = (await once(child, "exit")) as [number];
    expect(code).not.toBe(0);
    expect(provider.callsOf("create", "never")).toEqual([]);
    expect(resourceNamed(await project.export(), "slow").id).toBe("slow-1");
    expect(pendingOperations()).toEqual([]);
    await project.ok(up);
  });

  test("a failed resource is named; what does not depend on it is kept, and outputs of before stay", async () => {
    project.program(`
      new Thing("good", { key: "k" });
      if (step > 0) { const failing = new Thing("failing", { key: "k" }); new Thing("after", { key: failing.self }); exports.late = failing.self; }
      exports.early = step;
    `);
    await project.ok(up);
    provider.faults.set("failing", { on: "create", error: "out of stock" });
    const failed = await project.run(up, { STEP: "1" });
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/\+ {2}test:index:Thing failing \*\*creating failed/);
    expect(failed.stdout).toContain("error: out of stock");
    expect(failed.stdout).toContain("error: update failed");
    const state = await project.export();
    expect(state.resources?.map(({ urn }) => urn.split("::").at(-1)).sort()).toEqual([
      "default_1_2_3",
      "good",
      "p-dev",
    ]);
    expect(provider.callsOf("create", "after")).toEqual([]);
    const goesOn = await project.run([...up, "--continue-on-error"], { STEP: "1" });
    expect(goesOn.code).toBe(1);
    expect(JSON.parse(await project.ok(["stack", "output", "--json", "--stack", "dev"]))).toMatchObject({ early: 1 });
  });

  test("refused properties are named, each with its value, on the resource", async () => {
    project.program(`
      if (step === 0) new Thing("wrong", { key: "k", bad: { deep: [1, "two"], secret: pulumi.secret("s3cret") }, worse: true });
      else new Dynamic("odd", { value: 1, bad: "text" });
    `);
    const failed = await project.run(["preview", "--stack", "dev"]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("test:index:Thing resource 'wrong': property bad value {map[");
    expect(failed.stdout).toContain("} has a problem: is never right");
    expect(failed.stdout).toContain("test:index:Thing resource 'wrong' has a problem: the whole resource is wrong");
    // The Pulumi CLI shows a secret inside a structure here; the stand-in shows none.
    if (engine === standIn) expect(failed.stdout).not.toContain("s3cret");
    const dynamic = await project.run(["preview", "--stack", "dev"], { STEP: "1" });
    expect(dynamic.stdout).toContain(
      "Resource resource 'odd': property bad value {text} has a problem: is never right",
    );
  });

  test("a replacement that breaks half-way is finished by the next run", async () => {
    project.program(`
      const first = new Thing("first", { key: "k" + step, deleteFirst: true });
      new Thing("second", { key: first.self });
      new Thing("third", { key: "k" + step });
    `);
    await project.ok(up);
    provider.faults.set("first", { on: "create", error: "not now" });
    expect((await project.run(up, { STEP: "1" })).code).toBe(1);
    expect(resourceNamed(await project.export(), "first")).toMatchObject({ pendingReplacement: true });
    provider.faults.clear();
    provider.faults.set("third", { on: "delete", error: "still in use" });
    const stuck = await project.run(up, { STEP: "1" });
    expect(stuck.stdout).toContain("still in use");
    const state = await project.export();
    expect(state.resources?.filter((resource) => resource.delete).map(({ id }) => id)).toEqual(["third-1"]);
    expect(misplacedReferences(state)).toEqual([]);
    provider.faults.clear();
    await project.ok(up, { STEP: "1" });
    expect([...provider.cloud.keys()].sort()).toEqual(["first-2", "second-2", "third-2"]);
  });

  test("protected resources stay, and all of them are named", async () => {
    project.program(
      `new Thing("one", { key: "k" + step }, { protect: true }); new Thing("two", { key: "k" }, { protect: true });`,
    );
    await project.ok(up);
    const destroyed = await project.run(["destroy", "--yes", "--skip-preview", "--stack", "dev"]);
    expect(destroyed.code).not.toBe(0);
    for (const name of ["one", "two"])
      expect(destroyed.stdout).toContain(`resource "urn:pulumi:dev::p::test:index:Thing::${name}" cannot be deleted`);
    const replaced = await project.run(up, { STEP: "1" });
    expect(replaced.stdout).toContain(`unable to replace resource "urn:pulumi:dev::p::test:index:Thing::one"`);
    expect(provider.cloud.size).toBe(2);
  });

  test("a mistake in the program ends in seconds, with its message and its line", async () => {
    fs.copyFileSync(
      new URL("../../preload/plain-errors.cjs", import.meta.url),
      path.join(project.directory, "plain-errors.cjs"),
    );
    project.write(
      "Pulumi.yaml",
      project.read("Pulumi.yaml").replace("false", `false\n    nodeargs: "--require ./plain-errors.cjs"`),
    );
    project.program(`new Thing("one", { key: "k" }); throw new Error("this is the mistake");`);
    const started = Date.now();
    const failed = await project.run(["preview", "--stack", "dev"], { NO_COLOR: undefined, FORCE_COLOR: "1" });
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("this is the mistake");
    expect(failed.stdout).toContain("index.cjs:");
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  test("two at once: the second is told who is at work", async () => {
    project.program(`new Thing("slow", { key: "k" });`);
    let release: () => void = () => undefined;
    provider.faults.set("slow", { on: "create", until: new Promise<void>((resolve) => (release = resolve)) });
    const child = project.start(up);
    await until(() => provider.callsOf("create", "slow").length > 0, "the first run");
    const stack = await project.automation();
    await expect(stack.up()).rejects.toMatchObject({ name: "ConcurrentUpdateError" });
    release();
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    expect(normalized(await project.ok(["stack", "ls"]))).toContain("dev");
  });
});
