import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.js";
import { copyProject, type ProjectCopy } from "./project-copy.js";

let sandbox: Sandbox;
let project: ProjectCopy;

beforeAll(async () => {
  sandbox = await startSandbox({ clusterStartMs: 0, clusterStopMs: 0 });
  project = await copyProject(sandbox.description.env);
  for (const stack of ["primary", "secondary"]) await succeed("stack", "init", stack);
}, 60_000);

afterAll(async () => {
  await project.remove();
  await sandbox.stop();
});

async function succeed(...args: string[]): Promise<string> {
  const { code, output } = await project.pulumi(...args);
  expect(code, output).toBe(0);
  return output;
}

async function fail(...args: string[]): Promise<{ output: string; seconds: number }> {
  const { code, output, seconds } = await project.pulumi(...args);
  expect(code, output).not.toBe(0);
  return { output, seconds };
}

const set = (stack: string, key: string, value: string) =>
  succeed("config", "set", `databricks-dr:${key}`, value, "--stack", stack);
const up = (stack: string) => succeed("up", "--yes", "--skip-preview", "--stack", stack);

async function outputsOf(stack: string): Promise<Record<string, Record<string, unknown>>> {
  return JSON.parse(await succeed("stack", "output", "--json", "--stack", stack)) as Record<
    string,
    Record<string, unknown>
  >;
}

describe("both stacks, in the order of a first day", { timeout: 120_000 }, () => {
  it("a mistake in the configuration ends the run in seconds, with its message and no stack trace", async () => {
    await set("primary", "storageSku", "Standard_LRS");
    const { output, seconds } = await fail("preview", "--stack", "primary");
    expect(output).toContain(
      'databricks-dr:storageSku is "Standard_LRS", and only geo-redundant SKUs outlive a region',
    );
    expect(output).not.toMatch(/\n\s+at /);
    expect(seconds).toBeLessThan(20);
    await set("primary", "storageSku", "Standard_RAGRS");
  });

  it("the standby waits for its peer", async () => {
    expect((await fail("preview", "--stack", "secondary")).output).toContain("has no workspace yet");
    await set("secondary", "peer", "nobody");
    expect((await fail("preview", "--stack", "secondary")).output).toContain("pulumi stack init nobody");
    await set("secondary", "peer", "primary");
  });

  it("the first preview warns of the region pair", async () => {
    const output = await succeed("preview", "--stack", "primary");
    expect(output).toContain("kept in Central US, which Azure pairs with East US 2, and never in West US");
  });

  it("the primary comes up, and a second up changes nothing and tells nothing that is no news", async () => {
    expect(await up("primary")).toContain("kept in Central US");
    expect(await succeed("preview", "--expect-no-changes", "--stack", "primary")).not.toContain("kept in Central US");
    const { storage, workspace } = await outputsOf("primary");
    expect(storage).toMatchObject({
      sku: "Standard_RAGRS",
      secondaryEndpoints: { blob: expect.any(String) as unknown },
    });
    expect(workspace).toMatchObject({ stack: "primary", location: "eastus2", auth: { method: "auto" } });
  });

  it("the secondary comes up as its standby, and a second up changes nothing", async () => {
    await up("secondary");
    await succeed("preview", "--expect-no-changes", "--stack", "secondary");
  });

  it("a role that is not the one in force is refused, in a preview as well", async () => {
    await set("primary", "role", "standby");
    const { output } = await fail("preview", "--stack", "primary");
    expect(output).toContain("stack primary is active, and its configuration says standby; nothing is done");
    expect(output).toContain("npx dr role primary standby");
    await set("primary", "role", "active");
  });

  it("a failover of the storage account is warned of and not fought, with or without a refresh", async () => {
    await failOver("primary");
    await succeed("up", "--yes", "--skip-preview", "--stack", "primary").then((output) => {
      expect(output).toContain("is Standard_LRS now, and config says Standard_RAGRS");
    });
    expect(await skuOf("primary")).toBe("Standard_LRS");
    await succeed("refresh", "--yes", "--skip-preview", "--stack", "primary");
    await succeed("preview", "--expect-no-changes", "--stack", "primary");
    await set("primary", "onStorageFailover", "restore");
    await up("primary");
    expect(await skuOf("primary")).toBe("Standard_RAGRS");
  });

  it("both go away again", async () => {
    for (const stack of ["secondary", "primary"]) await succeed("destroy", "--yes", "--skip-preview", "--stack", stack);
  });
});

async function failOver(stack: string): Promise<void> {
  const answer = await arm("POST", await accountPath(stack, "/failover"));
  expect(answer.status).toBe(202);
  await expect.poll(() => skuOf(stack), { timeout: 20_000 }).toBe("Standard_LRS");
}

async function skuOf(stack: string): Promise<string> {
  const answer = await arm("GET", await accountPath(stack));
  return ((await answer.json()) as { sku: { name: string } }).sku.name;
}

async function accountPath(stack: string, action = ""): Promise<string> {
  const { storage } = await outputsOf(stack);
  const { account, resourceGroup } = storage as { account: string; resourceGroup: string };
  const { subscriptionId } = sandbox.description.arm;
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account}${action}?api-version=2024-01-01`;
}

function arm(method: string, path: string): Promise<Response> {
  const { endpoint, token } = sandbox.description.arm;
  return fetch(`${endpoint}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
}
