import type { Inventory } from "../kinds/kind.js";
import type { JsonObject } from "../values/json.js";
import { mapAll } from "../values/for-all.js";
import { referencesOf, type Referring } from "../kinds/references.js";
import type { Plans } from "../plan/planned.js";
import { policyViolations } from "./policy-violations.js";
import { type Need, needsOf } from "./needs.js";
import { type Answer, presenceOf } from "./presence.js";

/** A copy that stands or will stand, by its original's id. */
export interface Standing {
  readonly id: string;
  readonly definition: JsonObject;
  /** The definition with the standby's ids. */
  readonly translated: () => Promise<JsonObject>;
}

const mostOfOneSort = 5;

/**
 * Says in one line of each copy that cannot start what it lacks, by the source's id. What the source lacks as well is told
 * apart, and so is what could not be asked. Each line is the same at each run while nothing changes.
 */
export async function whyNotReady(
  kind: Referring,
  copies: readonly Standing[],
  run: Inventory,
  plans: Pick<Plans, "of">,
): Promise<ReadonlyMap<string, string>> {
  if (!run.target) return new Map();
  const needs = copies.map((copy) => ({ copy, needs: needsOf(copy.definition).map(named(run)) }));
  const wanted = distinct(needs.flatMap((each) => each.needs));
  const all = await withoutCopied(await withoutCopied(wanted, "init-scripts", run, plans), "notebooks", run, plans);
  const there = await presenceOf(all, "target", run);
  const missing = all.filter(({ label }) => there.get(label) === "missing");
  const before = await presenceOf(missing, "source", run);
  const open = new Set(all.map(({ label }) => label));
  const lines = await mapAll(needs, async ({ copy, needs: own }): Promise<[string, string | undefined]> => {
    const opened = own.filter(({ label }) => open.has(label));
    return [copy.id, lineOf(opened, there, before, await violations(kind, copy, run))];
  });
  return new Map(lines.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Principals are looked for under the name that they have on the standby. */
function named({ settings }: Inventory): (need: Need) => Need {
  const mappings = settings.idMappings?.principals ?? {};
  return (need) => {
    if (need.sort !== "principal" || !Object.hasOwn(mappings, need.name)) return need;
    const name = mappings[need.name]!;
    return { ...need, name, label: `user ${name}` };
  };
}

/** Ids are translated only where a policy is to be asked. */
async function violations(
  referring: Referring,
  { definition, translated }: Standing,
  run: Inventory,
): Promise<string[]> {
  const hasPolicy = referencesOf(referring, definition).some(({ kind }) => kind === "cluster-policies");
  return hasPolicy ? policyViolations(await translated(), run) : [];
}

function distinct(needs: readonly Need[]): Need[] {
  return [...new Map(needs.map((need) => [need.label, need])).values()];
}

/** What is copied is there, or will be. Others may stand there all the same: not selected, or somebody else's. */
async function withoutCopied(
  needs: readonly Need[],
  kind: "init-scripts" | "notebooks",
  run: Inventory,
  plans: Pick<Plans, "of">,
): Promise<Need[]> {
  const idOf = (need: Need): string | undefined => {
    if (kind === "init-scripts") return need.sort === "script" ? need.destination : undefined;
    return need.sort === "file" && need.place === "workspace" ? need.path : undefined;
  };
  if (!needs.some((need) => idOf(need) !== undefined)) return [...needs];
  const copied = await run
    .once(`copied ${kind}`, async () => {
      const { copies } = await plans.of(kind);
      return new Set(
        copies.filter(({ action }) => action !== "skip" && action !== "blocked").map(({ source }) => source.id),
      );
    })
    .catch(() => new Set<string>());
  return needs.filter((need) => !copied.has(idOf(need) ?? ""));
}

function lineOf(
  needs: readonly Need[],
  there: ReadonlyMap<string, Answer>,
  before: ReadonlyMap<string, Answer>,
  violated: readonly string[],
): string | undefined {
  const [lacking, broken, refused, unknown] = [[], [], [], []] as [string[], string[], Refused[], string[]];
  const logins: string[] = [];
  for (const { label, sort } of needs) {
    const answer = there.get(label);
    if (sort === "login") logins.push(label);
    else if (answer === "missing") (before.get(label) === "missing" ? broken : lacking).push(label);
    else if (typeof answer === "object" && "refused" in answer) refused.push({ label, why: answer.refused });
    else if (typeof answer === "object") unknown.push(`${label} (${answer.unknown})`);
  }
  const said = [
    ...(lacking.length > 0 ? [`the standby has no ${listed(lacking, "no ")}`] : []),
    ...(refused.length > 0 ? [`on the standby ${refused[0]!.why}: ${listed(refused.map(({ label }) => label))}`] : []),
    ...(logins.length > 0 ? [`a password is not given out: enter the ${listed(logins)} on the copy`] : []),
    ...violated,
    ...(broken.length > 0 ? [`missing on the source as well: ${listed(broken)}`] : []),
  ];
  const open = unknown.length > 0 ? [`could not be checked: ${listed(unknown)}`] : [];
  if (said.length + open.length === 0) return undefined;
  return said.length > 0 ? `cannot start: ${[...said, ...open].join("; ")}` : `may not start: ${open.join("; ")}`;
}

interface Refused {
  readonly label: string;
  readonly why: string;
}

function listed(labels: readonly string[], again = ""): string {
  const rest = labels.length > mostOfOneSort ? ` and ${labels.length - mostOfOneSort} more` : "";
  return `${labels.slice(0, mostOfOneSort).join(`, ${again}`)}${rest}`;
}
