import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseJson, stringifyJson, type Json, type JsonObject } from "./http/json.js";

/** One REST call of an estate. `${name}` stands for a captured value in paths, keys and texts. */
export interface EstateCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query: `/api/2.0/clusters/get?cluster_id=${operations}`. */
  readonly path: string;
  /** JSON; or a text, which is sent as it is, for calls that take a file's bytes. */
  readonly body?: JsonObject | string;
  /** Name → path of a field of the answer: `{"nightly": "job_id", "first": "pools.0.id"}`. */
  readonly capture?: Readonly<Record<string, string>>;
  /** Repeats the call until a field of the answer has one of these values; for what takes its time. */
  readonly until?: { readonly field: string; readonly in: readonly Json[]; readonly seconds?: number };
}

export type Estate = readonly EstateCall[];

export interface EstateTarget {
  readonly host: string;
  readonly token: string;
  readonly progress?: (done: number, total: number) => void;
}

const transient = [429, 503, 504];

/** Reads an estate from a JSON file; integers of any size are kept exactly. @throws Error that names the mistake. */
export async function readEstate(file: string): Promise<Estate> {
  return parseEstate(await readFile(file, "utf8"), file);
}

/** @throws Error that names what is no estate in `text`. */
export function parseEstate(text: string, source = "the estate"): Estate {
  let parsed: Json;
  try {
    parsed = parseJson(text);
  } catch (cause) {
    throw new Error(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!Array.isArray(parsed)) throw new Error(`${source} is not an array of {"method", "path", "body"}`);
  parsed.forEach((call, index) => {
    const { method, path } = (call ?? {}) as { method?: Json; path?: Json };
    if (typeof method !== "string" || typeof path !== "string" || !path.startsWith("/"))
      throw new Error(`${source}: call ${index} needs a method and a path that begins with a slash`);
  });
  return parsed as unknown as Estate;
}

/**
 * Sends an estate's calls, one after the other, to a workspace: the sandbox's or a real one. A call that the service asks
 * to repeat (429, 503) is repeated; any other that fails ends the loading.
 * @throws Error with the call's index, the call, and what was answered.
 */
export async function loadEstate(estate: Estate, target: EstateTarget): Promise<{ readonly calls: number }> {
  const captured = new Map<string, Json>();
  for (const [index, call] of estate.entries()) {
    await runCall(call, index, captured, target);
    target.progress?.(index + 1, estate.length);
  }
  return { calls: estate.length };
}

async function runCall(
  call: EstateCall,
  index: number,
  captured: Map<string, Json>,
  target: EstateTarget,
): Promise<void> {
  const where = `estate call ${index} (${call.method} ${call.path})`;
  const path = String(fill(call.path, captured, where));
  const body = bodyOf(call.body, captured, where);
  const deadline = Date.now() + (call.until?.seconds ?? 900) * 1000;
  for (let attempt = 0; ; attempt++) {
    const { status, text, retryAfter } = await send(call.method, path, body, target, where);
    if (transient.includes(status) && Date.now() < deadline) {
      await sleep(retryAfter ?? Math.min(100 * 2 ** attempt, 10_000));
      continue;
    }
    if (status >= 400) throw new Error(`${where} was answered ${status}: ${text}`);
    const answer: Json = text.trim() === "" ? {} : parseJson(text);
    for (const [name, field] of Object.entries(call.capture ?? {}))
      captured.set(name, fieldAt(answer, field, `${where}, capture ${name}`));
    const reached = call.until && findField(answer, call.until.field);
    if (!call.until || (reached !== undefined && call.until.in.includes(reached))) return;
    if (Date.now() > deadline)
      throw new Error(
        `${where}: ${call.until.field} did not become ${call.until.in.join(" or ")}; last answer: ${text}`,
      );
    await sleep(Math.min(50 * 1.5 ** attempt, 5_000));
  }
}

interface Body {
  readonly type: string;
  readonly text: string;
}

function bodyOf(body: EstateCall["body"], captured: ReadonlyMap<string, Json>, where: string): Body | undefined {
  if (body === undefined) return undefined;
  if (typeof body === "string") return { type: "application/octet-stream", text: body };
  return { type: "application/json", text: stringifyJson(fill(body, captured, where)) };
}

async function send(
  method: string,
  path: string,
  body: Body | undefined,
  target: EstateTarget,
  where: string,
): Promise<{ status: number; text: string; retryAfter: number | undefined }> {
  try {
    const response = await fetch(`${target.host}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${target.token}`,
        ...(body ? { "content-type": body.type } : {}),
      },
      ...(body ? { body: body.text } : {}),
    });
    const seconds = Number.parseFloat(response.headers.get("retry-after") ?? "");
    return {
      status: response.status,
      text: await response.text(),
      retryAfter: Number.isFinite(seconds) ? seconds * 1000 : undefined,
    };
  } catch (cause) {
    throw new Error(`${where}: ${target.host} did not answer`, { cause });
  }
}

/** `value` with every `${name}` filled in. One that is a whole text keeps its type, so that an id stays a number. */
function fill(value: Json | undefined, captured: ReadonlyMap<string, Json>, where: string): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => fill(item, captured, where) ?? null);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [String(fill(key, captured, where)), fill(entry, captured, where)]),
    );
  if (typeof value !== "string") return value;
  const whole = /^\$\{([\w.-]+)\}$/.exec(value)?.[1];
  if (whole !== undefined && captured.has(whole)) return captured.get(whole);
  // A name that nothing captured is not ours: Databricks and shell scripts write ${…} too.
  return value.replaceAll(/\$\{([\w.-]+)\}/g, (text, name: string) =>
    captured.has(name) ? String(captured.get(name)) : text,
  );
}

function fieldAt(answer: Json, path: string, where: string): Json {
  const value = findField(answer, path);
  if (value === undefined) throw new Error(`${where}: the answer has no field ${path}: ${stringifyJson(answer)}`);
  return value;
}

function findField(answer: Json, path: string): Json | undefined {
  let value: Json | undefined = answer;
  for (const key of path.split("."))
    value = value !== null && typeof value === "object" ? (value as JsonObject)[key] : undefined;
  return value;
}
