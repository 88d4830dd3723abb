import { readdir, readFile, readlink } from "node:fs/promises";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables of the engine at the other end of a connection, `127.0.0.1:<port>`. A provider that is started is a child of
 * its engine and has them; one that is attached to has to look. Undefined where that cannot be seen: on Linux it can.
 */
export async function engineEnvironment(peer: string): Promise<Environment | undefined> {
  try {
    const inode = await socketAt(Number(peer.split(":").at(-1)));
    const pid = inode && (await ownerOf(inode));
    if (!pid) return undefined;
    if (pid === String(process.pid)) return process.env;
    const entries = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").filter((entry) => entry.includes("="));
    return Object.fromEntries(
      entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
  } catch {
    return undefined;
  }
}

/** https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html */
async function socketAt(port: number): Promise<string | undefined> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"])
    for (const line of (await readFile(table, "utf8")).split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(local) && columns[9] !== "0") return columns[9];
    }
  return undefined;
}

async function ownerOf(inode: string): Promise<string | undefined> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const owns = async (pid: string): Promise<boolean> => {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
    return links.includes(`socket:[${inode}]`);
  };
  for (const pid of pids.reverse()) if (await owns(pid)) return pid;
  return undefined;
}
