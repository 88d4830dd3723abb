export type LineChange = { kind: "same" | "add" | "delete"; lines: string[] };

/** Longest common subsequences of very long texts are not worth their time: beyond this, all is taken to differ. */
const comparableCells = 4_000_000;

/** How one text becomes another, line by line. */
export function diffLines(old: string, text: string): LineChange[] {
  const before = old.split("\n");
  const after = text.split("\n");
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const middle = between(before.slice(start, before.length - end), after.slice(start, after.length - end));
  const changes: LineChange[] = [
    { kind: "same", lines: before.slice(0, start) },
    ...middle,
    { kind: "same", lines: before.slice(before.length - end) },
  ];
  return changes.filter(({ lines }) => lines.length > 0);
}

function between(before: string[], after: string[]): LineChange[] {
  if (before.length * after.length > comparableCells)
    return [
      { kind: "delete", lines: before },
      { kind: "add", lines: after },
    ];
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--)
    for (let column = after.length - 1; column >= 0; column--)
      lengths[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  const changes: LineChange[] = [];
  const push = (kind: LineChange["kind"], line: string): void => {
    const last = changes.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else changes.push({ kind, lines: [line] });
  };
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    const left = before[row];
    const right = after[column];
    if (left !== undefined && left === right) {
      push("same", left);
      row++;
      column++;
    } else if (right === undefined || (left !== undefined && at(row + 1, column) >= at(row, column + 1))) {
      push("delete", left ?? "");
      row++;
    } else {
      push("add", right);
      column++;
    }
  }
  return changes;
}
