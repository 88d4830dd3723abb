import { type Command } from "commander";
import { readFile } from "node:fs/promises";

interface Flags {
  readonly stack: string;
  readonly json?: boolean;
}

interface Line {
  readonly kind: string;
  readonly id?: string;
  readonly name: string;
}

type IdMaps = Readonly<Record<string, Readonly<Record<string, string>>>>;

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
      "Prints, from the files of the stack's last update here (reports/), which id on the active side has which id here. No workspace is asked.",
    )
    .argument("[kind]", "clusters, jobs, …; all of them by default")
    .option("--stack <name>", "the stack that has the copies", "secondary")
    .option("--json", "as JSON: {kind: {old: new}}")
    .action(printIdMap);
}

async function printIdMap(kind: string | undefined, { stack, json = false }: Flags): Promise<void> {
  const maps = await readReport<IdMaps>(stack, "id-map");
  const kinds = Object.keys(maps);
  if (kind !== undefined && !kinds.includes(kind))
    throw new Error(`stack ${stack} has no copies of a kind "${kind}"; it has ${kinds.join(", ") || "none at all"}`);
  const chosen = Object.fromEntries(Object.entries(maps).filter(([each]) => kind === undefined || each === kind));
  if (json) process.stdout.write(`${JSON.stringify(chosen, null, 2)}\n`);
  else process.stdout.write(tableOf(mappingsOf(chosen, await readReport<{ lines: Line[] }>(stack, "ledger")), stack));
}

async function readReport<T>(stack: string, name: string): Promise<T> {
  const file = `reports/${stack}-${name}.json`;
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error(`there is no ${file}: pulumi up --stack ${stack} writes it, also where it changes nothing`);
  }
}

function mappingsOf(maps: IdMaps, { lines }: { readonly lines: readonly Line[] }): Mapping[] {
  const names = new Map(lines.map(({ kind, id = "", name }) => [`${kind} ${id}`, name]));
  return Object.entries(maps).flatMap(([kind, ids]) =>
    Object.entries(ids).map(([old, id]) => ({ kind, old, new: id, name: names.get(`${kind} ${old}`) ?? "" })),
  );
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
