import { ApiError, isNotFound } from "../client/errors.js";
import { isArray, isObject, type Json, objectsOf } from "../client/json.js";
import { mapAll } from "../for-all.js";
import { originOf } from "../marker.js";
import type { Run } from "../run.js";
import { dbfsFilesBelow, encodePath, type FileStatus, fileStores, proven, sha256 } from "./files.js";
import type { Copy, Item, Kind, Side } from "./kind.js";
import { PassedFiles } from "./passed-files.js";

/** Where the guide's init scripts live: past its end of life, still found. */
const legacyFolder = "/databricks/init";

type Store = keyof typeof fileStores;

/** A script by its destination, `dbfs:/databricks/init/a.sh`, and who refers to it. */
interface Script {
  readonly destination: string;
  readonly status?: FileStatus;
  readonly referrers: readonly string[];
}

export const initScripts: Kind = {
  name: "init-scripts",
  singular: "init script",
  identity: "path",

  summary: ({ size, sha256: hash }) => `${String(size)} bytes, SHA-256 ${String(hash).slice(0, 12)}…`,

  async list(side, run) {
    const legacy = await dbfsFilesBelow(side.client, legacyFolder);
    const scripts = new Map<string, Script>(
      legacy.map(([path, status]) => [`dbfs:${path}`, { destination: `dbfs:${path}`, status, referrers: [] }]),
    );
    for (const [destination, referrers] of side === run.source
      ? await referredTo(side, run)
      : await copiedOrWanted(run))
      if (!scripts.has(destination)) scripts.set(destination, { destination, referrers });
    const items = await mapAll([...scripts.values()], (script) => toItem(side, run, script));
    return items.filter((item) => item !== undefined);
  },

  async prepare({ id, definition }, { run }) {
    const volume = /^volumes:(\/Volumes\/[^/]+\/[^/]+\/[^/]+)\//.exec(id)?.[1];
    if (volume === undefined || (await volumeExists(volume, run))) return { definition };
    return { definition, obstacle: `the standby has no volume ${volume}: make it there, in its own metastore` };
  },

  create: (target, copy, run) => write(target, copy, run),

  async update(target, _id, copy, _actual, run) {
    await write(target, copy, run);
  },

  async remove({ client }, id) {
    const { store, path } = parse(id);
    if (store) await fileStores[store].remove(client, path);
  },
};

/** Asked of the target; taken for granted while there is no target. */
function volumeExists(volume: string, run: Run): Promise<boolean> {
  const { target } = run;
  if (!target) return Promise.resolve(true);
  return run.once(`volume ${volume}`, async () => {
    try {
      await target.client.head(`/api/2.0/fs/directories${encodePath(volume)}`);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  });
}

/** What the source's clusters, job clusters and pools refer to, and by whom. */
async function referredTo(side: Side, run: Run): Promise<Map<string, string[]>> {
  const [clusters, jobs, pools] = await Promise.all([
    run.items("source", "clusters"),
    run.items("source", "jobs"),
    side.client.get("/api/2.0/instance-pools/list"),
  ]);
  const referrers = new Map<string, string[]>();
  const note = (who: string, definition: Json): void => {
    for (const destination of destinationsIn(definition))
      referrers.set(destination, [...new Set([...(referrers.get(destination) ?? []), who])]);
  };
  for (const { name, definition } of clusters) note(`cluster "${name}"`, definition);
  for (const { name, definition } of jobs) note(`job "${name}"`, definition);
  for (const pool of objectsOf(pools.instance_pools)) note(`pool "${String(pool.instance_pool_name)}"`, pool);
  return referrers;
}

/** The places of the target that matter: those of the source's scripts, and those of earlier copies. */
async function copiedOrWanted(run: Run): Promise<Map<string, string[]>> {
  const [sources, notes] = await Promise.all([
    run.items("source", "init-scripts"),
    run.notes("target", "init-scripts"),
  ]);
  const copied = [...notes.entries()].map(([, { name }]) => name);
  const wanted = sources.filter(({ leftOut }) => leftOut === undefined).map(({ id }) => id);
  return new Map([...copied, ...wanted].map((destination) => [destination, []]));
}

/** Every `init_scripts` destination, wherever in the definition; the same script has one spelling. */
function destinationsIn(value: Json): string[] {
  if (isArray(value)) return value.flatMap(destinationsIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    if (inner === undefined) return [];
    if (field !== "init_scripts") return destinationsIn(inner);
    return objectsOf(inner).flatMap((script) =>
      Object.entries(script).flatMap(([store, at]) =>
        isObject(at) && typeof at.destination === "string" ? [spell(store, at.destination)] : [],
      ),
    );
  });
}

