import type { ProgressNote } from "@databricks-dr/replication";

/** `clusters 12 of 40: etl` */
export function describe({ kind, text, done, total }: ProgressNote): string {
  if (done === undefined) return text.startsWith(kind) ? text : `${kind}: ${text}`;
  return `${kind} ${done}${total === undefined ? "" : ` of ${total}`}: ${text}`;
}
