import type { Run } from "../inventory/run.js";
import type { Item, Kind, Permissions } from "../kinds/kind.js";
import type { Notes } from "../notes/notes.js";
import type { AccessRecord, CopyRecord } from "../notes/record.js";
import type { PlannedCopy } from "../plan/planned.js";
import { describeChanges } from "../values/changes.js";
import { messageOf } from "../values/redact.js";
import {
  accessChanges,
  type AccessHolder,
  accessFingerprint,
  type AccessList,
  isWithoutAccessLists,
  owner,
  type PlannedAccess,
  readAccess,
  sameAccess,
  writeAccess,
} from "./access-list.js";
import { translatedAccess } from "./translated-access.js";

/** Runs in which a workspace has said so. */
const withoutAccessLists = new WeakSet<Run>();

/**
 * The access lists of a kind's objects: direct grants alone, compared three ways like definitions, given before anything else is
 * done to a new object. No listing shows them, so that they are read when their object changed, and otherwise in rotation.
 */
export class AccessFacet {
  private constructor(
    private readonly kind: Kind,
    private readonly permissions: Permissions,
    private readonly run: Run,
    private readonly notes: Notes,
  ) {}

  /** Undefined where objects of the kind have none, or access lists are not copied. */
  static of(kind: Kind, run: Run, notes: Notes): AccessFacet | undefined {
    if (!kind.permissions || run.settings.access === "leave" || !run.source || !run.target) return undefined;
    if (withoutAccessLists.has(run)) return undefined;
    return new AccessFacet(kind, kind.permissions, run, notes);
  }

  /** Compares both lists where it is their turn. */
  async plan(copy: PlannedCopy): Promise<PlannedCopy> {
    const { action, actual, source } = copy;
    if (!actual || copy.standIn || copy.foreign || action === "skip" || action === "blocked" || action === "create")
      return copy;
    const record = this.notes.get(source.origin)?.access;
    const isDue = !record || action === "update" || this.run.isToRecheck(this.kind.name, source.id);
    if (!isDue) return withLacking(copy, record.lacking);
    try {
      return await this.#compared(copy, actual, record);
    } catch (error) {
      if (this.#isOff(error)) return copy;
      const why = `its access list cannot be compared (${messageOf(error)})`;
      return { ...withLacking(copy, record?.lacking), accessFailure: why };
    }
  }

  async #compared(copy: PlannedCopy, actual: Item, record: AccessRecord | undefined): Promise<PlannedCopy> {
    const [from, to] = await Promise.all([this.#read("source", copy.source), this.#read("target", actual)]);
    if (!from || !to) return withLacking(copy, record?.lacking);
    const { list: wanted, lacking } = await this.#translated(from);
    const there = this.#withoutOwn(to, wanted, await this.run.me());
    const now = recordOf(from, wanted, there, lacking);
    const said = withLacking(copy, lacking);
    if (sameAccess(wanted, there)) return isNoted(record, now) ? said : { ...said, access: { record: now } };
    const differs = accessChanges(there, wanted);
    const isEdited = record !== undefined && record.actual !== now.actual;
    if (!isEdited) return { ...said, access: { wanted, record: now }, changes: { ...copy.changes, ...differs } };
    const keeps = this.run.settings.conflicts === "standby";
    const conflict = `its access list was edited on the standby (${describeChanges(differs)}); ${keeps ? "the standby's is kept (conflicts: standby)" : "the source's wins"}`;
    const told = {
      ...said,
      conflict: [copy.conflict, conflict].filter(Boolean).join("; "),
      why: [conflict, ...said.why],
    };
    return keeps ? told : { ...told, access: { wanted, record: now }, changes: { ...copy.changes, ...differs } };
  }

  /** What a new object is given with its making, or right after it. */
  async forNew(source: Item): Promise<PlannedAccess | undefined> {
    try {
      const from = await this.#read("source", source);
      if (!from) return undefined;
      const { list: wanted, lacking } = await this.#translated(from);
      return { wanted, record: recordOf(from, wanted, wanted, lacking) };
    } catch (error) {
      if (this.#isOff(error)) return undefined;
      throw error;
    }
  }

  /**
   * Gives an object its list, and says what the workspace shows instead of it.
   *
   * @param isNew It was made in this run: nobody but its maker has a grant on it yet.
   */
  async give(
    holderOf: () => Promise<AccessHolder>,
    { wanted, record }: PlannedAccess,
    isNew: boolean,
  ): Promise<AccessRecord> {
    const { hasOwner = false, withCreate = false } = this.permissions;
    const { client } = this.run.target!;
    if (!wanted || (isNew && wanted.length === 0 && !hasOwner)) return record;
    const holder = await holderOf();
    const me = await this.run.me();
    const made = isNew && withCreate ? await readAccess(client, this.permissions, holder) : undefined;
    if (made && sameAccess(this.#withoutOwn(made, wanted, me), wanted)) return record;
    const shown = this.#withoutOwn(await writeAccess(client, this.permissions, holder, wanted), wanted, me);
    if (!sameAccess(shown, wanted))
      throw new Error(`its access list was set, but shows ${describeChanges(accessChanges(wanted, shown))}`);
    return record;
  }

  /** Said once a run: thousands of objects need not be told one by one. */
  #isOff(error: unknown): boolean {
    if (!isWithoutAccessLists(error)) return false;
    if (!withoutAccessLists.has(this.run))
      this.run.tell({
        kind: this.kind.name,
        severity: "warning",
        text: `access lists are not copied: one of the workspaces has none, as on the Standard tier (${messageOf(error)})`,
      });
    withoutAccessLists.add(this.run);
    return true;
  }

  #read(end: "source" | "target", item: Item): Promise<AccessList | undefined> {
    return readAccess(this.run[end]!.client, this.permissions, item);
  }

  async #translated(from: AccessList): ReturnType<typeof translatedAccess> {
    return translatedAccess(from, this.permissions, await this.run.me(), this.run);
  }

  /** Whoever makes an object is given it: an administrator, who may do all that anyway. */
  #withoutOwn(list: AccessList, wanted: AccessList, me: string): AccessList {
    const isWanted = wanted.some(({ name }) => name === me);
    return isWanted ? list : list.filter(({ name, level }) => name !== me || level === owner);
  }
}

function recordOf(from: AccessList, wanted: AccessList, there: AccessList, lacking: readonly string[]): AccessRecord {
  return {
    source: accessFingerprint(from),
    wanted: accessFingerprint(wanted),
    actual: accessFingerprint(there),
    ...(lacking.length > 0 ? { lacking } : {}),
  };
}

/** Once it is given, the workspace shows what was wanted. */
export function givenRecord(record: AccessRecord): Pick<CopyRecord, "access"> {
  return { access: { ...record, actual: record.wanted } };
}

function isNoted(record: AccessRecord | undefined, now: AccessRecord): boolean {
  return (["source", "wanted", "actual"] as const).every((field) => record?.[field] === now[field]);
}

/** Said again at each run, whether the list is read in it or not. */
function withLacking(copy: PlannedCopy, lacking: readonly string[] = []): PlannedCopy {
  if (lacking.length === 0) return copy;
  const why = whyLacking(lacking);
  return { ...copy, notReady: [copy.notReady, why].filter(Boolean).join("; "), why: [...copy.why, why] };
}

export function whyLacking(lacking: readonly string[]): string {
  return `no access for ${lacking.join(", ")}, not on the standby: add them there, or map them (idMappings.principals)`;
}
