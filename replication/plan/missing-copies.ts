import type { Item } from "../kinds/kind.js";
import { isKindName, singularOf } from "../kinds/registry.js";
import { quoted } from "../values/printable.js";
import type { Plans } from "./planned.js";
import { mappingNotAvailable } from "./resolver.js";
import { keyOf, type Reference } from "../kinds/references.js";
import type { Run } from "../inventory/run.js";
import { nameOnSource } from "../inventory/source-names.js";

/** What a plan says of one object of the source. */
interface Fate {
  readonly source: Pick<Item, "id" | "name" | "leftOut">;
  readonly action: string;
  readonly why: readonly string[];
}

/** The kind whose plan is being made, as far as it is. */
export interface OwnPlan {
  readonly kind: string;
  readonly copies: readonly Fate[];
}

const mostOfReason = 120;

/**
 * Says of each reference without a counterpart which object that is, by name, why that one has no copy and what helps. What
 * cannot be looked up is left out of the sentence.
 */
export async function whyMissing(missing: readonly Reference[], run: Run, plans: Plans, own: OwnPlan): Promise<string> {
  const distinct = [...new Map(missing.map((each) => [keyOf(each), each])).values()];
  const told = distinct.map(async (reference) => {
    const { name, why, act } = await fateOf(reference, run, plans, own);
    const [who, reason] = [name === undefined ? [] : [quoted(name)], why === undefined ? [] : [why]];
    const about = [...who, ...reason].join(" ");
    return `${mappingNotAvailable([reference])}${about ? `: ${about}` : ""}; ${act}`;
  });
  return (await Promise.all(told)).join("; ");
}

interface Explanation {
  readonly name?: string | undefined;
  readonly why?: string;
  readonly act: string;
}

async function fateOf({ kind, id }: Reference, run: Run, plans: Plans, own: OwnPlan): Promise<Explanation> {
  const mapIt = `map it (idMappings.${kind}.${id})`;
  const copies = kind === own.kind ? own.copies : await planned(kind, plans);
  const fate = copies?.find(({ source }) => source.id === id);
  if (fate) return { name: fate.source.name, ...whyNotCopied(kind, fate, mapIt) };
  if (run.isStale(kind)) return { why: "cannot be looked up now", act: "the next run tries again" };
  const known = await nameOnSource(kind, id, run);
  if (known === "gone" || (known === undefined && copies))
    return { why: "is gone from the source", act: `mend the reference there, or ${mapIt}` };
  const name = known?.name;
  if (isKindName(kind)) return { name, why: "cannot be looked up now", act: mapIt };
  if (kind === "principals")
    return { name, why: "is not on the standby", act: `add this principal there, or ${mapIt}` };
  const plural = `${singularOf(kind)}s`.replace(/ys$/, "ies");
  return { name, why: `has no counterpart: ${plural} are not copied`, act: `make one on the standby and ${mapIt}` };
}

async function planned(kind: string, plans: Plans): Promise<readonly Fate[] | undefined> {
  if (!isKindName(kind)) return undefined;
  return plans.of(kind).then(
    ({ copies }) => copies,
    () => undefined,
  );
}

function whyNotCopied(kind: string, { source, action, why }: Fate, mapIt: string): Pick<Explanation, "why" | "act"> {
  if (source.leftOut !== undefined) return { why: `is not copied (${source.leftOut})`, act: mapIt };
  if (action === "skip") return { why: "is not selected", act: `select it (select.${kind}), or ${mapIt}` };
  if (action === "blocked")
    return { why: `is not copied either: ${inShort(why)}`, act: `see to that one first, or ${mapIt}` };
  return { why: "could not be copied in this run", act: `see its own line, or ${mapIt}` };
}

/** The first thing that is said, without what that one in turn waits for. */
function inShort(why: readonly string[]): string {
  const [first = "it needs a person"] = why;
  const waits = /^Mapping not available for old [a-z ]+ id [^:;]+/.exec(first)?.[0];
  const text = waits ?? first.split(";")[0]!;
  return text.length <= mostOfReason ? text : `${text.slice(0, mostOfReason)}…`;
}
