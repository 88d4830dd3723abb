/** Java's three-letter ids: https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/ZoneId.html#SHORT_IDS */
const shortIds: Readonly<Record<string, string>> = {
  ACT: "Australia/Darwin",
  AET: "Australia/Sydney",
  AGT: "America/Argentina/Buenos_Aires",
  ART: "Africa/Cairo",
  AST: "America/Anchorage",
  BET: "America/Sao_Paulo",
  BST: "Asia/Dhaka",
  CAT: "Africa/Harare",
  CNT: "America/St_Johns",
  CST: "America/Chicago",
  CTT: "Asia/Shanghai",
  EAT: "Africa/Addis_Ababa",
  ECT: "Europe/Paris",
  EST: "-05:00",
  HST: "-10:00",
  IET: "America/Indiana/Indianapolis",
  IST: "Asia/Kolkata",
  JST: "Asia/Tokyo",
  MIT: "Pacific/Apia",
  MST: "-07:00",
  NET: "Asia/Yerevan",
  NST: "Pacific/Auckland",
  PLT: "Asia/Karachi",
  PNT: "America/Phoenix",
  PRT: "America/Puerto_Rico",
  PST: "America/Los_Angeles",
  SST: "Pacific/Guadalcanal",
  VST: "Asia/Ho_Chi_Minh",
};

/** Gives a zone's distance from UTC at a time, both in ms. */
type Offset = (at: number) => number;

const zones = new Map<string, Offset | undefined>();

/** Whether Java knows a time zone by that id; its ids are case-sensitive. */
export function isTimezone(id: string): boolean {
  return offsetOf(id) !== undefined;
}

/** A zone's distance from UTC; undefined for an id that Java does not know. */
export function offsetOf(id: string): Offset | undefined {
  if (!zones.has(id)) zones.set(id, fixedOffset(shortIds[id] ?? id) ?? regionOffset(shortIds[id] ?? id));
  return zones.get(id);
}

/** `Z`, `+01:00`, `GMT+2`, `UTC-08:30`: a constant distance, of 18 hours at most. */
function fixedOffset(id: string): Offset | undefined {
  if (id === "Z") return () => 0;
  const [, prefix, sign, hours = "", minutes = "0"] = /^(GMT|UTC|UT|)([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(id) ?? [];
  if (sign === undefined || (prefix === "" && hours.length < 2)) return undefined;
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  if (Number(minutes) > 59 || ms > 18 * 3_600_000) return undefined;
  return () => (sign === "-" ? -ms : ms);
}

function regionOffset(id: string): Offset | undefined {
  // Node takes ids in any case. Every part of Java's begins with a capital, and none in a region is all capitals.
  if (!id.split("/").every((part) => /^[A-Z]/.test(part)) || /\/[A-Z]{4,}$|^[A-Z]{4,}\//.test(id)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: id,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return undefined;
  }
  return (at) => {
    const part = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const get = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
    const local = Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second"));
    return local - Math.floor(at / 1_000) * 1_000;
  };
}

/**
 * The instant of a zone's wall clock, both in ms; `local` is written as if it were UTC's. A time that the change to summer
 * time leaves out is as much later as the change takes, and one that there is twice is the first.
 */
export function instantOf(local: number, offset: Offset): number {
  const day = 86_400_000;
  const [before, after] = [offset(local - day), offset(local + day)];
  const real = [local - before, local - after].filter((at) => at + offset(at) === local);
  return real.length > 0 ? Math.min(...real) : local - before;
}
