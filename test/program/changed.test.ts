import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.js";
import { copyProject, type ProjectCopy } from "./project-copy.js";

let sandbox: Sandbox;
let project: ProjectCopy;

beforeAll(async () => {
  sandbox = await startSandbox({ clusterStartMs: 0, clusterStopMs: 0 });
  project = await copyProject(sandbox.description.env);
  await succeed("stack", "init");
  await succeed("up", "--yes", "--skip-preview");
}, 120_000);

afterAll(async () => {
  await project.remove();
  await sandbox.stop();
});

const run = (...args: string[]) => project.pulumi(...args, "--stack", "primary");

async function succeed(...args: string[]): Promise<string> {
  const { code, output } = await run(...args);
  expect(code, output).toBe(0);
  return output;
}

const set = (key: string, value: string) => succeed("config", "set", `databricks-dr:${key}`, value);
const up = () => succeed("up", "--yes", "--skip-preview");

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly diffReasons?: readonly string[];
}

describe("a tag more", { timeout: 300_000 }, () => {
  it("previews what the up does, and not more", async () => {
    await succeed("config", "set", "--path", "databricks-dr:tags.owner", "platform");
    const text = await succeed("preview");
    expect(text).not.toContain("not known during preview");
    expect(text).not.toMatch(/[-+~] (storage|workspace|operations) *:/);
    const { steps } = JSON.parse(await succeed("preview", "--json")) as { steps: Step[] };
    const changed = steps
      .filter(({ op }) => op !== "same")
      .map(({ op, urn, diffReasons }) => {
        return [urn.split("::")[2]!.split("$").at(-1)!.split(":").at(-1), op, ...(diffReasons ?? [])].join(" ");
      });
    expect(changed.sort()).toEqual([
      "Cluster update customTags",
      ...["NatGateway", "NetworkSecurityGroup", "PublicIPAddress", "ResourceGroup", "StorageAccount"].map(tagged),
      ...["VirtualNetwork", "Workspace"].map(tagged),
    ]);
    expect(await up()).toMatch(/~ ?8 updated/);
    await succeed("preview", "--expect-no-changes");
  });
});

const tagged = (type: string): string => `${type} update tags`;

describe("another namePrefix on a stack that is up", { timeout: 300_000 }, () => {
  it("is refused while the stack is protected, with the way out", async () => {
    await set("protect", "true");
    await up();
    await set("namePrefix", "other");
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const { code, output } = await run(...command);
      expect(code).not.toBe(0);
      expect(output).toContain("everything is in the resource group dbdr-primary-rg");
      expect(output).toContain("pulumi config set databricks-dr:protect false, pulumi up, and then change it");
      expect(output).not.toMatch(/\n\s+at /);
    }
    await set("namePrefix", "dbdr");
    await set("protect", "false");
    await up();
  });

  it("replaces everything where nothing is protected, and the next preview is quiet", async () => {
    await set("namePrefix", "other");
    expect(await succeed("preview")).toMatch(/\+-\s?11 to replace/);
    await up();
    const outputs = JSON.parse(await succeed("stack", "output", "--json")) as { storage: { resourceGroup: string } };
    expect(outputs.storage.resourceGroup).toBe("other-primary-rg");
    await succeed("preview", "--expect-no-changes");
  });
});
