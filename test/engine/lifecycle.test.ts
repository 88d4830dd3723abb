import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { engines } from "./engines.js";
import { resourceNamed, TestProject } from "./test-project.js";
import { TestProvider } from "./test-provider.js";

const program = `
const box = new Box("box");
const first = new Thing("first", { key: "one", tags: { a: "1", list: [1, 2, 3], password: config.requireSecret("password") }, comment: config.get("comment") });
const second = new Thing("second", { key: "two", from: first.computed, ...(step > 0 ? { added: { deep: [true] } } : { gone: 1 }) }, { parent: box });
const dynamic = new Dynamic("dynamic", { value: { on: second.self, step } });
box.registerOutputs({ second: second.self });
exports.self = first.self;
exports.password = config.requireSecret("password");
exports.made = dynamic.made;
exports.nested = { list: [1, { two: 2 }], secret: first.token };
`;

describe.each(engines)("the life of a stack, on $name, through the Automation API", (engine) => {
  let provider: TestProvider;
  let project: TestProject;
  beforeAll(async () => {
    provider = await TestProvider.start();
    project = new TestProject(engine, [provider]);
    project.program(program);
  });
  afterAll(() => {
    provider.stop();
    project.remove();
  });

  test("previews, creates, changes, refreshes, destroys, and tells of it", async () => {
    const stack = await project.automation();
    await stack.setConfig("password", { value: "hunter2 ✓", secret: true });
    await stack.setAllConfig({ comment: { value: "--dashes first" }, "other:key": { value: "" } });
    await stack.setConfig("deep.list[0]", { value: "7" }, true);
    expect(await stack.getConfig("password")).toEqual({ value: "hunter2 ✓", secret: true });
    expect((await stack.getAllConfig())["p:comment"]).toMatchObject({ value: "--dashes first", secret: false });
    expect(project.read("Pulumi.dev.yaml")).not.toContain("hunter2");

    const preview = await stack.preview();
    expect(preview.changeSummary).toEqual({ create: 5 });
    expect(provider.cloud.size).toBe(0);

    const events: EngineEvent[] = [];
    const up = await stack.up({ message: "first", onEvent: (event) => events.push(event) });
    expect(up.outputs.self).toEqual({ value: "first-1", secret: false });
    expect(up.outputs.password).toEqual({ value: "hunter2 ✓", secret: true });
    expect(up.outputs.made?.value).toBe(true);
    expect(up.outputs.nested).toEqual({ value: { list: [1, { two: 2 }], secret: "token-first" }, secret: false });
    expect(up.summary).toMatchObject({
      kind: "update",
      message: "first",
      result: "succeeded",
      resourceChanges: { create: 5 },
    });
    expect(up.summary.config["p:password"]).toMatchObject({ value: "hunter2 ✓", secret: true });
    expect(up.stdout).not.toContain("hunter2");
    expect(events[0]).toMatchObject({ preludeEvent: { config: { "p:password": "[secret]" } } });
    expect(events.at(-1)).toHaveProperty("cancelEvent");
    expect(JSON.stringify(events)).not.toContain("hunter2");
    const created = events
      .filter((event) => event.resOutputsEvent?.metadata.op === "create")
      .map((event) => event.resOutputsEvent?.metadata.urn);
    expect(created).toContain("urn:pulumi:dev::p::test:index:Box$test:index:Thing::second");
    expect(events.find((event) => event.summaryEvent)?.summaryEvent?.resourceChanges).toEqual({ create: 5 });

    const again = await stack.up({ expectNoChanges: true });
    expect(again.summary.resourceChanges).toEqual({ same: 5 });
    const changed = await project.automation("dev", { STEP: "1" });
    await expect(changed.preview({ expectNoChanges: true })).rejects.toThrow("no changes were expected");
  });

  test("changes in place, and keeps what is not in order until it is", async () => {
    const stack = await project.automation("dev", { STEP: "1" });
    provider.faults.set("second", { on: "update", initErrors: ["not ready"] });
    await expect(stack.up()).rejects.toThrow("not ready");
    const broken = resourceNamed(await project.export(), "second");
    expect(broken.initErrors).toEqual(["not ready"]);
    expect(broken.inputs).toHaveProperty("gone");
    provider.faults.clear();
    const up = await stack.up();
    expect(up.summary.resourceChanges).toMatchObject({ update: 2, same: 3 });
    expect(resourceNamed(await project.export(), "second")).not.toHaveProperty("initErrors");
    expect((await stack.history()).map(({ result }) => result)).toEqual([
      "succeeded",
      "failed",
      "succeeded",
      "succeeded",
    ]);
  });

  test("takes in what was changed by hand, and puts it right", async () => {
    const stack = await project.automation("dev", { STEP: "1" });
    const object = provider.cloud.get("first-1");
    if (object) object.inputs = object.outputs = { ...object.outputs, key: "one", size: 99 };
    const refresh = await stack.refresh();
    expect(refresh.summary.resourceChanges).toMatchObject({ update: 1 });
    expect(resourceNamed(await project.export(), "first").outputs?.size).toBe(99);
    expect((await stack.up()).summary.resourceChanges).toMatchObject({ update: 1 });
    expect(resourceNamed(await project.export(), "first").outputs?.size).toBe(1);
    provider.cloud.delete("first-1");
    expect((await stack.refresh()).summary.resourceChanges).toMatchObject({ delete: 1 });
    expect((await stack.up()).summary.resourceChanges).toMatchObject({ create: 1 });
  });

  test("moves a state out and in again, and ends it", async () => {
    const stack = await project.automation("dev", { STEP: "1" });
    const exported = await stack.exportStack();
    await stack.importStack(exported);
    expect((await stack.preview()).changeSummary).toEqual({ same: 5 });
    const destroyed = await stack.destroy();
    expect(destroyed.summary.resourceChanges).toEqual({ delete: 5 });
    expect(provider.cloud.size).toBe(0);
    await stack.workspace.removeStack("dev");
    expect((await stack.workspace.listStacks()).map(({ name }) => name)).not.toContain("dev");
  });
});
