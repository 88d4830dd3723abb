import type { JsonObject } from "../../values/json.js";
import { quoted } from "../../values/printable.js";
import { messageOf } from "../../values/redact.js";
import type { FileStatus } from "../files.js";
import type { Inventory, Item, Side } from "../kind.js";
import { dbfsRefusal } from "./dbfs-refusal.js";
import { type Destination, destinationsIn, whyLeftOut } from "./script-destination.js";

/** Where the guide's init scripts live: past its end of life, still found. */
export const legacyFolder = "/databricks/init";

/** A script by its destination, `dbfs:/databricks/init/a.sh`, and who refers to it. */
export interface Script {
  readonly destination: Destination;
  readonly status?: FileStatus;
  readonly referrers: readonly string[];
  /** It is known by the notes on its copy alone, and why. */
  readonly noted?: string;
}

/**
 * What the source's clusters, job clusters and pools refer to, and by whom. Scripts of which that cannot be known now are
 * those that were copied before: a script is not gone because a listing failed.
 */
export async function scriptsOfSource(side: Side, run: Inventory): Promise<Script[]> {
  const listings = await Promise.allSettled([
    run.items("source", "clusters").then((items) => items.map(wholeOf("cluster"))),
    run.items("source", "jobs").then((items) => items.map(wholeOf("job"))),
    run.items("source", "instance-pools").then((items) => items.map(wholeOf("pool"))),
  ]);
  const referrers = new Map<Destination, Set<string>>();
  const unknown: string[] = [];
  for (const listing of listings)
    if (listing.status === "rejected") unknown.push(messageOf(listing.reason));
    else
      for (const { who, definition } of listing.value)
        for (const destination of destinationsIn(definition))
          referrers.set(destination, (referrers.get(destination) ?? new Set()).add(who));
  const referred = [...referrers].map(([destination, who]) => ({ destination, referrers: [...who] }));
  return [...referred, ...(await notedBefore(side, run, unknown))];
}

/** What may refer to a script, and what it is called. */
interface Referrer {
  readonly who: string;
  readonly definition: JsonObject;
}

function wholeOf(singular: string): (item: Item) => Referrer {
  return ({ name, definition = {} }) => ({ who: `${singular} ${quoted(name)}`, definition });
}

/** The scripts copied before, where it cannot be seen now that they are wanted, or that they are there. */
async function notedBefore(side: Side, run: Inventory, unknown: readonly string[]): Promise<Script[]> {
  const dbfsIsOff = dbfsRefusal(side.client) !== undefined;
  if (unknown.length === 0 && !dbfsIsOff) return [];
  const lacking = `not all that refers to scripts can be seen now (${unknown.join("; ")})`;
  if (unknown.length > 0)
    run.tell({
      kind: "init-scripts",
      severity: "warning",
      text: `init-scripts: ${lacking}. The scripts copied before are followed, and those in ${legacyFolder}; new ones are not found`,
    });
  const noted = [...(await run.notes("target", "init-scripts")).entries()]
    .filter(([, { orphaned }]) => !orphaned)
    .map(([, { name }]) => name)
    // Elsewhere on DBFS a script is wanted by whoever refers to it.
    .filter((name) => unknown.length > 0 || name.startsWith(`dbfs:${legacyFolder}/`));
  const why = unknown.length > 0 ? `followed by the notes on its copy: ${lacking}` : "";
  return noted.map((destination) => ({ destination, referrers: [], noted: why }));
}

/** The places of the target that matter: those of the source's scripts, and those of earlier copies. */
export async function copiedOrWanted(run: Inventory): Promise<Script[]> {
  const [sources, notes] = await Promise.all([
    run.items("source", "init-scripts"),
    run.notes("target", "init-scripts"),
  ]);
  const copied = new Set([...notes.entries()].map(([, { name }]) => name));
  const wanted = sources.filter(({ leftOut }) => leftOut === undefined).map(({ id }) => id);
  return [...new Set([...copied, ...wanted])]
    .filter((destination) => whyLeftOut(destination) === undefined)
    .map((destination) => ({ destination, referrers: [], ...(copied.has(destination) ? { noted: "" } : {}) }));
}
