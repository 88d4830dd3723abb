import { isRefusal, UnexpectedAnswer } from "../client/errors.js";
import { mapAll } from "../values/for-all.js";
import type { JsonObject } from "../values/json.js";
import { originOf } from "../inventory/marker.js";
import { messageOf } from "../values/redact.js";
import { dbfsFilesBelow, fileStores, proven, sha256 } from "./files.js";
import { type Inventory, type Copy, type Item, type Kind, NeedsPerson, type Side } from "./kind.js";
import { PassedFiles } from "./passed-files.js";
import { dbfsRefusal, isOff, unlessDbfsIsOff } from "./scripts/dbfs-refusal.js";
import { type Destination, parseDestination, whyLeftOut } from "./scripts/script-destination.js";
import { moveIt, whyNoPlace } from "./scripts/script-place.js";
import { copiedOrWanted, legacyFolder, type Script, scriptsOfSource } from "./scripts/wanted-scripts.js";

export const initScripts: Kind = {
  name: "init-scripts",
  singular: "init script",
  after: ["folders"],
  identity: { by: "path", foreign: "left" },

  summary: ({ size, sha256: hash }) => `${String(size)} bytes, SHA-256 ${String(hash).slice(0, 12)}…`,

  async list(side, run) {
    const legacy = await unlessDbfsIsOff(side.client, () => dbfsFilesBelow(side.client, legacyFolder));
    const refusal = legacy ? undefined : dbfsRefusal(side.client);
    if (refusal !== undefined && !isOff(refusal))
      run.tell({
        kind: "init-scripts",
        severity: "warning",
        text: `${side.endpoint.stack}: ${refusal}; its scripts are not seen`,
      });
    const scripts = new Map<Destination, Script>(
      (legacy ?? []).map(([path, status]) => [`dbfs:${path}`, { destination: `dbfs:${path}`, status, referrers: [] }]),
    );
    for (const script of side === run.source ? await scriptsOfSource(side, run) : await copiedOrWanted(run))
      if (!scripts.has(script.destination)) scripts.set(script.destination, script);
    const items = await mapAll([...scripts.values()], (script) => toItem(side, run, script));
    return items.filter((item) => item !== undefined);
  },

  define: (side, item, run) => contentOf(side, run, item),

  async prepare({ id, definition, notes = [] }, { run }) {
    const obstacle = await whyNoPlace(id, run);
    return { definition, notes, ...(obstacle === undefined ? {} : { obstacle }) };
  },

  create: (target, copy, run) => write(target, copy, run),

  async update(target, _id, copy, _actual, run) {
    await write(target, copy, run);
  },

  async remove({ client }, id) {
    refuseLeftOut(id);
    const { store, path } = parseDestination(id);
    if (store) await fileStores[store].remove(client, path);
  },
};

async function toItem(side: Side, run: Inventory, script: Script): Promise<Item | undefined> {
  const { destination, referrers, noted } = script;
  const isSource = side === run.source;
  const item = {
    id: destination,
    name: destination,
    origin: originOf("path", "init-scripts", destination),
    marked: false,
    ...(noted ? { notes: [noted] } : {}),
  };
  const leftOut = whyLeftOut(destination);
  const { store, path } = parseDestination(destination);
  if (!store || leftOut !== undefined) return { ...item, definition: {}, ...(leftOut ? { leftOut } : {}) };
  const refers = referrers.length > 0 ? `${referrers.join(", ")} refers to it, but ` : "";
  const unreadable = (why: string): Item => ({ ...item, definition: {}, unreadable: `${refers}${why}` });
  const refusal = store === "dbfs" && !script.status ? dbfsRefusal(side.client) : undefined;
  if (refusal !== undefined) {
    if (isSource) return unreadable(`on the source ${refusal}: ${moveIt}`);
    return noted === undefined ? undefined : unreadable(refusal);
  }
  // Of a folder that was listed it is known what is not there.
  const isListed = script.status !== undefined || (store === "dbfs" && path.startsWith(`${legacyFolder}/`));
  try {
    const status = isListed ? script.status : await fileStores[store].status(side.client, path);
    if (status) return { ...item, stamp: status.stamp };
    return isSource && noted === undefined ? unreadable("the source has no such file") : undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return unreadable(`it cannot be read (${messageOf(error)})`);
  }
}

/** Size and hash of a file; read unless this run wrote it. */
async function contentOf(side: Side, run: Inventory, { id, stamp = "" }: Item): Promise<JsonObject> {
  const { store, path } = parseDestination(id);
  const size = Number(/^\d+(?=:)/.exec(stamp)?.[0] ?? -1);
  const files = PassedFiles.of(run);
  const isSource = side === run.source;
  const written = isSource ? undefined : files.written(id, size);
  if (written) return written;
  const read = fileStores[store!].read(side.client, path);
  const content = whole(isSource ? files.keeping(id, size, read) : read, id, size);
  return { size, sha256: await sha256(content) };
}

/** An answer of another size than the file's is not its content: a page of a gateway, or a part. */
async function* whole(
  content: AsyncIterable<Uint8Array>,
  destination: Destination,
  size: number,
): AsyncIterable<Uint8Array> {
  let read = 0;
  for await (const block of content) {
    read += block.length;
    yield block;
  }
  if (size >= 0 && read !== size)
    throw new UnexpectedAnswer(`${destination} has ${size} bytes, and ${read} came when it was read`);
}

async function write(target: Side, { source, definition }: Copy, run: Inventory): Promise<string> {
  refuseLeftOut(source.id);
  const { store, path } = parseDestination(source.id);
  const from = run.source!.client;
  const files = PassedFiles.of(run);
  const kept = files.take(source.id);
  const content = (): AsyncIterable<Uint8Array> =>
    proven(kept ?? fileStores[store!].read(from, path), String(definition.sha256));
  await fileStores[store!].write(target.client, path, content);
  files.noteWritten(source.id, definition);
  return source.id;
}

/** Whatever notes or a listing say: our own files are nobody's script. */
function refuseLeftOut(destination: Destination): void {
  const why = whyLeftOut(destination);
  if (why !== undefined) throw new NeedsPerson(why);
}
