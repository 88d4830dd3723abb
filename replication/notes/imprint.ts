import { createHash } from "node:crypto";
import type { Origin } from "../inventory/marker.js";
import type { CopyRecord } from "./record.js";

const keyBytes = 4;
const formBytes = 2;
const entryBytes = keyBytes + formBytes;

/**
 * What the state keeps of notes of any size: six bytes for each copy, which tell whether an object is the copy of an origin, and
 * whether it shows as it did after the last write. It is asked only where the notes are gone or not to be believed.
 */
export class Imprint {
  private constructor(private readonly entries: Buffer) {}

  static of(records: Iterable<[Origin, CopyRecord]>): Imprint {
    const entries: Buffer[] = [];
    for (const [origin, { id, actual, standIn }] of records)
      if (id !== undefined && !standIn) entries.push(Buffer.concat([keyOf(origin, id), formOf(actual)]));
    return new Imprint(Buffer.concat(entries.sort((a, b) => a.compare(b))));
  }

  static parse(text: string): Imprint {
    return new Imprint(Buffer.from(text, "base64"));
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  toString(): string {
    return this.entries.toString("base64");
  }

  /** Whether that object is the copy of that origin. */
  has(origin: Origin, id: string): boolean {
    return this.#formAt(origin, id) !== undefined;
  }

  /** Whether it shows, by the fingerprint of what it shows, as it did after the last write. */
  isAsWritten(origin: Origin, id: string, actual: string): boolean {
    return this.#formAt(origin, id)?.equals(formOf(actual)) ?? false;
  }

  #formAt(origin: Origin, id: string): Buffer | undefined {
    const key = keyOf(origin, id);
    let [from, to] = [0, this.entries.length / entryBytes];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const entry = this.entries.subarray(middle * entryBytes, (middle + 1) * entryBytes);
      const order = entry.subarray(0, keyBytes).compare(key);
      if (order === 0) return entry.subarray(keyBytes);
      if (order < 0) from = middle + 1;
      else to = middle;
    }
    return undefined;
  }
}

function keyOf(origin: Origin, id: string): Buffer {
  return digest(`${origin}\n${id}`, keyBytes);
}

function formOf(actual: string | undefined): Buffer {
  return digest(actual ?? "", formBytes);
}

function digest(text: string, bytes: number): Buffer {
  return createHash("sha256").update(text).digest().subarray(0, bytes);
}
