import { readdir, readFile } from "node:fs/promises";

/** The processes of a deployment whose memory and work are told beside that of the command itself, by their command lines. */
const roles = { provider: /cmd\/dynamic-provider/, program: /cmd\/run\b/ } as const;

/** The most memory that each ever held (VmHWM), in MiB; undefined where the system does not say, as outside of Linux. */
export type PeakMemory = Readonly<Partial<Record<keyof typeof roles | "command", number>>>;

/** Seconds of CPU that each took, user and system. */
export type CpuSeconds = Readonly<Partial<Record<keyof PeakMemory, number>>>;

export interface Watched {
  readonly memory: PeakMemory;
  readonly cpu: CpuSeconds;
}

const intervalMs = 100;
const ticksPerSecond = 100;

/**
 * Watches a process and all that it started. The kernel's high-water mark grows between two looks as well: only what is
 * added in the last tenth of a second of a process's life is missed.
 */
export class ProcessWatch {
  readonly #peaks: Partial<Record<keyof PeakMemory, number>> = {};
  readonly #cpu = new Map<number, number>();
  readonly #roles = new Map<number, keyof PeakMemory | undefined>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly rootPid: number) {
    this.#roles.set(rootPid, "command");
    this.#look();
  }

  stop(): Watched {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const cpu: Partial<Record<keyof PeakMemory, number>> = {};
    for (const [pid, seconds] of this.#cpu) {
      const role = this.#roles.get(pid);
      if (role) cpu[role] = (cpu[role] ?? 0) + seconds;
    }
    return { memory: this.#peaks, cpu };
  }

  #look(): void {
    this.#timer = setTimeout(() => {
      const again = (): void => {
        if (this.#timer) this.#look();
      };
      this.#measure().then(again, again);
    }, intervalMs);
  }

  async #measure(): Promise<void> {
    for (const pid of await descendantsOf(this.rootPid)) {
      const role = await this.#roleOf(pid);
      const peak = role && (await peakOf(pid));
      if (role && peak !== undefined) this.#peaks[role] = Math.max(peak, this.#peaks[role] ?? 0);
      if (role) this.#cpu.set(pid, Math.max(this.#cpu.get(pid) ?? 0, await cpuOf(pid)));
    }
  }

  async #roleOf(pid: number): Promise<keyof PeakMemory | undefined> {
    const known = this.#roles.get(pid);
    if (known) return known;
    const commandLine = await readOrNothing(`/proc/${pid}/cmdline`);
    // A shell that starts Node has the same words in its command line.
    if (!/^[^\0]*node\0/.test(commandLine)) return undefined;
    const names = Object.keys(roles) as (keyof typeof roles)[];
    const role = names.find((name) => roles[name].test(commandLine));
    if (role) this.#roles.set(pid, role);
    return role;
  }
}

async function descendantsOf(root: number): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const parents = new Map<number, number[]>();
  for (const pid of names.filter((name) => /^\d+$/.test(name)).map(Number)) {
    // The second field is a name in brackets that may hold anything; the fourth is the parent.
    const stat = await readOrNothing(`/proc/${pid}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(parents.get(pid) ?? []));
  return found;
}

async function peakOf(pid: number): Promise<number | undefined> {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(await readOrNothing(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

/** User and system time are the 14th and 15th field. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readOrNothing(`/proc/${pid}/stat`);
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (user + system) / ticksPerSecond;
}

function readOrNothing(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
