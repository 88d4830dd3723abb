import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { linesPath, type ReplicaArgs, type TellLines, withoutSecrets } from "@databricks-dr/replication";

const linesAtOnce = 1000;

/** Writes the lines of a kind, a JSON object on each. */
export function linesFile({ kind, local }: ReplicaArgs): TellLines | undefined {
  if (!local) return undefined;
  return (lines) => {
    const path = linesPath(local.stack, kind);
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, "w");
    for (let at = 0; at < lines.length; at += linesAtOnce)
      writeSync(
        file,
        lines
          .slice(at, at + linesAtOnce)
          .map((line) => `${JSON.stringify(withoutSecrets(line))}\n`)
          .join(""),
      );
    closeSync(file);
  };
}
