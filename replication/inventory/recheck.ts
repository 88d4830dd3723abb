import { createHash } from "node:crypto";

const hourMs = 60 * 60_000;
const defaultHours = 24;

/**
 * Whether it is an object's turn to be read by itself: each has one hour in so many. A run every hour reads each object once in
 * that time; rarer ones take longer, and skip none for good.
 */
export function isItsTurn(id: string, hours: number = defaultHours, now: number = Date.now()): boolean {
  const slots = slotsWithin(hours);
  const own = createHash("sha256").update(id).digest().readUInt32BE(0) % slots;
  return Math.floor(now / hourMs) % slots === own;
}

/** The most slots that share no divisor with a day: a run at the same hour of each day comes round to all of them. */
function slotsWithin(hours: number): number {
  let slots = Math.max(1, Math.floor(hours));
  while (slots > 1 && (slots % 2 === 0 || slots % 3 === 0)) slots -= 1;
  return slots;
}
