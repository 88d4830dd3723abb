import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runPython } from "../../replication/client/command-context.js";
import { Limiter } from "../../replication/client/limiter.js";
import { WorkspaceClient } from "../../replication/client/workspace-client.js";
import type { ReplicationSettings } from "../../replication/index.js";
import { type Pair, startPair, type TestWorkspace } from "./pair.js";

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
  const { post } = pair.secondary;
  await post("/api/2.0/secrets/scopes/create", { scope: "dr" });
  await post("/api/2.0/secrets/put", { scope: "dr", key: "storage", string_value: "planted-key-Zq8" });
});
afterAll(() => pair.close());
afterEach(() => pair.loseState());

const python = ({ server, endpoint }: TestWorkspace, code: string): Promise<string> => {
  const credentials = (): Promise<Record<string, string>> =>
    Promise.resolve({ authorization: `Bearer ${server.workspace.options.token}` });
  const client = new WorkspaceClient(server.url, () => Promise.resolve(credentials), new Limiter());
  return runPython(client, endpoint.operationsClusterId, code);
};
const oauth = {
  "fs.azure.account.auth.type": "OAuth",
  "fs.azure.account.oauth.provider.type": "org.apache.hadoop.fs.azurebfs.oauth2.ClientCredsTokenProvider",
  "fs.azure.account.oauth2.client.id": "00000000-0000-4000-8000-00000000feed",
  "fs.azure.account.oauth2.client.endpoint": "https://login.microsoftonline.com/tenant/oauth2/token",
};
const credentialsFor = (source: string): Record<string, string> => {
  const host = /[@/]([^@/]+\.windows\.net)/.exec(source)![1]!;
  if (source.startsWith("abfss")) return { ...oauth, "fs.azure.account.oauth2.client.secret": "planted-source-secret" };
  return { [`fs.azure.account.key.${host}`]: "planted-source-key" };
};
const mount = (at: TestWorkspace, source: string, point: string): Promise<string> =>
  python(
    at,
    `dbutils.fs.mount(source=${JSON.stringify(source)}, mount_point=${JSON.stringify(point)}, extra_configs=${JSON.stringify(credentialsFor(source))})`,
  );
const mountsOf = async (at: TestWorkspace): Promise<Map<string, string>> => {
  const output = await python(
    at,
    `import json\nprint(json.dumps([[m.mountPoint, m.source] for m in dbutils.fs.mounts()]))`,
  );
  const line = output.split("\n").find((each) => each.startsWith("[["))!;
  return new Map((JSON.parse(line) as [string, string][]).filter(([point]) => point.startsWith("/mnt/")));
};
const settings: ReplicationSettings = {
  mounts: {
    storageAccounts: { acme: "acmewest", gone: "acmewest" },
    credentials: [
      {
        mounts: "/mnt/lake",
        extraConfigs: { ...oauth, "fs.azure.account.oauth2.client.secret": "{{secrets/dr/storage}}" },
      },
      {
        mounts: "/mnt/*",
        extraConfigs: { "fs.azure.account.key.<account>.blob.core.windows.net": "{{secrets/dr/storage}}" },
      },
    ],
  },
};

