import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runPython } from "../../replication/client/command-context.js";
import { Limiter } from "../../replication/client/limiter.js";
import { WorkspaceClient } from "../../replication/client/workspace-client.js";
import type { ReplicationSettings } from "../../replication/index.js";
import { type Pair, startPair, type TestWorkspace } from "../replication/pair.js";

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
  const { post } = pair.secondary;
  await post("/api/2.0/secrets/scopes/create", { scope: "dr" });
  await post("/api/2.0/secrets/put", { scope: "dr", key: "storage", string_value: "planted-key" });
  await python(pair.primary, makeMounts);
});
afterAll(() => pair.close());

const many = 300;

/** One lies below another, two show the same container, and one has quotes, blanks and a dollar in its name. */
const makeMounts = `
key = {"fs.azure.account.key.acme.blob.core.windows.net": "planted-source-key"}
points = [f"/mnt/m{index}" for index in range(${many})] + ["/mnt/below/m0/deep", "/mnt/it's a \\"$name\\""]
for point in points:
    dbutils.fs.mount(source="wasbs://c@acme.blob.core.windows.net/" + str(len(point)), mount_point=point, extra_configs=key)
`;

const python = ({ server, endpoint }: TestWorkspace, code: string): Promise<string> => {
  const credentials = (): Promise<Record<string, string>> =>
    Promise.resolve({ authorization: `Bearer ${server.workspace.options.token}` });
  const client = new WorkspaceClient(server.url, () => Promise.resolve(credentials), new Limiter());
  return runPython(client, endpoint.operationsClusterId, code);
};
const settings: ReplicationSettings = {
  mounts: {
    storageAccounts: { acme: "acmewest" },
    credentials: [
      {
        mounts: "/mnt/**",
        extraConfigs: { "fs.azure.account.key.<account>.blob.core.windows.net": "{{secrets/dr/storage}}" },
      },
    ],
  },
};
const commands = (): number =>
  pair.secondary.server.traffic.log.entries().filter(({ path }) => path === "/api/1.2/commands/execute").length;

describe("hundreds of mounts", { timeout: 90_000 }, () => {
  it("are made, and taken away, by one command each, and survive a lost answer", async () => {
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "after", path: "/api/1.2/commands/execute", skip: 1, times: 1, status: 503 });
    expect((await pair.up("mounts", settings)).state.ledger.counts.failed).toBe(many + 2);
    faults.clear();
    const { state } = await pair.up("mounts", settings);
    expect(state.ledger.counts.failed ?? 0).toBe(0);
    expect(Object.keys(state.idMap)).toHaveLength(many + 2);
    expect((await pair.up("mounts", settings)).changed).toBe(false);
    const before = commands();
    await pair.destroy("mounts");
    expect(commands() - before).toBe(2);
    const left = await python(pair.secondary, "print([m.mountPoint for m in dbutils.fs.mounts()])");
    expect(left).not.toContain("/mnt/");
  });
});
