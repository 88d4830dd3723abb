import { createHash } from "node:crypto";
import { collect } from "../values/collect.js";
import { isNotFound, UnexpectedAnswer } from "../client/errors.js";
import { isObject, type Json, type JsonObject, objectsOf, parseJson, stringifyJson } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { canonical } from "../values/fingerprint.js";
import { mapAll } from "../values/for-all.js";
import { formerNotesFolder, notesFolder } from "./notes-folder.js";
import { isSignedBy, signText } from "./signing.js";

/** An export carries 10 MB; a part this size leaves room, and is soon sent again when one of its records changes. */
const bytesOfPart = 512 * 1024;

/**
 * The notes of one kind as they lie in the workspace: an index that is signed, and parts whose hashes it names. A changed part is
 * written into the other one of its two files, so that the index always names parts that are whole.
 */
export interface NotesFile {
  readonly kind: string;
  readonly workspaceId: string;
  /** Grows by one with each write: tells notes from a copy of older ones that somebody has put back. */
  readonly serial: number;
  /** ISO 8601. */
  readonly writtenAt: string;
  readonly parts: readonly Part[];
  /** JSON of each record by its origin: of a hundred thousand most are never looked into. */
  readonly records: ReadonlyMap<string, string>;
  /** Why they may not be ours. */
  readonly doubt?: string;
  /** They lie where the version before wrote them, unsigned. */
  readonly former?: boolean;
}

interface Part {
  readonly file: string;
  readonly sha256: string;
}

/** What genuine notes are known by. */
export interface Authenticity {
  readonly workspaceId: string;
  /** Without it nothing can be told to be genuine. */
  readonly publicKey?: string;
}

/**
 * Reads the notes of a kind; undefined when there are none.
 *
 * @throws ApiError, ConnectionError or UnexpectedAnswer when they cannot be read: that is never taken for "none".
 */
export async function readNotesFile(
  client: WorkspaceClient,
  kind: string,
  authenticity: Authenticity,
): Promise<NotesFile | undefined> {
  const text = await textAt(client, indexPath(kind));
  if (text === undefined) return readFormer(client, kind);
  const index = parsed(text);
  const nothing = {
    kind,
    workspaceId: "",
    serial: 0,
    writtenAt: "",
    parts: [],
    records: new Map<string, string>(),
  };
  if (!index) return { ...nothing, doubt: "they are no notes any more" };
  const file = {
    kind: String(index.kind),
    workspaceId: String(index.workspaceId),
    serial: Number(index.serial),
    writtenAt: String(index.writtenAt),
    parts: objectsOf(index.parts).map((part) => ({ file: String(part.file), sha256: String(part.sha256) })),
  };
  const signed = doubtOf(index, kind, authenticity);
  const records = new Map<string, string>();
  let altered: string | undefined;
  const contents = await mapAll(file.parts, ({ file: name }) =>
    isPartName(name, kind) ? textAt(client, `${notesFolder}/${name}`) : Promise.resolve(undefined),
  );
  for (const [place, content] of contents.entries()) {
    const isWhole = content !== undefined && sha256(content) === file.parts[place]!.sha256;
    if (!isWhole) altered ??= content === undefined ? "a part of them is gone" : "somebody has altered them";
    for (const [origin, record] of isWhole ? linesIn(content) : recordsIn(content)) records.set(origin, record);
  }
  const doubt = signed ?? altered;
  return { ...file, records, ...(doubt === undefined ? {} : { doubt }) };
}

/** Writes what changed since `before`, the index last. */
export async function writeNotesFile(
  client: WorkspaceClient,
  notes: Pick<NotesFile, "kind" | "workspaceId" | "serial" | "writtenAt" | "records">,
  before: NotesFile | undefined,
  privateKey: string,
): Promise<NotesFile> {
  await client.post("/api/2.0/workspace/mkdirs", { path: notesFolder }, { idempotent: true });
  const stood = new Map((before?.former ? [] : (before?.parts ?? [])).map((part) => [part.file, part]));
  const parts = await mapAll(partsOf(notes.kind, notes.records), async ([name, content]): Promise<Part> => {
    const [a, b] = slotsOf(name);
    const hash = sha256(content);
    const old = stood.get(a) ?? stood.get(b);
    if (old?.sha256 === hash) return old;
    const file = old?.file === a ? b : a;
    await put(client, `${notesFolder}/${file}`, content);
    return { file, sha256: hash };
  });
  const { kind, workspaceId, serial, writtenAt } = notes;
  const index = { format: 2, kind, workspaceId, serial, writtenAt, parts: parts as unknown as Json };
  const signature = signText(signedText(index), privateKey);
  await put(client, indexPath(kind), `${stringifyJson({ ...index, signature })}\n`);
  const names = new Set(parts.map(({ file }) => shardOf(file)));
  for (const { file } of stood.values()) if (!names.has(shardOf(file))) await removeShard(client, shardOf(file));
  if (before?.former) await remove(client, formerPath(kind));
  return { ...notes, parts };
}