function spell(store: string, destination: string): string {
  if (store === "workspace") return `workspace:${destination.replace(/^\/Workspace(?=\/)/, "")}`;
  if (store === "volumes" || /^(dbfs:)?\/Volumes\//.test(destination))
    return `volumes:${destination.replace(/^dbfs:/, "")}`;
  if (store === "dbfs") return `dbfs:${destination.replace(/^dbfs:/, "").replace(/^\/*/, "/")}`;
  return destination;
}

function parse(destination: string): { readonly store: Store | undefined; readonly path: string } {
  const [, store, path = ""] = /^(dbfs|workspace|volumes):(\/.*)$/s.exec(destination) ?? [];
  return { store: store as Store | undefined, path };
}

async function toItem(side: Side, run: Run, script: Script): Promise<Item | undefined> {
  const { destination, referrers } = script;
  const item = {
    id: destination,
    name: destination,
    origin: originOf("path", "init-scripts", destination),
    marked: false,
  };
  const { store, path } = parse(destination);
  if (!store) return { ...item, definition: {}, leftOut: whyElsewhere(destination) };
  if (store === "dbfs" && path.startsWith("/mnt/"))
    return { ...item, definition: {}, leftOut: "lies on a mount: it comes with the mounted storage" };
  const refers = referrers.length > 0 ? `${referrers.join(", ")} refers to it, but ` : "";
  // Of a folder that was listed it is known what is not there.
  const isListed = script.status !== undefined || (store === "dbfs" && path.startsWith(`${legacyFolder}/`));
  try {
    const status = isListed ? script.status : await fileStores[store].status(side.client, path);
    if (status)
      return { ...item, stamp: status.stamp, definition: await contentOf(side, run, item, store, path, status) };
    return side === run.source
      ? { ...item, definition: {}, unreadable: `${refers}the source has no such file` }
      : undefined;
  } catch (error) {
    if (!(error instanceof ApiError) || error.rateLimited || error.outcomeUnknown) throw error;
    return { ...item, definition: {}, unreadable: `${refers}it cannot be read (${error.message})` };
  }
}

function whyElsewhere(destination: string): string {
  return /^abfss?:/.test(destination)
    ? "stays where it is: see that the standby may read that storage account"
    : "stays where it is: no place of the workspace";
}

/** Size and hash of a file; read only when its stamp is not the one of the last run, and this run did not write it. */
async function contentOf(
  side: Side,
  run: Run,
  item: Pick<Item, "id" | "origin">,
  store: Store,
  path: string,
  status: FileStatus,
): Promise<Item["definition"]> {
  const end = side === run.source ? "source" : "target";
  const seen = (await run.notes("target", "init-scripts")).get(item.origin)?.seen?.[end];
  if (seen?.stamp === status.stamp) return seen.definition;
  const files = PassedFiles.of(run);
  const written = end === "target" ? files.written(item.id, status.size) : undefined;
  if (written) return written;
  const read = fileStores[store].read(side.client, path);
  const content = end === "source" ? files.keeping(item.id, status.size, read) : read;
  return { size: status.size, sha256: await sha256(content) };
}

async function write(target: Side, { source, definition }: Copy, run: Run): Promise<string> {
  const { store, path } = parse(source.id);
  const from = run.source!.client;
  const files = PassedFiles.of(run);
  const kept = files.take(source.id);
  const content = (): AsyncIterable<Uint8Array> =>
    proven(kept ?? fileStores[store!].read(from, path), String(definition.sha256));
  await fileStores[store!].write(target.client, path, content);
  files.noteWritten(source.id, definition);
  return source.id;
}
