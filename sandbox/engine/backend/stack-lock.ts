import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../user-error.js";
import { listIfPresent, readIfPresent, writeAtomically } from "./atomic-file.js";
import type { FileBackend } from "./file-backend.js";
import type { StackReference } from "./stack-reference.js";

interface LockContent {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/** Pulumi's time format has no fraction of a second and a zone as `Z` or an offset. */
const withoutFraction = (timestamp: string): string => timestamp.replace(/\.\d+/, "");

/** A stack's lock: one file for each holder, which the Pulumi CLI reads and writes in the same way. */
export class StackLock {
  private constructor(private readonly file: string) {}

  /** @throws UserError naming who holds the lock */
  static async acquire(backend: FileBackend, reference: StackReference): Promise<StackLock> {
    const directory = backend.lockDirectory(reference);
    const own = path.join(directory, `${randomUUID()}.json`);
    await refuseIfLocked(directory, own);
    const content: LockContent = {
      pid: process.pid,
      username: os.userInfo().username,
      hostname: os.hostname(),
      timestamp: new Date().toISOString(),
    };
    await writeAtomically(own, JSON.stringify(content));
    const lock = new StackLock(own);
    try {
      // Another may have come between the look and the write: then both step back, as the Pulumi CLI does.
      await refuseIfLocked(directory, own);
    } catch (error) {
      lock.release();
      throw error;
    }
    return lock;
  }

  /** Synchronous, so that it can also run while the process ends. */
  release(): void {
    fs.rmSync(this.file, { force: true });
  }

  /** Takes every lock away, whoever holds it: `pulumi cancel`. */
  static async removeAll(backend: FileBackend, reference: StackReference): Promise<number> {
    const directory = backend.lockDirectory(reference);
    const locks = (await listIfPresent(directory)).filter((file) => file.endsWith(".json"));
    for (const file of locks) {
      fs.rmSync(path.join(directory, file), { force: true });
      fs.rmSync(path.join(directory, `${file}.attrs`), { force: true });
    }
    return locks.length;
  }
}

async function refuseIfLocked(directory: string, own: string): Promise<void> {
  const others = (await listIfPresent(directory))
    .map((file) => path.join(directory, file))
    .filter((file) => file.endsWith(".json") && file !== own);
  if (others.length === 0) return;
  const lines = await Promise.all(
    others.map(async (file) => {
      const text = await readIfPresent(file);
      if (text === undefined) return undefined;
      const { username, hostname, pid, timestamp } = JSON.parse(text) as LockContent;
      return `\n  ${pathToFileURL(file).href}: created by ${username}@${hostname} (pid ${pid}) at ${withoutFraction(timestamp)}`;
    }),
  );
  const held = lines.filter((line) => line !== undefined);
  if (held.length === 0) return;
  throw new UserError(
    `the stack is currently locked by ${held.length} lock(s). Either wait for the other ` +
      "process(es) to end or delete the lock file with `pulumi cancel`." +
      held.join(""),
  );
}
