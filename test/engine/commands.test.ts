import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPulumi } from "../../sandbox/engine/index.js";
import { engines, standIn } from "./engines.js";
import { resourceNamed, TestProject } from "./test-project.js";
import { TestProvider } from "./test-provider.js";

describe.each(engines)("the command line, on $name", { timeout: 240_000 }, (engine) => {
  let provider: TestProvider;
  let project: TestProject;
  beforeAll(async () => {
    provider = await TestProvider.start({ acceptsSecrets: false, handshake: false, detailedDiff: false });
    project = new TestProject(engine, [provider]);
    project.program(`
      const first = new Thing("first", { key: "k", size: step, open: { in: { clear: 1 }, hidden: config.requireSecret("password") } });
      new Thing("second", { key: first.self });
      new Thing("third", { key: "k", size: step });
      if (step > 1) new Thing("unwanted", { key: "k" });
      exports.list = [1, "two"]; exports.hidden = config.requireSecret("password"); exports.word = "plain text"; config.requireSecret("password").apply((password) => console.log("the password is " + password));
    `);
  });
  afterAll(() => {
    provider.stop();
    project.remove();
  });

  test("says what is wrong, in words that scripts know, with exit codes", async () => {
    const outcome = async (...args: string[]): Promise<[number, string]> => {
      const { code, stderr } = await project.run(args);
      return [code, stderr.trim()];
    };
    expect(await outcome("preview", "--stack", "nope")).toEqual([6, "error: no stack named 'nope' found"]);
    await project.ok(["stack", "init", "dev"]);
    expect(await outcome("stack", "init", "dev")).toEqual([1, "error: stack 'organization/p/dev' already exists"]);
    expect(await outcome("up")).toEqual([
      2,
      "error: --yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode",
    ]);
    expect(await outcome("config", "get", "nothing")).toEqual([
      1,
      "error: configuration key 'nothing' not found for stack 'dev'",
    ]);
    expect(await outcome("stack", "output", "nothing")).toEqual([
      1,
      "error: current stack does not have output property 'nothing'",
    ]);
    const [code, message] = await outcome("stack", "frobnicate");
    expect(code).toBe(1);
    if (engine === standIn)
      expect(message).toMatch(
        /^error: the stand-in engine does not implement `pulumi stack frobnicate`; install the Pulumi CLI/,
      );
    await project.ok(["config", "set", "--secret", "password", "hunter2"]);
    const wrong = await project.run(["preview"], { PULUMI_CONFIG_PASSPHRASE: "wrong" });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("incorrect passphrase")]);
    const none = await project.run(["preview"], { PULUMI_CONFIG_PASSPHRASE: undefined });
    expect(none.stderr).toContain(
      "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    );
    const elsewhere = await project.run(["stack", "ls"], { PULUMI_BACKEND_URL: `${project.stateUrl}/not/there` });
    expect(elsewhere.stderr).toContain("error: unable to open state directory");
  });

  test("is logged in to a backend, and works on the selected stack from any folder", async () => {
    const there = new TestProject(engine);
    there.program("exports.word = step;");
    const env = { ...there.env(), PULUMI_BACKEND_URL: undefined, STEP: "3" };
    const said = async (...args: string[]): Promise<string> =>
      (await project.ok(["--cwd", there.directory, ...args], env)).trim();
    try {
      expect(await said("login", there.stateUrl)).toContain(`(${there.stateUrl})`);
      for (const stack of ["one", "two"]) await said("stack", "init", stack);
      await said("stack", "select", "one");
      expect(await said("stack", "ls")).toMatch(/^one\*.*\n^two /m);
      await said("up", "--yes", "--skip-preview", "--parallel", "2", "--refresh");
      expect(await said("stack", "output", "word")).toBe("3");
      expect(await said("stack", "output", "word", "--stack", "one")).toBe("3");
      expect(JSON.parse(await said("stack", "history", "--json"))).toMatchObject([
        { kind: "update", result: "succeeded" },
      ]);
    } finally {
      there.remove();
    }
  });

  test("keeps comments and everything else in a configuration file that it changes", async () => {
    const before = `# What this stack is for.\n${project.read("Pulumi.dev.yaml")}  p:kept: as it is # and why\n`;
    project.write("Pulumi.dev.yaml", before);
    await project.ok(["config", "set", "count", "0042"]);
    await project.ok(["config", "set", "--path", "tree.leaves[0].name", "oak"]);
    await project.ok(["config", "set", "--path", "tree.alive", "true"]);
    await project.ok(["config", "set", "--path", "tree.key", "--secret", "under the mat"]);
    await project.ok(["config", "set-all", "--plaintext", "a=1", "--secret", "b=two=2", "--plaintext", "c:d="]);
    const after = project.read("Pulumi.dev.yaml");
    expect(after).toContain("# What this stack is for.");
    expect(after).toContain("p:kept: as it is # and why");
    expect(after).not.toContain("under the mat");
    const shown = JSON.parse(await project.ok(["config", "--json", "--show-secrets"])) as Record<string, unknown>;
    expect(shown).toMatchObject({
      "p:count": { value: "0042", secret: false },
      "p:tree": { objectValue: { alive: true, key: "under the mat", leaves: [{ name: "oak" }] }, secret: true },
      "p:b": { value: "two=2", secret: true },
      "c:d": { value: "", secret: false },
    });
    expect(await project.ok(["config", "get", "--path", "tree.leaves[0].name"])).toBe("oak\n");
    expect(await project.ok(["config"])).not.toContain("two=2");
    await project.ok(["config", "rm", "--path", "tree"]);
    await project.ok(["config", "rm", "a"]);
    expect(project.read("Pulumi.dev.yaml")).not.toContain("oak");
  });

  test("hides secrets from a provider's clear answers, the state, the events and the screen", async () => {
    const log = path.join(project.directory, "events.json");
    const output = await project.ok(["up", "--yes", "--event-log", log], { PULUMI_DEBUG_COMMANDS: "true" });
    expect(output).toContain("the password is [secret]");
    const events = fs.readFileSync(log, "utf8");
    const state = fs.readFileSync(project.stateFile("dev"), "utf8");
    for (const text of [
      output,
      events,
      state,
      await project.ok(["stack"]),
      await project.ok(["preview", "--diff"], { STEP: "1" }),
    ])
      expect(text.includes("hunter2")).toBe(false);
    expect(provider.callsOf("create", "first").find(({ preview }) => !preview)?.inputs).toMatchObject({
      open: { hidden: "hunter2" },
    });
    const { outputs } = resourceNamed(await project.export(), "first");
    expect(outputs).toMatchObject({ open: { in: { clear: 1 }, hidden: { plaintext: '"hunter2"' } } });
    expect(JSON.parse(await project.ok(["stack", "output", "--json", "--show-secrets"]))).toMatchObject({
      hidden: "hunter2",
    });
    expect(JSON.parse(await project.ok(["stack", "output", "--json"]))).toEqual({
      hidden: "[secret]",
      list: [1, "two"],
      word: "plain text",
    });
    expect(await project.ok(["stack", "output", "word"])).toBe("plain text\n");
  });

  test("touches targets only", async () => {
    const urn = (name: string): string => `urn:pulumi:dev::p::test:index:Thing::${name}`;
    provider.calls.length = 0;
    const output = await project.ok(["up", "--yes", "--skip-preview", "--target", urn("third")], { STEP: "2" });
    expect(output).toContain("~ 1 updated");
    expect(provider.callsOf("update").map((call) => call.urn)).toEqual([urn("third")]);
    expect(provider.callsOf("create")).toEqual([]);
    const missing = await project.run(["preview", "--target", urn("nobody")]);
    expect(missing.stdout).toContain(`Target '${urn("nobody")}' could not be found in the stack.`);
    const tooMuch = await project.run(["destroy", "--yes", "--skip-preview", "--target", urn("first")]);
    expect(tooMuch.stdout).toContain(
      `Resource '${urn("second")}' will be destroyed but was not specified in --target list.`,
    );
    await project.ok(["destroy", "--yes", "--skip-preview", "--target", "**::first", "--target-dependents"]);
    expect([...provider.cloud.keys()]).toEqual(["third-1"]);
    await project.ok(["up", "--yes", "--skip-preview", "--replace", urn("third")], { STEP: "2" });
    expect([...provider.cloud.keys()].sort()).toEqual(["first-2", "second-2", "third-2", "unwanted-1"]);
  });

  test("removes a stack only when nothing is left in it", async () => {
    const refused = await project.run(["stack", "rm", "dev", "--yes"]);
    expect(refused.stderr).toContain("'dev' still has resources; removal rejected.");
    const destroyed = await project.ok(["destroy", "--yes", "--skip-preview"]);
    expect(destroyed).toContain("run `pulumi stack rm dev`");
    await project.ok(["stack", "rm", "dev", "--yes"]);
    expect(fs.existsSync(path.join(project.directory, "Pulumi.dev.yaml"))).toBe(false);
  });
});