/** Takes the notes of a kind away: there are no copies any more. */
export async function removeNotesFile(client: WorkspaceClient, file: NotesFile): Promise<void> {
  if (file.former) return remove(client, formerPath(file.kind));
  await remove(client, indexPath(file.kind));
  for (const part of file.parts) await removeShard(client, shardOf(part.file));
}

/** What the version before noted, where every user may write: read once, and never taken for genuine. */
async function readFormer(client: WorkspaceClient, kind: string): Promise<NotesFile | undefined> {
  const text = await textAt(client, formerPath(kind));
  if (text === undefined) return undefined;
  return {
    kind,
    workspaceId: "",
    serial: 0,
    writtenAt: "",
    parts: [],
    records: new Map(recordsIn(text)),
    former: true,
    doubt: `they lie in ${formerNotesFolder}, where every user may write`,
  };
}

function doubtOf(index: JsonObject, kind: string, { workspaceId, publicKey }: Authenticity): string | undefined {
  const { signature, ...rest } = index;
  if (publicKey === undefined) return "the key that they are signed with is not known";
  if (typeof signature !== "string" || !isSignedBy(signedText(rest), signature, publicKey))
    return "they are not signed with this stack's key, or somebody has altered them";
  return index.kind === kind && index.workspaceId === workspaceId ? undefined : "they were written for something else";
}

function signedText(index: JsonObject): string {
  return `databricks-dr notes\n${stringifyJson(canonical(index))}`;
}

/** The records in as many parts as their size needs, each in the part that its origin's hash names. */
function partsOf(kind: string, records: ReadonlyMap<string, string>): [string, string][] {
  const texts = [...records]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([origin, record]) => [origin, `${stringifyJson(origin)}:${record}`] as const);
  const bytes = texts.reduce((sum, [, text]) => sum + text.length, 0);
  const count = 2 ** Math.max(0, Math.ceil(Math.log2(bytes / bytesOfPart)));
  const shards = Array.from({ length: count }, (): string[] => []);
  for (const [origin, text] of texts) shards[Number.parseInt(sha256(origin).slice(0, 8), 16) % count]!.push(text);
  return shards.map((lines, index) => [`${kind}.${index + 1}-of-${count}`, `{"records":{\n${lines.join(",\n")}\n}}\n`]);
}

/** Whatever somebody has made of them. */
function recordsIn(content = ""): (readonly [string, string])[] {
  return Object.entries(parsed(content)?.records ?? {}).flatMap(([origin, record]) =>
    isRecord(record) ? [[origin, stringifyJson(record)] as const] : [],
  );
}

/** Of genuine notes a record stands on a line of its own: `"origin":{…}`, with a comma after all but the last. */
function* linesIn(content: string): Generator<readonly [string, string]> {
  for (const line of content.split("\n")) {
    const [, origin, record] = /^("(?:[^"\\]|\\.)*"):(\{.*\}),?$/.exec(line) ?? [];
    if (origin !== undefined && record !== undefined) yield [JSON.parse(origin) as string, record];
  }
}

function isPartName(file: string, kind: string): boolean {
  return file.startsWith(`${kind}.`) && /^[a-z-]+\.\d+-of-\d+\.[ab]\.json$/.test(file);
}

/** The two files of a part: one stands while the other is written. */
function slotsOf(shard: string): readonly [string, string] {
  return [`${shard}.a.json`, `${shard}.b.json`];
}

function shardOf(file: string): string {
  return file.replace(/\.[ab]\.json$/, "");
}

function indexPath(kind: string): string {
  return `${notesFolder}/${kind}.json`;
}

function formerPath(kind: string): string {
  return `${formerNotesFolder}/${kind}.json`;
}

async function textAt(client: WorkspaceClient, path: string): Promise<string | undefined> {
  try {
    const query = { path, direct_download: true, format: "AUTO" };
    const text = Buffer.concat(await collect(await client.download("/api/2.0/workspace/export", query))).toString(
      "utf8",
    );
    if (/^\s*<(!doctype|html)/i.test(text))
      throw new UnexpectedAnswer(`GET /api/2.0/workspace/export: a page came in place of ${path}`);
    return text;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function put(client: WorkspaceClient, path: string, text: string): Promise<void> {
  await client.upload("POST", `/api/2.0/workspace-files/import-file${path}`, { overwrite: true }, () => text);
}

async function removeShard(client: WorkspaceClient, shard: string): Promise<void> {
  for (const file of slotsOf(shard)) await remove(client, `${notesFolder}/${file}`);
}

async function remove(client: WorkspaceClient, path: string): Promise<void> {
  try {
    await client.post("/api/2.0/workspace/delete", { path }, { idempotent: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    const content = parseJson(text);
    return isObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(record: Json | undefined): record is JsonObject {
  return isObject(record) && typeof record.name === "string";
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
