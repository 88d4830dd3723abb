import { createHash } from "node:crypto";
import { collect } from "../values/collect.js";
import { isObject, type JsonObject } from "../values/json.js";
import type { Copy, Inventory, Item, Kind, Side } from "./kind.js";
import { inTree } from "./tree/in-tree.js";
import { adviceOn, mentionsIn } from "./tree/mentions.js";
import { languageOf, notebookItem } from "./tree/tree.js";

/** Most bytes of contents together that are kept from the reading to the writing. */
const mostKept = 32 * 1024 * 1024;

/** As JSON an import carries 10 MB of text, a third longer than what it stands for. Beyond that it comes as a form. */
const mostAsJson = 7 * 1024 * 1024;

/** What passed through one run: contents between reading and writing, and what was written. */
interface Passed {
  readonly contents: Map<string, Read>;
  readonly written: Map<string, JsonObject>;
  bytes: number;
}

const passed = new WeakMap<Inventory, Passed>();

/** Notebooks of the workspace's tree, in the format that each has: Jupyter ones keep their outputs. */
export const notebooks: Kind = {
  ...inTree("notebooks", notebookItem),
  name: "notebooks",
  singular: "notebook",
  after: ["folders"],
  identity: { by: "path", foreign: "left" },
  permissions: { type: "notebooks" },
  // Derived from the content, which is compared by its hash.
  unseen: ["mentions"],

  summary: ({ language, format, sha256 }) =>
    `${String(language)}, ${String(format)}, SHA-256 ${String(sha256).slice(0, 12)}…`,

  async define(side, item, run) {
    const isSource = side === run.source;
    const { written } = passedIn(run);
    const known = isSource ? undefined : written.get(item.id);
    if (known) return known;
    const asRead = await read(side, item);
    const { definition, content } = asRead;
    if (!isSource) return definition;
    keep(run, item.id, asRead);
    const mentions = mentionsIn(content, definition.format);
    return { ...definition, ...(mentions ? { mentions } : {}) };
  },

  async advise({ mentions }, item, run) {
    return isObject(mentions) ? adviceOn(mentions, item, notebooks, run) : [];
  },

  create: (target, copy, run) => write(target, copy, run),

  async update(target, _id, copy, _actual, run) {
    await write(target, copy, run);
  },
};

/** A notebook as it was read. */
interface Read {
  readonly definition: JsonObject & { readonly format: Format; readonly sha256: string };
  readonly content: Buffer;
}

type Format = "SOURCE" | "JUPYTER";

async function read({ client }: Side, item: Item): Promise<Read> {
  const { id: path } = item;
  const language = languageOf(item);
  const format = await formatOf({ path, language }, client);
  const query = { path, format, direct_download: true };
  const content = Buffer.concat(await collect(await client.download("/api/2.0/workspace/export", query)));
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { definition: { language, format, sha256 }, content };
}

/** Its own format is told by a flag that is in no documentation, and only of one in Python can it be Jupyter's. */
async function formatOf(
  { path, language }: { readonly path: string; readonly language: string },
  client: Side["client"],
): Promise<Format> {
  if (language !== "PYTHON") return "SOURCE";
  const status = await client.get("/api/2.0/workspace/get-status", { path, return_export_info: true });
  return status.repos_export_format === "JUPYTER" ? "JUPYTER" : "SOURCE";
}

async function write({ client }: Side, { source, definition }: Copy, run: Inventory): Promise<string> {
  const { definition: now, content } = take(run, source.id) ?? (await read(run.source!, source));
  if (now.sha256 !== definition.sha256)
    throw new Error("changed on the source while it was copied; the next run copies it");
  const fields = {
    path: source.id,
    format: String(definition.format),
    ...(definition.format === "SOURCE" ? { language: String(definition.language) } : {}),
  };
  const route = "/api/2.0/workspace/import";
  if (content.length > mostAsJson) await client.postForm(route, { ...fields, overwrite: "true" }, content);
  else {
    const request = { ...fields, overwrite: true, content: content.toString("base64") };
    await client.post(route, request, { idempotent: true });
  }
  passedIn(run).written.set(source.id, definition);
  return source.id;
}

function passedIn(run: Inventory): Passed {
  let known = passed.get(run);
  if (!known) passed.set(run, (known = { contents: new Map(), written: new Map(), bytes: 0 }));
  return known;
}

function keep(run: Inventory, path: string, asRead: Read): void {
  const known = passedIn(run);
  if (known.bytes + asRead.content.length > mostKept) return;
  take(run, path);
  known.contents.set(path, asRead);
  known.bytes += asRead.content.length;
}

function take(run: Inventory, path: string): Read | undefined {
  const known = passedIn(run);
  const asRead = known.contents.get(path);
  if (asRead && known.contents.delete(path)) known.bytes -= asRead.content.length;
  return asRead;
}
