import { type Command } from "commander";
import { readPulumi } from "./pulumi.js";

interface Flags {
  readonly stack: string;
  readonly json?: boolean;
}

interface Resource {
  readonly urn: string;
  readonly outputs?: {
    readonly kind?: string;
    readonly idMap?: Readonly<Record<string, string>>;
    readonly ledger?: { readonly lines?: readonly { readonly id?: string; readonly name: string }[] };
  };
}

interface Mapping {
  readonly kind: string;
  readonly old: string;
  readonly new: string;
  readonly name: string;
}

/** Adds `dr id-map`: which object of the standby stands for which of the active side. */
export function addIdMapCommand(program: Command): void {
  program
    .command("id-map")
    .summary("print the ids of the copies: old → new")
    .description(
      "Prints, from the stack's state, which id on the active side has which id here. No workspace is asked.",
    )
    .argument("[kind]", "clusters, jobs, init-scripts or mounts; all of them by default")
    .option("--stack <name>", "the stack that has the copies", "secondary")
    .option("--json", "as JSON: {kind: {old: new}}")
    .action(printIdMap);
}

async function printIdMap(kind: string | undefined, { stack, json = false }: Flags): Promise<void> {
  const state = JSON.parse(await readPulumi("stack", "export", "--stack", stack)) as {
    deployment: { resources?: readonly Resource[] };
  };
  const replicas = (state.deployment.resources ?? []).filter(({ urn }) => /dynamic\/replica:Kind::/.test(urn));
  const kinds = replicas.flatMap(({ outputs }) => outputs?.kind ?? []);
  if (kind !== undefined && !kinds.includes(kind))
    throw new Error(`stack ${stack} has no copies of a kind "${kind}"; it has ${kinds.join(", ") || "none at all"}`);
  const chosen = replicas.filter(({ outputs }) => kind === undefined || outputs?.kind === kind);
  process.stdout.write(json ? jsonOf(chosen) : tableOf(chosen.flatMap(mappingsOf), stack));
}

function jsonOf(replicas: readonly Resource[]): string {
  const maps = Object.fromEntries(replicas.map(({ outputs }) => [outputs?.kind, outputs?.idMap ?? {}]));
  return `${JSON.stringify(maps, null, 2)}\n`;
}

function mappingsOf({ outputs }: Resource): Mapping[] {
  const names = new Map((outputs?.ledger?.lines ?? []).map(({ id, name }) => [id, name]));
  return Object.entries(outputs?.idMap ?? {}).map(([old, id]) => ({
    kind: outputs?.kind ?? "",
    old,
    new: id,
    name: names.get(old) ?? "",
  }));
}

function tableOf(mappings: readonly Mapping[], stack: string): string {
  if (mappings.length === 0) return `stack ${stack} has no copies yet\n`;
  const rows = [
    ["KIND", "OLD ID", "NEW ID", "NAME"],
    ...mappings.map((each) => [each.kind, each.old, each.new, each.name]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
