const mostLines = 3;
const mostBytes = 150;

/** A text as the Pulumi CLI shortens it unless `--show-full-output` is given: three lines, of 150 bytes each. */
export function shortened(text: string): string {
  const lines = text.split("\n");
  const shown = lines.slice(0, mostLines).map(shortenedLine);
  return [...shown, ...(lines.length > mostLines ? ["..."] : [])].join("\n");
}

function shortenedLine(line: string): string {
  const bytes = Buffer.from(line);
  return bytes.length <= mostBytes ? line : `${bytes.subarray(0, mostBytes).toString()}...`;
}
