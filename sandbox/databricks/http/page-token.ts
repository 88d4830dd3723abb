import { createHash } from "node:crypto";
import { invalidParameter } from "./errors.js";

/** One page of a list and the opaque tokens of its neighbours. */
export interface Page<Item> {
  readonly items: Item[];
  readonly next: string | undefined;
  readonly previous: string | undefined;
}

function signatureOf(query: string): string {
  return createHash("sha256").update(query).digest("base64url").slice(0, 8);
}

function tokenFor(offset: number, signature: string): string {
  return Buffer.from(`${signature}:${offset}`).toString("base64url");
}

/**
 * The page that starts where `token` says. `query` names the list and its filters: a token holds only for the query that
 * gave it.
 */
export function pageOf<Item>(all: readonly Item[], size: number, token: string | undefined, query: string): Page<Item> {
  const signature = signatureOf(query);
  let offset = 0;
  if (token) {
    const [owner, start] = Buffer.from(token, "base64url").toString().split(":");
    offset = Number(start);
    if (owner !== signature || !Number.isSafeInteger(offset) || offset < 0)
      throw invalidParameter(`Invalid page token: ${token}`);
  }
  const end = offset + size;
  return {
    items: all.slice(offset, end),
    next: end < all.length ? tokenFor(end, signature) : undefined,
    previous: offset > 0 ? tokenFor(Math.max(0, offset - size), signature) : undefined,
  };
}
