import { cp, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rateLimitFamilies } from "@databricks-dr/replication";
import { makeProjectFolder, type ProjectFolder } from "../quick-start/project-folder.js";
import { EstateBuilder } from "../sandbox/estates/estate-builder.js";
import { generateEstate, generateStandby } from "../sandbox/estates/generate.js";
import { type Sandbox, startSandbox } from "../sandbox/sandbox.js";
import { slotNames } from "../sandbox/workspace-slots.js";
import { type Answered, answeredBy } from "./answered.js";
import { boundSeconds, leastCalls } from "./least-calls.js";
import { type Effort, measured } from "./pulumi-command.js";

/** Any number does; the same one makes the estates of two benches the same. */
const seed = 1;

/** What the generated estate asks of its standby: the secret with which the mounts are made again. */
const secret = { scope: "bench", key: "account-key" };

/** Data and machines of the standby, as a team would configure them. */
export const replicationSettings = {
  mounts: {
    storageAccounts: { generatedlake: "generatedlakewest" },
    credentials: [
      {
        mounts: "/mnt/*",
        extraConfigs: {
          "fs.azure.account.key.<account>.blob.core.windows.net": `{{secrets/${secret.scope}/${secret.key}}}`,
        },
      },
    ],
  },
};

/** The fastest pace that the configuration allows, in requests a second by API family: the software is what is slow then. */
export const unpaced = { rateLimits: Object.fromEntries(rateLimitFamilies.map((family) => [family, 1_000])) };

/** Both stacks on a sandbox of their own, with an estate on the primary of which nothing is copied yet. */
export class BenchPair {
  readonly #checkpoint: string;
  #bound = 0;
  #somePaths: readonly string[] = [];

  private constructor(
    readonly sandbox: Sandbox,
    private readonly project: ProjectFolder,
    private readonly backend: string,
  ) {
    this.#checkpoint = `${backend}-checkpoint`;
  }

  static async open(): Promise<BenchPair> {
    const sandbox = await startSandbox();
    const backend = fileURLToPath(`${sandbox.description.env.PULUMI_BACKEND_URL}`);
    return new BenchPair(sandbox, await makeProjectFolder(), backend);
  }

  /**
   * Brings both stacks up before there is anything to copy, so that the first copy is not mixed with the making of networks
   * and accounts, loads the estate, and gives what takes all back to that moment.
   */
  async prepare(objects: number): Promise<() => Promise<void>> {
    await this.project.configure("secondary", replicationSettings);
    for (const stack of slotNames) {
      await this.pulumi("stack", "init", stack);
      await this.pulumi("up", "--stack", stack, "--yes", "--skip-preview");
    }
    const estate = generateEstate({ objects, seed });
    this.#somePaths = estate
      .map(({ path, body }) => (path.endsWith("/workspace/import") && typeof body === "object" ? body : {}))
      .filter(({ language }) => language === "PYTHON")
      .slice(0, 5)
      .map(({ path }) => String(path));
    this.#bound = boundSeconds(leastCalls(objects, estate));
    await this.sandbox.loadEstate(estate, "primary");
    await this.sandbox.loadEstate([...generateStandby(), ...secretOfMounts()], "secondary");
    const restoreSandbox = this.sandbox.snapshot();
    await cp(this.backend, this.#checkpoint, { recursive: true });
    return async () => {
      await restoreSandbox();
      await rm(this.backend, { recursive: true });
      await cp(this.#checkpoint, this.backend, { recursive: true });
    };
  }

  /** Seconds that a first copy of the estate takes at least under the documented limits. */
  get boundSeconds(): number {
    return this.#bound;
  }

  /** Edits five notebooks and five jobs of the primary. */
  async editTen(): Promise<void> {
    const { host, token } = this.sandbox.description.primary;
    const call = async (method: string, path: string, body?: object): Promise<unknown> => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${host}${path}`, {
        method,
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      // Ids of jobs are beyond what a number holds.
      return JSON.parse((await response.text()).replace(/"job_id":\s*(\d+)/g, '"job_id":"$1"'));
    };
    const { jobs } = (await call("GET", "/api/2.2/jobs/list?limit=5")) as { jobs: { job_id: string }[] };
    for (const { job_id } of jobs)
      await fetch(`${host}/api/2.2/jobs/update`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: `{"job_id":${job_id},"new_settings":{"timeout_seconds":${Math.ceil(Math.random() * 10_000)}}}`,
      });
    const content = Buffer.from(`# Databricks notebook source\n# ${Math.random()}\n`).toString("base64");
    for (const path of this.#somePaths)
      await call("POST", "/api/2.0/workspace/import", {
        path,
        format: "SOURCE",
        language: "PYTHON",
        overwrite: true,
        content,
      });
  }

  /** Whether the copy paces itself, as by default, or sends as fast as it is answered. */
  async pace(itself: boolean): Promise<void> {
    // An earlier pace stays in the file unless it is written over.
    await this.project.configure("secondary", itself ? { rateLimits: {} } : unpaced);
  }

  /** Sets the latency of every answer, in ms, and whether the documented limits hold. */
  under(condition: { readonly latencyMs: number; readonly rateLimits: boolean }): void {
    for (const name of slotNames) {
      Object.assign(this.sandbox.slots.at(name).settings, condition);
      this.sandbox.slots.apply(name);
    }
    this.sandbox.arm.traffic.latencyMs = condition.latencyMs;
  }

  /** What both workspaces have answered so far. */
  answered(): Answered[] {
    return slotNames.map((name) => answeredBy(this.sandbox.workspace(name)));
  }

  pulumi(...args: string[]): Promise<Effort> {
    return measured("pulumi", [...args, "--non-interactive"], { cwd: this.project.path, env: this.environment });
  }

  get environment(): Readonly<Record<string, string | undefined>> {
    return { ...process.env, ...this.sandbox.description.env };
  }

  /** The size of the secondary stack's state, in MB. */
  async stateSize(): Promise<number> {
    const { size } = await stat(join(this.backend, ".pulumi", "stacks", "databricks-dr", "secondary.json"));
    return size / 1e6;
  }

  /** Outcomes by kind, as the last `up` of the secondary told them. */
  async outcomes(): Promise<Record<string, Record<string, number>>> {
    const text = await readFile(join(this.project.path, "reports", "secondary-ledger.json"), "utf8");
    return (JSON.parse(text) as { counts: Record<string, Record<string, number>> }).counts;
  }

  async close(): Promise<void> {
    await this.sandbox.stop();
    await this.project.remove();
    await rm(this.#checkpoint, { recursive: true, force: true });
  }
}

function secretOfMounts(): EstateBuilder["calls"] {
  const estate = new EstateBuilder();
  estate.call("POST", "/api/2.0/secrets/scopes/create", { scope: secret.scope });
  estate.call("POST", "/api/2.0/secrets/put", { ...secret, string_value: "ZmFrZQ==" });
  return estate.calls;
}
