import { spawn } from "node:child_process";
import { cp, lstat, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeProjectFolder, type ProjectFolder } from "../../quick-start/project-folder.js";
import type { LedgerLine } from "../../replication/index.js";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.js";
import type { SlotName } from "../../sandbox/workspace-slots.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a run of a command left. */
export interface Finished {
  /** null when it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  /** stdout and stderr, for messages. */
  readonly output: string;
}

/** A run of a command that can be killed as a whole. */
export interface Running {
  readonly finished: Promise<Finished>;
  /** stdout and stderr so far. */
  output(): string;
  /** Ends the process and everything that it started, at once and without a word: what a lost machine does. */
  kill(): void;
}

/** One step of `preview --json`. */
export interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: { readonly inputs?: ReplicaInputs };
  readonly newState?: { readonly inputs?: ReplicaInputs };
}

/** What `check` puts into the inputs of a kind's resource. */
export interface ReplicaInputs {
  readonly plan?: string;
  readonly conflicts?: Readonly<Record<string, string>>;
  readonly digest?: string;
}

/** The sandbox, a copy of the project, and `pulumi` as a process: the real one where it is on PATH. */
export class Stage {
  private constructor(
    readonly sandbox: Sandbox,
    readonly project: ProjectFolder,
    /** Temporary directory of every run. */
    readonly temporary: string,
  ) {}

  static async open(): Promise<Stage> {
    const sandbox = await startSandbox({ clusterStartMs: 20, clusterStopMs: 10, provisioned: true });
    return new Stage(sandbox, await makeProjectFolder(), await mkdtemp(join(tmpdir(), "acceptance-")));
  }

  async close(): Promise<void> {
    await this.sandbox.stop();
    await this.project.remove();
    await rm(this.temporary, { recursive: true, force: true });
  }

  /**
   * Keeps what stands: both clouds, the stacks' states, their configuration and reports. Call the result to have it back; what
   * has been changed by switches of the sandbox stays so.
   */
  async keep(): Promise<() => Promise<void>> {
    const restoreSandbox = this.sandbox.snapshot();
    const kept = await mkdtemp(join(this.temporary, "kept-"));
    const folders = [
      [this.#backend, join(kept, "backend")],
      [this.project.path, join(kept, "project")],
    ] as const;
    // Symbolic links in the project's folder are the checkout's own.
    const filter = async (path: string): Promise<boolean> => !(await lstat(path)).isSymbolicLink();
    for (const [from, to] of folders) await cp(from, to, { recursive: true, filter });
    return async () => {
      await restoreSandbox();
      await rm(this.#backend, { recursive: true });
      for (const [from, to] of folders) await cp(to, from, { recursive: true });
    };
  }

  get #backend(): string {
    return fileURLToPath(this.sandbox.description.env.PULUMI_BACKEND_URL!);
  }

  start(...args: string[]): Running {
    return this.#spawn("pulumi", [...args, "--non-interactive"]);
  }

  /** Starts `dr`, with nobody there to answer. */
  startDr(...args: string[]): Running {
    return this.#spawn(process.execPath, [join(root, "bin/dr.mjs"), ...args, "--yes"]);
  }

  #spawn(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(program, args, {
      cwd: this.project.path,
      env: { ...process.env, ...this.sandbox.description.env, TMPDIR: this.temporary, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let [stdout, output] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => ((stdout += text), (output += text)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    const finished = new Promise<Finished>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, output }));
    });
    return { finished, output: () => output, kill: () => void process.kill(-child.pid!, "SIGKILL") };
  }

  pulumi(...args: string[]): Promise<Finished> {
    return this.start(...args).finished;
  }

  /** Gives a stack another role, as the runbook has it. */
  async changeRole(stack: SlotName, role: string): Promise<Finished> {
    await this.project.configure(stack, { role });
    const args = ["up", "--stack", stack, "--yes", "--skip-preview", "--non-interactive"];
    const finished = await this.#spawn("pulumi", args, { DR_CHANGE_ROLE: role }).finished;
    if (finished.code !== 0) throw new Error(`${stack} did not become ${role}\n${finished.output}`);
    return finished;
  }

  /** Runs `pulumi` and gives its output. @throws Error with the output if it fails. */
  async succeed(...args: string[]): Promise<Finished> {
    const finished = await this.pulumi(...args);
    if (finished.code !== 0)
      throw new Error(`pulumi ${args.join(" ")} ended with ${finished.code}\n${finished.output}`);
    return finished;
  }

  up(stack: SlotName, ...more: string[]): Promise<Finished> {
    return this.succeed("up", "--stack", stack, "--yes", "--skip-preview", ...more);
  }

  async previewSteps(stack: SlotName): Promise<ReadonlyMap<string, PreviewStep>> {
    const { stdout } = await this.succeed("preview", "--stack", stack, "--json");
    const { steps } = JSON.parse(stdout) as { steps: PreviewStep[] };
    return new Map(steps.map((step) => [step.urn.split("::").at(-1)!, step]));
  }

  /** The state with its secrets in clear. */
  async stateOf(stack: SlotName): Promise<readonly StateResource[]> {
    const { stdout } = await this.succeed("stack", "export", "--stack", stack, "--show-secrets");
    return (JSON.parse(stdout) as { deployment: { resources: StateResource[] } }).deployment.resources;
  }

  async ledgerOf(stack: SlotName): Promise<{ counts: Record<string, Record<string, number>>; lines: LedgerLine[] }> {
    const text = await readFile(join(this.project.path, "reports", `${stack}-ledger.json`), "utf8");
    return JSON.parse(text) as { counts: Record<string, Record<string, number>>; lines: LedgerLine[] };
  }

  at(slot: SlotName): Rest {
    return new Rest(this.sandbox.description[slot]);
  }

  forgetRequests(): void {
    for (const slot of ["primary", "secondary"] as const) this.sandbox.workspace(slot).traffic.reset();
  }

  /** What was written in one workspace since the requests were forgotten: to read mounts a command has to run on a cluster. */
  writesAt(slot: SlotName): string[] {
    return this.sandbox
      .workspace(slot)
      .traffic.log.entries()
      .filter(({ method }) => method !== "GET" && method !== "HEAD")
      .map(({ method, path }) => `${method} ${path}`)
      .filter((call) => !/^POST \/api\/(1\.2\/|2\.\d\/clusters\/start$)/.test(call));
  }

  /** Every file that a run may have left: state, backups, history, reports, configuration, temporary files. */
  async filesLeft(): Promise<ReadonlyMap<string, string>> {
    const files = new Map<string, string>();
    for (const folder of [this.#backend, this.project.path, this.temporary, this.sandbox.description.env.PULUMI_HOME!])
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) {
          const path = join(entry.parentPath, entry.name);
          files.set(path, await readFile(path, "latin1"));
        }
    return files;
  }
}

