/** A range of IPv4 addresses, as CIDR writes it: `10.10.0.0/16`. */
export interface Ipv4Range {
  /** The first address, as a number. */
  readonly first: number;
  /** The prefix's length in bits. */
  readonly bits: number;
}

/** The range, or what is wrong with the text as the end of the sentence "it …". */
export function parseIpv4Range(text: string): Ipv4Range | string {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const numbers = match?.slice(1).map(Number) ?? [];
  const bits = numbers[4];
  if (bits === undefined || bits > 32 || numbers.slice(0, 4).some((byte) => byte > 255)) return "is no IPv4 range";
  const first = numbers.slice(0, 4).reduce((sum, byte) => sum * 256 + byte, 0);
  if (first % sizeOf(bits) === 0) return { first, bits };
  const start = formatIpv4Range({ first: first - (first % sizeOf(bits)), bits });
  return `does not begin where a range of ${bits} bits begins (${start} would)`;
}

export function formatIpv4Range({ first, bits }: Ipv4Range): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${bits}`;
}

/** The first or second quarter of a range. */
export function quarter(range: Ipv4Range, index: 0 | 1): Ipv4Range {
  const bits = range.bits + 2;
  return { first: range.first + index * sizeOf(bits), bits };
}

export function contains(outer: Ipv4Range, inner: Ipv4Range): boolean {
  return inner.first >= outer.first && inner.first + sizeOf(inner.bits) <= outer.first + sizeOf(outer.bits);
}

export function overlaps(a: Ipv4Range, b: Ipv4Range): boolean {
  return a.first < b.first + sizeOf(b.bits) && b.first < a.first + sizeOf(a.bits);
}

function sizeOf(bits: number): number {
  return 2 ** (32 - bits);
}
