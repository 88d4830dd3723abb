import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.js";
import { copyProject, type ProjectCopy } from "./project-copy.js";

let sandbox: Sandbox;
let project: ProjectCopy;

beforeAll(async () => {
  sandbox = await startSandbox({ clusterStartMs: 0, clusterStopMs: 0 });
  project = await copyProject(sandbox.description.env);
  await succeed("stack", "init", "primary");
  await up();
}, 120_000);

afterAll(async () => {
  await project.remove();
  await sandbox.stop();
});

async function succeed(...args: string[]): Promise<string> {
  const { code, output } = await project.pulumi(...args, "--stack", "primary");
  expect(code, output).toBe(0);
  return output;
}

const up = () => succeed("up", "--yes", "--skip-preview");

async function clusterId(): Promise<string> {
  const outputs = JSON.parse(await succeed("stack", "output", "--json")) as {
    workspace: { operationsClusterId: string };
    operations: { clusterId: string };
  };
  expect(outputs.operations.clusterId).toBe(outputs.workspace.operationsClusterId);
  return outputs.operations.clusterId;
}

async function call(path: string, body: object): Promise<void> {
  const { host, token } = sandbox.description.primary;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${host}/api/2.0/clusters/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

async function tagsOf(cluster_id: string): Promise<Record<string, string> | undefined> {
  const { host, token } = sandbox.description.primary;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${host}/api/2.0/clusters/get?cluster_id=${cluster_id}`, { headers });
  return answer.ok ? ((await answer.json()) as { custom_tags: Record<string, string> }).custom_tags : undefined;
}

describe("an operations cluster that somebody deleted", { timeout: 300_000 }, () => {
  it("is said to be gone by the next preview, and made again by the next up, without a refresh", async () => {
    const first = await clusterId();
    expect(await tagsOf(first)).toHaveProperty("databricks_dr_operations");
    await call("unpin", { cluster_id: first });
    await call("permanent-delete", { cluster_id: first });
    expect(await succeed("preview")).toMatch(new RegExp(`the operations cluster, ${first}, is not in the workspace`));
    expect(await up()).toContain("it is made again");
    const second = await clusterId();
    expect(second).not.toBe(first);
    expect(await tagsOf(second)).toHaveProperty("databricks_dr_operations");
    expect(await succeed("preview", "--expect-no-changes")).not.toContain("is made again");
    expect(await up()).not.toContain("is made again");
    expect(await clusterId()).toBe(second);
  });

  it("is made again a second time, and seen by a refresh, too", async () => {
    const second = await clusterId();
    await call("unpin", { cluster_id: second });
    await call("permanent-delete", { cluster_id: second });
    await up();
    const third = await clusterId();
    expect(third).not.toBe(second);
    await call("unpin", { cluster_id: third });
    await call("permanent-delete", { cluster_id: third });
    await succeed("up", "--yes", "--skip-preview", "--refresh");
    expect(await tagsOf(await clusterId())).toHaveProperty("databricks_dr_operations");
    await succeed("preview", "--expect-no-changes");
  });

  it("is not made again because the question fails", async () => {
    const before = await clusterId();
    const { faults } = sandbox.workspace("primary").traffic;
    faults.add({
      phase: "before",
      path: "/api/2.0/clusters/get",
      status: 403,
      errorCode: "PERMISSION_DENIED",
      message: "no",
    });
    expect(await succeed("preview", "--expect-no-changes")).not.toContain("is made again");
    faults.clear();
    await up();
    expect(await clusterId()).toBe(before);
  });
});
