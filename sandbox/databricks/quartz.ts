import { Cron } from "croner";

const compiled = new Map<string, Cron>();

/** Quartz wants `?` for one of the two day fields; croner takes `?` for "now", so it is made the `*` that it means. */
function compile(expression: string, timezone: string): Cron {
  const key = `${timezone} ${expression}`;
  let cron = compiled.get(key);
  if (!cron) {
    const fields = expression.trim().split(/\s+/);
    if (fields.length < 6 || fields.length > 7) throw new RangeError(`${fields.length} fields, not 6 or 7`);
    const [dayOfMonth, dayOfWeek] = [fields[3], fields[5]];
    // http://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html: exactly one is `?`.
    if ((dayOfMonth === "?") === (dayOfWeek === "?")) throw new RangeError("one of the two day fields must be ?");
    const pattern = fields.map((field) => (field === "?" ? "*" : field)).join(" ");
    cron = new Cron(pattern, {
      timezone,
      alternativeWeekdays: true,
      mode: "6-or-7-parts",
      sloppyRanges: true,
      domAndDow: true,
    });
    compiled.set(key, cron);
  }
  return cron;
}

/** Why the expression is no Quartz cron expression; undefined when it is one. */
export function quartzMistake(expression: string): string | undefined {
  try {
    compile(expression, "UTC");
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

const timezones = new Set<string>();

export function isTimezone(timezone: string): boolean {
  if (timezones.has(timezone)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
    timezones.add(timezone);
    return true;
  } catch {
    return false;
  }
}

/** The next time after `after` (ms since 1970) that the expression names in that zone; undefined when there is none. */
export function nextQuartzTime(expression: string, timezone: string, after: number): number | undefined {
  return compile(expression, timezone).nextRun(new Date(after))?.getTime();
}
