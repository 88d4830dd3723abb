import { readdir, readFile } from "node:fs/promises";

/** The processes of a deployment whose memory is told beside that of the command itself, by their command lines. */
const roles = { provider: /cmd\/dynamic-provider/, program: /cmd\/run\b/ } as const;

/** The most memory that each ever held (VmHWM), in MiB; undefined where the system does not say, as outside of Linux. */
export type PeakMemory = Readonly<Partial<Record<keyof typeof roles | "command", number>>>;

const intervalMs = 100;

/**
 * Watches a process and all that it started. The kernel's high-water mark grows between two looks as well: only what is
 * added in the last tenth of a second of a process's life is missed.
 */
export class MemoryWatch {
  readonly #peaks: Partial<Record<keyof PeakMemory, number>> = {};
  readonly #roles = new Map<number, keyof PeakMemory | undefined>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly rootPid: number) {
    this.#roles.set(rootPid, "command");
    this.#look();
  }

  stop(): PeakMemory {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#peaks;
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

function readOrNothing(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
