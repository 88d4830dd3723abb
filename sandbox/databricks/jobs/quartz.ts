import { instantOf, offsetOf } from "./java-time-zones.js";
import { parseQuartz, type QuartzFields } from "./quartz-fields.js";

const parsed = new Map<string, QuartzFields>();

function fieldsOf(expression: string): QuartzFields {
  let fields = parsed.get(expression);
  if (!fields) parsed.set(expression, (fields = parseQuartz(expression)));
  return fields;
}

/** Why the expression is no Quartz cron expression; undefined when it is one. */
export function quartzMistake(expression: string): string | undefined {
  try {
    fieldsOf(expression);
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/** How far ahead a time is looked for; Quartz goes no further either. */
const yearsAhead = 100;

/**
 * The next time after `after` (ms since 1970) that the expression names in that zone; undefined when there is none.
 * @throws RangeError when the expression or the zone is not one.
 */
export function nextQuartzTime(expression: string, timezone: string, after: number): number | undefined {
  const fields = fieldsOf(expression);
  const offset = offsetOf(timezone);
  if (!offset) throw new RangeError(`unknown time zone ${timezone}`);
  const start = new Date(after + offset(after));
  const firstYear = start.getUTCFullYear();
  for (let year = firstYear; year <= firstYear + yearsAhead; year++) {
    if (fields.years && !fields.years.has(year)) continue;
    for (const month of fields.months) {
      if (year === firstYear && month < start.getUTCMonth() + 1) continue;
      const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
      const firstWeekday = new Date(Date.UTC(year, month - 1, 1)).getUTCDay() + 1;
      for (const day of fields.days(lastDay, firstWeekday)) {
        const midnight = Date.UTC(year, month - 1, day);
        // A day that is over by its own clock has nothing to come.
        if (midnight + 86_400_000 <= start.getTime()) continue;
        const found = nextOfDay(fields, midnight, (local) => instantOf(local, offset), after);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function nextOfDay(
  { hours, minutes, seconds }: QuartzFields,
  midnight: number,
  instant: (local: number) => number,
  after: number,
): number | undefined {
  const lastMinute = Math.max(...minutes) * 60_000 + Math.max(...seconds) * 1_000;
  for (const hour of hours) {
    const base = midnight + hour * 3_600_000;
    if (instant(base + lastMinute) <= after) continue;
    for (const minute of minutes) {
      const within = base + minute * 60_000;
      if (instant(within + Math.max(...seconds) * 1_000) <= after) continue;
      for (const second of seconds) {
        const at = instant(within + second * 1_000);
        if (at > after) return at;
      }
    }
  }
  return undefined;
}
