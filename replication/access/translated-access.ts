import type { Inventory, Permissions } from "../kinds/kind.js";
import { presenceOf } from "../readiness/presence.js";
import { mapAll } from "../values/for-all.js";
import { type AccessList, type Grant, owner, sorted } from "./access-list.js";

/** What a list of the source becomes on the target. */
export interface TranslatedAccess {
  readonly list: AccessList;
  /** Grants that cannot be given, since who has them is not there: `bob@example.com (CAN_RUN)`. */
  readonly lacking: readonly string[];
}

/** Groups that every workspace has. */
const builtIn: ReadonlySet<string> = new Set(["users", "admins", "account users"]);

/**
 * The source's grants to those who stand for their principals on the target. Where an owner is needed and the source's is not
 * there, it is the one that is configured, or `me`.
 */
export async function translatedAccess(
  list: AccessList,
  { hasOwner = false }: Permissions,
  me: string,
  run: Inventory,
): Promise<TranslatedAccess> {
  const mappings = run.settings.idMappings?.principals ?? {};
  const mapped = list.map((grant) => ({
    ...grant,
    name: Object.hasOwn(mappings, grant.name) ? mappings[grant.name]! : grant.name,
  }));
  const asked = mapped.filter(({ sort, name }) => name !== me && (sort !== "group_name" || !builtIn.has(name)));
  const absent = new Set(await missingOf([...new Set(asked.map(({ name }) => name))], run));
  const isMissing = ({ name }: Grant): boolean => absent.has(name);
  const present = mapped.filter((grant) => !isMissing(grant));
  const lacking = mapped.filter(isMissing).map(({ name, level }) => `${name} (${level})`);
  if (!hasOwner || present.some(({ level }) => level === owner)) return { list: sorted(present), lacking };
  const others = present.filter(({ name }) => name.toLowerCase() !== fallback(run, me).toLowerCase());
  return { list: sorted([...others, ownerGrant(fallback(run, me))]), lacking };
}

/** Each is asked for by itself, and so once a run: lists that share principals rarely have the same ones. */
async function missingOf(names: readonly string[], run: Inventory): Promise<string[]> {
  const answers = await mapAll(names, (name) => presenceOf([{ sort: "principal", name, label: name }], "target", run));
  return names.filter((name, place) => answers[place]!.get(name) === "missing");
}

function fallback({ settings }: Inventory, me: string): string {
  return settings.owner ?? me;
}

function ownerGrant(name: string): Grant {
  return { sort: name.includes("@") ? "user_name" : "service_principal_name", name, level: owner };
}