describe("mounts", () => {
  it("are read on the source and made on the standby, from its own storage", async () => {
    await mount(pair.primary, "wasbs://raw@acme.blob.core.windows.net", "/mnt/raw");
    await mount(pair.primary, "abfss://lake@acme.dfs.core.windows.net/curated", "/mnt/lake");
    await mount(pair.primary, "wasbs://x@other.blob.core.windows.net/y", "/mnt/other");
    const { lines, state } = await pair.up("mounts", settings);
    expect(await mountsOf(pair.secondary)).toEqual(
      new Map([
        ["/mnt/raw", "wasbs://raw@acmewest.blob.core.windows.net"],
        ["/mnt/lake", "abfss://lake@acmewest.dfs.core.windows.net/curated"],
        ["/mnt/other", "wasbs://x@other.blob.core.windows.net/y"],
      ]),
    );
    expect(lines.get("/mnt/raw")?.outcome).toBe("created");
    expect(lines.get("/mnt/other")?.why).toMatch(/still reads storage account other of the source/);
    expect(lines.get("/databricks-datasets")).toMatchObject({ outcome: "skipped", why: "made by Databricks itself" });
    expect(JSON.stringify(state)).not.toContain("planted");
    expect((await pair.up("mounts", settings)).changed).toBe(false);
  });

  it("that are wrong are made anew, and correct ones left alone", async () => {
    await pair.up("mounts", settings);
    await python(pair.secondary, `dbutils.fs.unmount("/mnt/raw")`);
    await mount(pair.secondary, "wasbs://wrong@acmewest.blob.core.windows.net", "/mnt/raw");
    const kept = await pair.preview("mounts", { ...settings, conflicts: "standby" });
    expect(kept.conflicts["/mnt/raw"]).toContain("the standby's version is kept");
    expect(kept.plan).toBe("nothing to do");
    const { lines, picture } = await pair.up("mounts", settings);
    expect(picture.conflicts["/mnt/raw"]).toMatch(/edited on the standby .*wrong@acmewest/);
    expect(lines.get("/mnt/raw")?.outcome).toBe("updated");
    expect(lines.get("/mnt/lake")?.outcome).toBe("unchanged");
    expect((await mountsOf(pair.secondary)).get("/mnt/raw")).toBe("wasbs://raw@acmewest.blob.core.windows.net");
  });

  it("without credentials, or with a secret that is not there, are named and stop no other", async () => {
    const partly: ReplicationSettings = {
      mounts: {
        storageAccounts: { acme: "acmewest" },
        credentials: [
          {
            mounts: "/mnt/broken",
            extraConfigs: { "fs.azure.account.key.<account>.blob.core.windows.net": "{{secrets/dr/nowhere}}" },
          },
          {
            mounts: "/mnt/fine",
            extraConfigs: { "fs.azure.account.key.<account>.blob.core.windows.net": "{{secrets/dr/storage}}" },
          },
        ],
      },
    };
    for (const point of ["/mnt/broken", "/mnt/fine", "/mnt/bare"])
      await mount(pair.primary, "wasbs://a@acme.blob.core.windows.net", point);
    const { lines } = await pair.up("mounts", partly);
    expect(lines.get("/mnt/bare")).toMatchObject({
      outcome: "needs-a-person",
      why: "no credentials are configured for it (mounts.credentials)",
    });
    expect(lines.get("/mnt/broken")).toMatchObject({
      outcome: "needs-a-person",
      why: 'the standby\'s secret scope "dr" has no "nowhere"',
    });
    expect(lines.get("/mnt/fine")?.outcome).toBe("created");
  });

  it("of others are not taken for copies, and Databricks' own are not shown", async () => {
    await mount(pair.primary, "wasbs://a@acme.blob.core.windows.net", "/mnt/shared");
    await mount(pair.secondary, "wasbs://theirs@acmewest.blob.core.windows.net", "/mnt/shared");
    const { state, picture } = await pair.up("mounts", { mounts: { storageAccounts: { acme: "acmewest" } } });
    expect(picture.needsPerson).toHaveProperty("/mnt/shared");
    expect(Object.keys(state.idMap)).toContain("/mnt/raw");
    for (const map of [state.idMap, picture.changes]) {
      expect(Object.keys(map)).not.toContain("/mnt/shared");
      expect(Object.keys(map)).not.toContain("/databricks-datasets");
    }
    const kept = await pair.preview("mounts", { ...settings, conflicts: "standby" });
    expect(kept.conflicts["/mnt/shared"]).toMatch(/another one that is not ours stands there .* version is kept/);
    const replaced = await pair.up("mounts", settings);
    expect(replaced.lines.get("/mnt/shared")).toMatchObject({
      outcome: "updated",
      why: expect.stringMatching(/another one that is not ours stands there .*theirs@acmewest/) as string,
    });
    for (const side of [pair.primary, pair.secondary]) await python(side, `dbutils.fs.unmount("/mnt/shared")`);
  });

  it("are mounted anew when a secret that they read has been written since, and the preview says so", async () => {
    await pair.up("mounts", settings);
    expect((await pair.up("mounts", settings)).changed).toBe(false);
    pair.clock.advance(60_000);
    await pair.secondary.post("/api/2.0/secrets/put", { scope: "dr", key: "storage", string_value: "planted-new-Zq8" });
    const preview = await pair.preview("mounts", settings);
    expect(preview.changes["/mnt/raw"]).toHaveProperty(
      "secrets_last_written",
      expect.stringMatching(/^now "\d{4}-\d\d-\d\dT/) as string,
    );
    const { lines } = await pair.up("mounts", settings);
    expect(lines.get("/mnt/raw")?.outcome).toBe("updated");
    expect((await pair.up("mounts", settings)).changed).toBe(false);
  });

  it("are taken away by destroy, save those that others made", async () => {
    await mount(pair.secondary, "wasbs://theirs@acmewest.blob.core.windows.net", "/mnt/theirs");
    await pair.up("mounts", settings);
    await pair.destroy("mounts");
    expect([...(await mountsOf(pair.secondary)).keys()]).toEqual(["/mnt/theirs"]);
  });
});
