import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { azureCredentials } from "../../replication/client/azure-ad.js";
import { signIn } from "../../replication/client/credentials.js";

const host = "https://adb-1.2.azuredatabricks.net";
const headersOf = async (to: Parameters<typeof signIn>[0]): Promise<Record<string, string>> => (await signIn(to))();

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sign-in-"));
  vi.stubEnv("DATABRICKS_CONFIG_FILE", join(folder, "databrickscfg"));
  await writeFile(
    join(folder, "databrickscfg"),
    `[west]\nhost = ${host}/\ntoken = fake-profile\n\n[bare]\nhost = ${host}\n\n[with.dots]\nhost = ${host}\ntoken = fake-dots\n\n[other]\nhost = https://adb-9.9.azuredatabricks.net\ntoken = fake-other\n`,
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe("signing in", () => {
  it("takes the profile named, and only for its own host", async () => {
    expect(await headersOf({ host, method: "profile", profile: "west" })).toEqual({
      authorization: "Bearer fake-profile",
    });
    expect(await headersOf({ host, method: "profile", profile: "with.dots" })).toEqual({
      authorization: "Bearer fake-dots",
    });
    await expect(signIn({ host, method: "profile", profile: "east" })).rejects.toThrow(/has no profile \[east\]/);
    await expect(signIn({ host, method: "profile", profile: "bare" })).rejects.toThrow(
      /profile \[bare\] of .* has no token/,
    );
    await expect(signIn({ host, method: "profile", profile: "other" })).rejects.toThrow(/is for https:\/\/adb-9\.9/);
  });

  it("finds by itself the profile of the host, then the environment", async () => {
    expect(await headersOf({ host, method: "auto" })).toEqual({ authorization: "Bearer fake-profile" });
    const elsewhere = "https://adb-3.4.azuredatabricks.net";
    vi.stubEnv("DATABRICKS_HOST", elsewhere);
    vi.stubEnv("DATABRICKS_TOKEN", "fake-environment");
    expect(await headersOf({ host: elsewhere, method: "auto" })).toEqual({ authorization: "Bearer fake-environment" });
    await expect(signIn({ host, method: "environment" })).rejects.toThrow(/set DATABRICKS_TOKEN/);
  });

  it("asks Azure AD once for both tokens, so that a principal that is no member gets in", async () => {
    const asked: string[] = [];
    const credential = {
      getToken: (scope: string | string[]) => {
        asked.push(String(scope));
        return Promise.resolve({ token: `fake-${asked.length}`, expiresOnTimestamp: Date.now() + 3_600_000 });
      },
    };
    const resourceId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";
    const credentials = await azureCredentials({ host, method: "azure", resourceId }, credential);
    for (const headers of [await credentials(), ...(await Promise.all([credentials(), credentials()]))])
      expect(headers).toEqual({
        authorization: "Bearer fake-1",
        "x-databricks-azure-sp-management-token": "fake-2",
        "x-databricks-azure-workspace-resource-id": resourceId,
      });
    expect(asked).toEqual([
      "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default",
      "https://management.core.windows.net//.default",
    ]);
  });

  it("exchanges an OAuth secret for a token once an hour", async () => {
    let requests = 0;
    const server: Server = createServer((request, response) => {
      requests += 1;
      const known = request.headers.authorization === `Basic ${Buffer.from("client:fake-secret").toString("base64")}`;
      response.writeHead(known ? 200 : 401, { "content-type": "application/json" });
      response.end(
        JSON.stringify(known ? { access_token: "fake-oauth", expires_in: 3600 } : { message: "unknown client" }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    vi.stubEnv("DATABRICKS_CLIENT_ID", "client");
    vi.stubEnv("DATABRICKS_CLIENT_SECRET", "fake-secret");
    const credentials = await signIn({ host: local, method: "environment" });
    expect([await credentials(), await credentials()]).toEqual(Array(2).fill({ authorization: "Bearer fake-oauth" }));
    expect(requests).toBe(1);
    vi.stubEnv("DATABRICKS_CLIENT_SECRET", "another");
    await expect(headersOf({ host: local, method: "environment" })).rejects.toThrow(
      /cannot sign in to .* as client: unknown client/,
    );
    server.close();
  });
});
