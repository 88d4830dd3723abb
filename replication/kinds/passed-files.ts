import type { Inventory } from "./kind.js";
import type { JsonObject } from "../values/json.js";

/** Most bytes of one file, and of all files together, that are kept from the hashing to the writing. */
const mostOfOne = 64 * 1024;
const mostOfAll = 32 * 1024 * 1024;

/**
 * What a run knows of files that passed through it, since every DBFS call counts: small ones that were read for their hash
 * need not be read again to be written, and what was written need not be read back to be known.
 */
export class PassedFiles {
  readonly #contents = new Map<string, readonly Uint8Array[]>();
  readonly #written = new Map<string, JsonObject>();
  #bytes = 0;

  static readonly #ofRun = new WeakMap<Inventory, PassedFiles>();

  static of(run: Inventory): PassedFiles {
    let files = this.#ofRun.get(run);
    if (!files) this.#ofRun.set(run, (files = new PassedFiles()));
    return files;
  }

  /** Passes content on, and keeps it if it is small and there is room. */
  async *keeping(id: string, size: number, content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    if (size > mostOfOne || this.#bytes + size > mostOfAll) return yield* content;
    this.take(id);
    this.#bytes += size;
    const blocks: Uint8Array[] = [];
    let missing = size;
    try {
      for await (const block of content) {
        missing -= block.length;
        blocks.push(block);
        yield block;
      }
      if (missing === 0) this.#contents.set(id, blocks);
    } finally {
      if (!this.#contents.has(id)) this.#bytes -= size;
    }
  }

  /** The content that was kept, once: it is forgotten. */
  take(id: string): readonly Uint8Array[] | undefined {
    const blocks = this.#contents.get(id);
    this.#contents.delete(id);
    for (const { length } of blocks ?? []) this.#bytes -= length;
    return blocks;
  }

  /** Every byte of that definition was acknowledged by the target. */
  noteWritten(id: string, definition: JsonObject): void {
    this.#written.set(id, definition);
  }

  /** What was written there, while the target shows a file of that size. */
  written(id: string, size: number): JsonObject | undefined {
    const definition = this.#written.get(id);
    return definition?.size === size ? definition : undefined;
  }
}
