import type { UpdateRecord } from "../backend/update-history.js";
import { ago } from "./time-text.js";
import type { Workspace } from "./workspace.js";

interface HistoryOptions {
  stack?: string;
  json?: boolean;
  showSecrets?: boolean;
  pageSize?: string;
  page?: string;
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** A record in the form that `stack history --json` gives and the Automation API reads. */
function recordJson(record: UpdateRecord, decrypt: ((sealed: string) => string) | undefined): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record.config)) {
    if (typeof value === "string") config[key] = { value, secret: false };
    else if (value.secure !== undefined)
      config[key] = decrypt ? { value: decrypt(value.secure), secret: true } : { secret: true };
    else config[key] = { value: value.value ?? "", secret: false };
  }
  return {
    kind: record.kind,
    startTime: iso(record.startTime),
    message: record.message,
    environment: record.environment,
    config,
    result: record.result,
    version: record.version,
    endTime: iso(record.endTime),
    ...(record.resourceChanges ? { resourceChanges: record.resourceChanges } : {}),
  };
}

export async function showHistory(workspace: Workspace, options: HistoryOptions): Promise<void> {
  const reference = await workspace.stack(options.stack);
  const records = await workspace.backend
    .history(reference)
    .list(Number(options.pageSize ?? 10), Number(options.page ?? 1));
  if (options.json) {
    const hasSecrets = records.some((record) =>
      Object.values(record.config).some((value) => typeof value !== "string" && value.secure !== undefined),
    );
    const opened =
      options.showSecrets && hasSecrets ? await workspace.stackSecrets(workspace.config(reference)) : undefined;
    const decrypt = opened && ((sealed: string) => opened.decrypt(sealed));
    workspace.print(
      JSON.stringify(
        records.map((record) => recordJson(record, decrypt)),
        undefined,
        2,
      ),
    );
    return;
  }
  if (records.length === 0) return workspace.print("Stack has never been updated");
  for (const record of records) {
    const { create = 0, delete: deleted = 0, update = 0, same = 0 } = record.resourceChanges ?? {};
    workspace.print(
      [
        `UpdateKind: ${record.kind}`,
        `Status: ${record.result}`,
        `Message: ${record.message}`,
        `+${create}-${deleted}~${update} ${same} Updated ${ago(record.startTime * 1000)} took ${record.endTime - record.startTime}s`,
        ...Object.entries(record.environment).map(([key, value]) => `    ${key}: ${value}`),
        "",
      ].join("\n"),
    );
  }
}
