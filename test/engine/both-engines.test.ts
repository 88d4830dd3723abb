import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realEngine, standIn, type Engine } from "./engines.js";
import { misplacedReferences, normalized, resourcesByUrn } from "./normalized-state.js";
import { optionsProgram, peerProgram } from "./options-program.js";
import { TestProject } from "./test-project.js";
import { TestProvider } from "./test-provider.js";

interface Side {
  engine: Engine;
  provider: TestProvider;
  project: TestProject;
}

interface PreviewStep {
  op: string;
  urn: string;
  [key: string]: unknown;
}

const steps = [0, 1, 2, 3];

async function prepare(engine: Engine): Promise<Side> {
  const provider = await TestProvider.start();
  const project = new TestProject(engine, [provider]);
  provider.cloud.set("existing", {
    type: "test:index:Thing",
    inputs: { key: "imported-key", size: 7 },
    outputs: { key: "imported-key", size: 7, computed: "there before", self: "existing" },
  });
  for (const stack of ["peer", "dev"]) {
    await project.ok(["stack", "init", stack]);
    await project.ok(["config", "set", "password", "--secret", "s3cret", "--stack", stack]);
  }
  project.program(peerProgram);
  await project.ok(["up", "--yes", "--skip-preview", "--stack", "peer"]);
  project.program(optionsProgram);
  return { engine, provider, project };
}

const env = (step: number): NodeJS.ProcessEnv => ({ STEP: String(step) });

/** Steps of a preview by resource: two engines may come to them in another order. */
async function previewOf(
  { project }: Side,
  step: number,
  engine?: Engine,
): Promise<{ steps: unknown; changes: unknown }> {
  const text = await project.ok(["preview", "--json", "--stack", "dev"], env(step), engine);
  const document = JSON.parse(text) as { steps: PreviewStep[]; changeSummary: unknown };
  const order = (item: PreviewStep): string => `${item.urn} ${item.op}`;
  const sortedSteps = document.steps.sort((left, right) => (order(left) < order(right) ? -1 : 1));
  return { steps: normalized(sortedSteps), changes: document.changeSummary };
}

const humanPreview = async ({ project }: Side, args: string[], step: number): Promise<string[]> =>
  (await project.ok(["preview", "--stack", "dev", ...args], env(step)))
    .split("\n")
    .filter((line) => !line.startsWith("@ "))
    .map((line) => String(normalized(line)).trimEnd())
    .sort();

describe.skipIf(!realEngine)("the stand-in against Pulumi's own CLI", () => {
  let mine: Side;
  let theirs: Side;
  beforeAll(async () => {
    if (!realEngine) return;
    [mine, theirs] = await Promise.all([prepare(standIn), prepare(realEngine)]);
  });
  afterAll(() => {
    for (const side of [mine, theirs]) {
      side.provider.stop();
      side.project.remove();
    }
  });

  test.each(steps)("step %i: the same preview, the same calls, the same state", { timeout: 240_000 }, async (step) => {
    const both = <Result>(look: (side: Side) => Promise<Result>): Promise<[Result, Result]> =>
      Promise.all([look(mine), look(theirs)]);
    const [myPreview, theirPreview] = await both((side) => previewOf(side, step));
    expect(myPreview).toEqual(theirPreview);
    const [myDiff, theirDiff] = await both((side) => humanPreview(side, ["--diff"], step));
    expect(myDiff).toEqual(theirDiff);
    for (const { provider } of [mine, theirs]) provider.calls.length = 0;
    await both(({ project }) => project.ok(["up", "--yes", "--skip-preview", "--stack", "dev"], env(step)));
    const [state, theirState] = await both(({ project }) => project.export());
    expect(misplacedReferences(state)).toEqual([]);
    expect(resourcesByUrn(state)).toEqual(resourcesByUrn(theirState));
    const callsOf = ({ provider }: Side): string[] =>
      provider.calls
        .filter(({ method }) => method !== "diff")
        .map((call) => JSON.stringify(normalized(call)))
        .sort();
    expect(callsOf(mine)).toEqual(callsOf(theirs));
  });

  test("each goes on with the other's state, and sees nothing to do", { timeout: 240_000 }, async () => {
    if (!realEngine) return;
    const last = steps.at(-1) ?? 0;
    const theirView = await previewOf(mine, last, realEngine);
    const myView = await previewOf(theirs, last, standIn);
    expect(Object.keys(theirView.changes as object)).toEqual(["same"]);
    expect(myView).toEqual(theirView);
    expect(await theirs.project.export("dev", standIn)).toEqual(await theirs.project.export("dev"));
    await mine.project.ok(
      ["up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev"],
      env(last),
      realEngine,
    );
    await theirs.project.ok(
      ["up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev"],
      env(last),
      standIn,
    );
    await mine.project.ok(["destroy", "--yes", "--skip-preview", "--stack", "dev"], env(last), realEngine);
    await theirs.project.ok(["destroy", "--yes", "--skip-preview", "--stack", "dev"], env(last), standIn);
    expect([...mine.provider.cloud.keys()].sort()).toEqual([...theirs.provider.cloud.keys()].sort());
  });
});
