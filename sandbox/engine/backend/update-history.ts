import * as fs from "node:fs/promises";
import * as path from "node:path";
import { listIfPresent, writeAtomically } from "./atomic-file.js";

export type UpdateKind = "update" | "refresh" | "destroy" | "import" | "preview";

/** One line of a stack's history, as the Pulumi CLI writes it. Times are seconds since 1970. */
export interface UpdateRecord {
  kind: UpdateKind;
  startTime: number;
  message: string;
  environment: Record<string, string>;
  config: Record<string, { secure?: string; value?: string } | string>;
  version: number;
  result: "in-progress" | "succeeded" | "failed";
  endTime: number;
  resourceChanges?: Record<string, number>;
}

/** The updates of one stack, each in a file of its own with the state that it left. */
export class UpdateHistory {
  constructor(
    private readonly directory: string,
    private readonly stack: string,
    private readonly stateFile: string,
  ) {}

  async add(record: UpdateRecord): Promise<void> {
    // File names sort by time: nanoseconds, like the Pulumi CLI's.
    const stamp = `${BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n)}`;
    const prefix = path.join(this.directory, `${this.stack}-${stamp}`);
    await writeAtomically(`${prefix}.history.json`, JSON.stringify(record));
    await fs.copyFile(this.stateFile, `${prefix}.checkpoint.json`);
  }

  /** Latest first. A page of 0 means all. */
  async list(pageSize = 0, page = 1): Promise<UpdateRecord[]> {
    const files = (await listIfPresent(this.directory)).filter((file) => file.endsWith(".history.json")).reverse();
    const start = pageSize > 0 ? (Math.max(page, 1) - 1) * pageSize : 0;
    const chosen = pageSize > 0 ? files.slice(start, start + pageSize) : files;
    return Promise.all(
      chosen.map(
        async (file) => JSON.parse(await fs.readFile(path.join(this.directory, file), "utf8")) as UpdateRecord,
      ),
    );
  }

  async remove(): Promise<void> {
    await fs.rm(this.directory, { recursive: true, force: true });
  }
}
