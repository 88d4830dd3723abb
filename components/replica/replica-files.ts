import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type LedgerLine, linesPath, reportsFolder } from "@databricks-dr/replication";

/** The files of a stack with every line and every id: made of what the provider wrote of each kind in this run. */
export class ReplicaFiles {
  readonly preview: string;
  readonly ledger: string;
  readonly idMap: string;

  constructor(
    private readonly stack: string,
    private readonly kinds: readonly string[],
  ) {
    this.preview = join(reportsFolder, `${stack}-preview.json`);
    this.ledger = join(reportsFolder, `${stack}-ledger.json`);
    this.idMap = join(reportsFolder, `${stack}-id-map.json`);
  }

  /** Each object with what would become of it. */
  writePreview(about: object): void {
    this.#writeLines(this.preview, about);
  }

  /** Each object with what became of it. */
  writeLedger(about: object): void {
    this.#writeLines(this.ledger, about);
  }

  /** By kind: id on the active workspace → id of the copy here. A kind that was not compared keeps what was known. */
  writeIdMap(): void {
    const known = existsSync(this.idMap)
      ? (JSON.parse(readFileSync(this.idMap, "utf8")) as Record<string, object>)
      : {};
    const maps = this.kinds.map((kind) => {
      const lines = this.#linesOf(kind);
      const wasCompared = lines.some(({ id, copyId }) => (id ?? copyId) !== undefined);
      return [kind, wasCompared ? Object.fromEntries(lines.filter(isPair).map(pairOf)) : (known[kind] ?? {})];
    });
    write(this.idMap, [`${JSON.stringify(Object.fromEntries(maps), null, 2)}\n`]);
  }

  /** The lines pass as they stand: there may be a hundred thousand. */
  #writeLines(file: string, about: object): void {
    const head = JSON.stringify(about, null, 2).replace(/\n\}$/, "");
    const lines = this.kinds.flatMap((kind) =>
      this.#textOf(kind)
        .split("\n")
        .filter((line) => line !== ""),
    );
    write(file, [head, `,\n  "lines": [`, lines.map((line) => `\n    ${line}`).join(","), `\n  ]\n}\n`]);
  }

  #linesOf(kind: string): LedgerLine[] {
    return this.#textOf(kind)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LedgerLine);
  }

  #textOf(kind: string): string {
    const file = linesPath(this.stack, kind);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }
}

type Pair = LedgerLine & { readonly id: string; readonly copyId: string };

function isPair({ id, copyId }: LedgerLine): boolean {
  return id !== undefined && copyId !== undefined;
}

function pairOf(line: LedgerLine): readonly [string, string] {
  const { id, copyId } = line as Pair;
  return [id, copyId];
}

function write(file: string, texts: readonly string[]): void {
  mkdirSync(reportsFolder, { recursive: true });
  const open = openSync(file, "w");
  for (const text of texts) writeSync(open, text);
  closeSync(open);
}
