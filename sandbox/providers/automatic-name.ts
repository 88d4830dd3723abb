import { createHash, randomBytes } from "node:crypto";

/** `name` with `separator` and `digits` hexadecimal digits that `seed` decides; without a seed they are random. */
export function automaticName(name: string, separator: string, digits: number, seed: Uint8Array): string {
  const hex =
    seed.length > 0
      ? createHash("sha256").update(seed).update(name).digest("hex")
      : randomBytes(Math.ceil(digits / 2)).toString("hex");
  return `${name}${separator}${hex.slice(0, digits)}`;
}