test.each(engines)("long texts are cut unless asked for whole, on $name", { timeout: 120_000 }, async (engine) => {
  const project = new TestProject(engine);
  try {
    project.program(`exports.größe = "é".repeat(80); exports.lines = ["a", "b", "c", "d"].join("\\n");`);
    await project.ok(["stack", "init", "dev"]);
    const cut = await project.ok(["preview"]);
    expect(cut).toContain(`    größe  : "${"é".repeat(75)}..."\n`);
    expect(cut).toContain(`    lines  : "a\\nb\\nc\\n..."\n`);
    const whole = await project.ok(["preview", "--show-full-output"]);
    expect(whole).toContain(`    größe  : "${"é".repeat(80)}"\n`);
    expect(whole).toContain(`    lines  : "a\\nb\\nc\\nd"\n`);
  } finally {
    project.remove();
  }
});

test("the stand-in is not mistaken for Pulumi's own CLI", () => {
  expect(findPulumi({ PATH: standIn.directory })).toBeUndefined();
  expect(findPulumi({ PATH: "" })).toBeUndefined();
});

test("a provider's own message stands on its resource's line", async () => {
  const provider = await TestProvider.start();
  const project = new TestProject(standIn, [provider]);
  try {
    project.program(`new Thing("talker", { key: "k" });`);
    await project.ok(["stack", "init", "dev"]);
    const urn = "urn:pulumi:dev::p::test:index:Thing::talker";
    const said = { resolve: (): void => undefined };
    provider.faults.set("talker", { on: "create", until: new Promise<void>((resolve) => (said.resolve = resolve)) });
    const output = project.ok(["up", "--yes", "--skip-preview"]);
    while (provider.callsOf("create").length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await provider.log(urn, "3 of 7 clusters", true);
    await provider.log(urn, "one was left out", false);
    said.resolve();
    const text = await output;
    expect(text).toMatch(/\+ {2}test:index:Thing talker creating \(\ds\) 3 of 7 clusters/);
    expect(text).toMatch(/test:index:Thing \(talker\):\n {4}one was left out/);
    expect(text.match(/3 of 7/g)).toHaveLength(1);
  } finally {
    provider.stop();
    project.remove();
  }
});