export interface StateResource {
  readonly urn: string;
  readonly inputs?: ReplicaInputs;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** A workspace over plain REST, with none of the replication's code. 64-bit ids stay text. */
export class Rest {
  constructor(private readonly address: { readonly host: string; readonly token: string }) {}

  get(path: string): Promise<Fields> {
    return this.#call("GET", path);
  }

  post(path: string, body: Fields): Promise<Fields> {
    return this.#call("POST", path, body);
  }

  patch(path: string, body: Fields): Promise<Fields> {
    return this.#call("PATCH", path, body);
  }

  /** Clusters but the operations one, by name. */
  async clusters(): Promise<ReadonlyMap<string, Fields>> {
    const { clusters = [] } = await this.get("/api/2.1/clusters/list?page_size=100");
    const own = (clusters as Fields[]).filter(({ cluster_name }) => cluster_name !== "databricks-dr operations");
    return new Map(own.map((each) => [String(each.cluster_name), each]));
  }

  /** Settings of the jobs by name, each with its `job_id`. */
  async jobs(): Promise<ReadonlyMap<string, Fields>> {
    const { jobs = [] } = await this.get("/api/2.2/jobs/list?limit=100&expand_tasks=true");
    return new Map(
      (jobs as Fields[]).map(({ job_id, settings }) => {
        const fields = settings as Fields;
        return [String(fields.name), { ...fields, job_id }];
      }),
    );
  }

  async text(path: string): Promise<string> {
    const query = `path=${encodeURIComponent(path)}&offset=0&length=1000000`;
    const { data } = await this.get(`/api/2.0/dbfs/read?${query}`);
    return Buffer.from(String(data), "base64").toString();
  }

  async #call(method: string, path: string, body?: Fields): Promise<Fields> {
    const headers = { authorization: `Bearer ${this.address.token}` };
    const text = body === undefined ? undefined : JSON.stringify(body).replace(/"job_id":"(\d+)"/g, '"job_id":$1');
    const response = await fetch(`${this.address.host}${path}`, { method, headers, ...(text ? { body: text } : {}) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return JSON.parse(answer.replace(/"job_id":\s*(\d+)/g, '"job_id":"$1"')) as Fields;
  }
}

export type Fields = Readonly<Record<string, unknown>>;
