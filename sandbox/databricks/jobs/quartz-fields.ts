/** The days of a month that a field names, for a month's last day and the weekday (1 is Sunday) of its first. */
export type DayRule = (lastDay: number, firstWeekday: number) => readonly number[];

export interface QuartzFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  readonly days: DayRule;
  /** Undefined for every year. */
  readonly years: ReadonlySet<number> | undefined;
}

interface Bounds {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  /** A range may run over the end: `22-2`. */
  readonly wraps: boolean;
}

const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const second: Bounds = { name: "seconds", min: 0, max: 59, wraps: true };
const minute: Bounds = { name: "minutes", min: 0, max: 59, wraps: true };
const hour: Bounds = { name: "hours", min: 0, max: 23, wraps: true };
const dayOfMonth: Bounds = { name: "day-of-month", min: 1, max: 31, wraps: true };
const month: Bounds = { name: "month", min: 1, max: 12, names: monthNames, wraps: true };
const dayOfWeek: Bounds = { name: "day-of-week", min: 1, max: 7, names: dayNames, wraps: true };
const year: Bounds = { name: "year", min: 1970, max: 2199, wraps: false };

/**
 * Reads an expression as Quartz does, in any case of letters; what stands after the seventh field is ignored, as there.
 * https://github.com/quartz-scheduler/quartz (CronExpression)
 * @throws RangeError that says what is wrong.
 */
export function parseQuartz(expression: string): QuartzFields {
  const fields = expression.trim().toUpperCase().split(/\s+/);
  if (fields.length < 6) throw new RangeError("Unexpected end of expression.");
  const [seconds = "", minutes = "", hours = "", dom = "", months = "", dow = "", years = "*"] = fields;
  if (dom === "?" && dow === "?") throw new RangeError("'?' can only be specified for Day-of-Month -OR- Day-of-Week.");
  if (dom !== "?" && dow !== "?")
    throw new RangeError("Support for specifying both a day-of-week AND a day-of-month parameter is not implemented.");
  return {
    seconds: valuesOf(seconds, second),
    minutes: valuesOf(minutes, minute),
    hours: valuesOf(hours, hour),
    months: valuesOf(months, month),
    days: dow === "?" ? daysOfMonth(dom) : daysOfWeek(dow),
    years: years === "*" ? undefined : new Set(valuesOf(years, year)),
  };
}

/** A list of `*`, numbers, names, ranges and steps, in order. */
function valuesOf(field: string, bounds: Bounds): number[] {
  const values = new Set(field.split(",").flatMap((item) => valuesOfItem(item, bounds)));
  return [...values].sort((a, b) => a - b);
}

function valuesOfItem(item: string, bounds: Bounds): number[] {
  const { name, min, max } = bounds;
  const [, range = "", step] = /^([^/]*)(?:\/(\d+))?$/.exec(item) ?? [];
  if (range === "" && step === undefined) throw new RangeError(`Illegal ${name}: '${item}'`);
  if (Number(step ?? 1) > max) throw new RangeError(`Increment > ${max} : ${step}`);
  // A step of nought is no step.
  const by = Number(step ?? 0) || undefined;
  if (range === "*" || range === "") return span(min, max, by);
  const [from = "", to, ...rest] = range.split("-");
  if (rest.length > 0) throw new RangeError(`Illegal ${name}: '${item}'`);
  const start = numberOf(from, bounds);
  if (to === undefined) return by === undefined ? [start] : span(start, max, by);
  const end = numberOf(to, bounds);
  if (start <= end) return span(start, end, by);
  if (!bounds.wraps) throw new RangeError(`Start ${name} must be less than stop ${name}`);
  return span(start, end + max - min + 1, by).map((value) => (value > max ? value - (max - min + 1) : value));
}

function span(start: number, end: number, by = 1): number[] {
  return Array.from({ length: Math.floor((end - start) / by) + 1 }, (_, index) => start + index * by);
}

function numberOf(text: string, { name, min, max, names }: Bounds): number {
  const named = names?.indexOf(text) ?? -1;
  if (named >= 0) return named + min;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new RangeError(`${name} values must be between ${min} and ${max}`);
  return value;
}

function daysOfMonth(field: string): DayRule {
  if (field.includes(",") && field.includes("L"))
    throw new RangeError("Support for specifying 'L' and 'LW' with other days of the month is not implemented");
  const [, back = "0", workday] = /^L(?:-(\d{1,2}))?(W)?$/.exec(field) ?? [];
  if (field.startsWith("L")) {
    if (!/^L(-\d{1,2})?W?$/.test(field)) throw new RangeError(`Illegal day-of-month: '${field}'`);
    if (Number(back) > 30) throw new RangeError("Offset from last day must be <= 30");
    return (last, first) => {
      const day = last - Number(back);
      if (day < 1) return [];
      return [workday ? nearestWorkday(day, last, first) : day];
    };
  }
  const rules = field.split(",").map((item): DayRule => {
    const [, digits] = /^(\d{1,2})W$/.exec(item) ?? [];
    if (digits !== undefined) {
      const day = numberOf(digits, dayOfMonth);
      return (last, first) => (day > last ? [] : [nearestWorkday(day, last, first)]);
    }
    const days = valuesOf(item, dayOfMonth);
    return (last) => days.filter((day) => day <= last);
  });
  return (last, first) => inOrder(rules.flatMap((rule) => rule(last, first)));
}

/** The Monday to Friday that is nearest to a day, in the same month. */
function nearestWorkday(day: number, last: number, firstWeekday: number): number {
  const weekday = weekdayOf(day, firstWeekday);
  if (weekday === 7) return day === 1 ? 3 : day - 1;
  if (weekday === 1) return day === last ? day - 2 : day + 1;
  return day;
}

const weekdayOf = (day: number, firstWeekday: number): number => ((firstWeekday - 1 + day - 1) % 7) + 1;

function daysOfWeek(field: string): DayRule {
  if (field.includes(",") && /[#L]/.test(field))
    throw new RangeError("Support for specifying 'L' or '#' with other days of the week is not implemented");
  // Alone, L is the last day of a week.
  const [, lastOne] = /^(.+)L$/.exec(field) ?? [];
  const [, nthOne, nth] = /^(.+)#(.*)$/.exec(field) ?? [];
  if (nthOne !== undefined) {
    const weekday = numberOf(nthOne, dayOfWeek);
    if (!/^[1-5]$/.test(nth ?? "")) throw new RangeError("A numeric value between 1 and 5 must follow the '#' option");
    return (last, first) => matching(weekday, last, first).slice(Number(nth) - 1, Number(nth));
  }
  if (lastOne !== undefined) {
    const weekday = numberOf(lastOne, dayOfWeek);
    return (last, first) => matching(weekday, last, first).slice(-1);
  }
  const weekdays = field === "L" ? [7] : valuesOf(field, dayOfWeek);
  return (last, first) => inOrder(weekdays.flatMap((weekday) => matching(weekday, last, first)));
}

function matching(weekday: number, last: number, firstWeekday: number): number[] {
  return span(1 + ((weekday - firstWeekday + 7) % 7), last, 7);
}

const inOrder = (days: readonly number[]): number[] => [...new Set(days)].sort((a, b) => a - b);
