import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { appendFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as replication from "../../replication/index.js";
import { startNewRun } from "../../replication/replica/current-run.js";
import { type Pair, startPair } from "../replication/pair.js";
import { createCluster, createJob, nightly } from "./objects.js";
import { clustersOf, jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

/** When what a gateway gave up on reaches the workspace: some time later, or together with the next try. */
type Late = { readonly afterMs: number } | "with the next";

/** Copies one kind through a gateway that answers 504 to the first create, and passes it on late. */
async function copyLate(kind: "clusters" | "jobs", late: Late): Promise<replication.ReplicaState> {
  const { endpoint, server } = pair.secondary;
  let held: (() => Promise<void>) | undefined;
  let struck = false;
  const gateway = createServer((incoming, answer) => void handle(incoming, answer));
  const handle = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await incoming.toArray());
    if (!incoming.url!.endsWith(`/${kind}/create`)) return pass(endpoint.host, incoming, body, answer);
    if (struck) {
      await held?.();
      return pass(endpoint.host, incoming, body, answer);
    }
    struck = true;
    if (late === "with the next") held = () => pass(endpoint.host, incoming, body);
    else void sleep(late.afterMs).then(() => pass(endpoint.host, incoming, body));
    answer.writeHead(504, { "content-type": "application/json" });
    answer.end(JSON.stringify({ error_code: "TEMPORARILY_UNAVAILABLE", message: "the gateway gave up" }));
  };
  await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
  const host = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const profile = `\n[gateway]\nhost = ${host}\ntoken = ${server.workspace.options.token}\n`;
  await appendFile(process.env.DATABRICKS_CONFIG_FILE!, profile);
  startNewRun();
  const args = {
    kind,
    role: "standby",
    local: { ...endpoint, host },
    peer: pair.primary.endpoint,
    settings: {},
    signingKey: pair.secondary.keys.privateKey,
  } as const;
  try {
    let lines: readonly replication.LedgerLine[] = [];
    const state = await replication.apply(args, await replication.preview(args, {}), undefined, undefined, (told) => {
      lines = told;
    });
    return { ...state, ledger: { ...state.ledger, lines } };
  } finally {
    gateway.close();
  }
}

function pass(
  to: string,
  { url, method, headers }: IncomingMessage,
  body: Buffer,
  answer?: ServerResponse,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const passed = request(new URL(url!, to), { method, headers }, (response) => {
      response.on("end", resolve);
      if (answer) response.pipe(answer.writeHead(response.statusCode!, response.headers));
      else response.resume();
    });
    passed.on("error", reject);
    passed.end(body);
  });
}

const copiesOf = async (kind: "clusters" | "jobs") =>
  kind === "jobs"
    ? (await jobsOf(pair.secondary)).map((job) => ({
        name: settingsOf(job).name,
        running: "schedule" in settingsOf(job),
      }))
    : (await clustersOf(pair.secondary))
        .filter(({ cluster_name }) => cluster_name !== "operations")
        .map(({ cluster_name, state }) => ({ name: cluster_name, running: !String(state).startsWith("TERMINAT") }));

describe.each(["clusters", "jobs"] as const)("%s whose creation was given up by a gateway", (kind) => {
  beforeEach(async () => {
    if (kind === "jobs") await createJob(pair.primary, { name: "etl", ...nightly });
    else await createCluster(pair.primary, { cluster_name: "etl" });
  });

  it("and comes through a little later are made once", async () => {
    const { ledger } = await copyLate(kind, { afterMs: 300 });
    expect(ledger.lines.filter(({ name }) => name === "etl").map(({ outcome }) => outcome)).toEqual(["created"]);
    expect(await copiesOf(kind)).toEqual([{ name: "etl", running: false }]);
  });

  it("and comes through with the next try are told, and the second one does not run", async () => {
    const { ledger } = await copyLate(kind, "with the next");
    const lines = ledger.lines.filter(({ name }) => name === "etl");
    expect(lines.map(({ outcome }) => outcome).sort()).toEqual(["created", "needs-a-person"]);
    expect(lines.find(({ outcome }) => outcome !== "created")?.why).toContain("made twice");
    expect(await copiesOf(kind)).toEqual(Array(2).fill({ name: "etl", running: false }));
    expect((await pair.up(kind)).lines.size).toBeGreaterThan(0);
    expect(await copiesOf(kind)).toHaveLength(2);
  });
});

describe("a standby that", () => {
  it("cannot be listed after the writes keeps what is known of them", async () => {
    for (const name of ["one", "two"]) await createJob(pair.primary, { name });
    const { faults } = pair.secondary.server.traffic;
    faults.add({ phase: "before", path: "/api/2.2/jobs/list", skip: 1, status: 400, message: "not now" });
    const { state } = await pair.up("jobs");
    expect(Object.keys(state.idMap)).toHaveLength(2);
    expect(state.ledger.counts).toEqual({ failed: 2 });
    expect(state.ledger.lines[0]?.why).toMatch(/was written, but the standby cannot be listed \(.*not now/);
    faults.clear();
    expect((await pair.up("jobs")).state.ledger.counts).not.toHaveProperty("failed");
    expect(await jobsOf(pair.secondary)).toHaveLength(2);
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("loses the answer to a reading of its mounts is asked again", async () => {
    pair.primary.server.traffic.faults.add({
      phase: "before",
      path: "/api/1.2/commands/execute",
      times: 1,
      status: 503,
    });
    expect((await pair.preview("mounts")).plan).toBe("nothing to do");
  });
});
