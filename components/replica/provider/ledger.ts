import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attention, describeLine, type Ledger, type LedgerLine } from "@databricks-dr/replication";

interface Inputs {
  readonly stack: string;
  readonly role: string;
  readonly directory: string;
  readonly kinds: Readonly<Record<string, Ledger>>;
}

/** Copies that failed are the run's failure, once everything else is done. */
class CopiesFailed extends Error {
  constructor(
    readonly id: string,
    readonly properties: object,
    readonly reasons: string[],
  ) {
    super(`${reasons.length} not copied; everything else is. The next run goes on from here.`);
  }
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: object }> {
  const id = `${inputs.stack}/ledger`;
  return { id, outs: await written(id, inputs) };
}

export async function update(id: string, _olds: unknown, inputs: Inputs): Promise<{ outs: object }> {
  return { outs: await written(id, inputs) };
}

async function written(id: string, inputs: Inputs & { readonly __provider?: string }): Promise<object> {
  const { kinds, ...rest } = inputs;
  const { stack, role, directory } = rest;
  const lines = Object.values(kinds).flatMap((ledger) => ledger.lines);
  const counts = Object.fromEntries(Object.entries(kinds).map(([kind, ledger]) => [kind, ledger.counts]));
  const effort = Object.fromEntries(
    Object.entries(kinds).map(([kind, { calls, seconds }]) => [kind, { calls, seconds }]),
  );
  const file = join(directory, `${stack}-ledger.json`);
  await mkdir(directory, { recursive: true });
  await writeFile(
    file,
    `${JSON.stringify({ stack, role, at: new Date().toISOString(), counts, effort, lines }, null, 2)}\n`,
  );
  // Every line stands in the kinds' outputs and in the inputs here: a third time would be a third of a large state.
  const outs = { ...rest, counts, attention: attention(lines).map(describeLine), file };
  const failed = lines.filter(({ outcome }: LedgerLine) => outcome === "failed").map(describeLine);
  if (failed.length > 0) throw new CopiesFailed(id, outs, failed);
  return outs;
}
