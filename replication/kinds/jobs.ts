import { collect } from "../values/collect.js";
import { idOf, integerId, isArray, isObject, type Json, type JsonObject, objectsOf } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import type { CopyRecord } from "../notes/record.js";
import { fingerprint } from "../values/fingerprint.js";
import { mapAll } from "../values/for-all.js";
import { markerTag, provenance, readMarker, withMarker, withoutMarker } from "../inventory/marker.js";
import { creatorOf, only, without, withNodeTypes, withoutPoolDecisions } from "./fields.js";
import { jobReferences } from "./job-references.js";
import type { Copy, Defined, Found, Inventory, Kind } from "./kind.js";
import { orGone } from "./or-gone.js";

/** The fields that start a job by themselves, each with a pause state of its own; `triggers` is the list of later versions. */
const triggerFields = ["schedule", "trigger", "continuous", "triggers"];

/** Arrays that `get` gives in pages of a hundred. https://docs.databricks.com/api/azure/workspace/jobs/get */
const pagedArrays = ["tasks", "job_clusters", "environments", "parameters"];

export const jobs: Kind = {
  name: "jobs",
  singular: "job",
  after: ["init-scripts", "instance-pools", "cluster-policies", "clusters"],
  references: jobReferences,
  identity: { by: "tag", tag: { field: "tags", key: markerTag, most: 25 } },
  permissions: { type: "jobs", hasOwner: true, withCreate: true },
  unseen: ["run_as"],
  held: {
    noun: ["trigger", "triggers"],
    fields: { schedule: undefined, trigger: undefined, continuous: undefined, triggers: undefined },
  },

  summary({ tasks }) {
    const names = objectsOf(tasks).map(({ task_key }) => String(task_key));
    const some = names.length > 4 ? `${names.slice(0, 3).join(", ")}, …` : names.join(", ");
    return `${names.length} ${names.length === 1 ? "task" : "tasks"}${some ? `: ${some}` : ""}`;
  },

  /**
   * A listing shows at most a page of a job, and whom it runs as only where that was said. A job of the source that it shows as it
   * was runs as it did when it was last read by itself; each is read so in turn, and each copy, too.
   */
  async list(side, run) {
    const workspaceId = await side.client.workspaceId();
    const read = side === run.source ? await readBefore(run) : undefined;
    const pages = await collect(side.client.list("/api/2.2/jobs/list", "jobs", { limit: 100, expand_tasks: true }));
    // A job made meanwhile moves others to the next page, where they are met again.
    const listed = [...new Map(pages.map((job) => [idOf(job.job_id), job])).values()];
    const items = await mapAll(listed, async (job) => {
      const id = idOf(job.job_id);
      const stamp = read && stampOf(job);
      const known = stamp === undefined ? {} : read!(id, stamp);
      const isPart = job.has_more === true || known === undefined || run.isToRecheck("jobs", id);
      const all = isPart ? await orGone(() => whole(side.client, id)) : { ...job, ...known };
      return all && { ...toItem(all, workspaceId), ...(stamp === undefined ? {} : { stamp }) };
    });
    return items.filter((item) => item !== undefined);
  },

  async prepare(item, context) {
    const prepared = await withNodeTypes("jobs", item, item.definition, context);
    const obstacle = whyRunsAsNobody(item);
    return { ...prepared, ...(obstacle === undefined ? {} : { obstacle }) };
  },

  async create({ client }, copy) {
    const access = copy.access ? { access_control_list: copy.access } : {};
    const { job_id } = await client.post("/api/2.2/jobs/create", { ...settingsFor(copy, true), ...access });
    return idOf(job_id);
  },

  async createShell({ client }, copy) {
    const shell = settingsFor({ ...copy, definition: only(copy.definition, ["name"]) }, true);
    return idOf((await client.post("/api/2.2/jobs/create", shell)).job_id);
  },

  async update({ client }, id, copy, actual) {
    const request = { job_id: integerId(id), new_settings: settingsFor(copy, !actual.original) };
    await client.post("/api/2.2/jobs/reset", request, { idempotent: true });
  },

  async settle({ client }, id) {
    const request = { job_id: integerId(id), fields_to_remove: triggerFields };
    await client.post("/api/2.2/jobs/update", request, { idempotent: true });
    return [];
  },

  async exists({ client }, id) {
    await client.get("/api/2.2/jobs/get", { job_id: id });
  },

  async remove({ client }, id) {
    await client.post("/api/2.2/jobs/delete", { job_id: integerId(id) }, { idempotent: true });
  },

  async find({ client }, { name, origin }) {
    const found: Found[] = [];
    for await (const job of client.list("/api/2.2/jobs/list", "jobs", { limit: 100, name }))
      if (readMarker(settingsOf(job).tags, "jobs") === origin) found.push({ id: idOf(job.job_id), ...creatorOf(job) });
    return found;
  },

  /** Nothing but triggers is ever put back, exactly as they were, paused ones paused. */
  async release({ client }, id, held) {
    const request = { job_id: integerId(id), new_settings: only(held, triggerFields) };
    await client.post("/api/2.2/jobs/update", request, { idempotent: true });
  },

  async get({ client }, id) {
    return toItem(await whole(client, id), await client.workspaceId());
  },
};

/** What the notes know of whom the source's jobs run as, by id and stamp; undefined where they know nothing of it. */
async function readBefore(run: Inventory): Promise<(id: string, stamp: string) => JsonObject | undefined> {
  const known = new Map<string, CopyRecord>();
  for (const [, record] of (await run.notes("target", "jobs")).entries())
    if (record.sourceId !== undefined && record.unseen) known.set(record.sourceId, record);
  return (id, stamp) => {
    const record = known.get(id);
    return record?.seen?.source === stamp ? record.unseen : undefined;
  };
}

/** What a listing shows of a job, all pages of it or one. */
function stampOf({ settings, creator_user_name = null }: JsonObject): string {
  return fingerprint({ settings: settings ?? null, creator_user_name });
}

function toItem(job: JsonObject, workspaceId: string): Defined {
  const id = idOf(job.job_id);
  const settings = settingsOf(job);
  const tags = withoutMarker(settings.tags);
  const runAs = runAsOf(job, settings);
  // `format` is always MULTI_TASK here: a job of the 2.0 form is shown with the one task that it has.
  const definition = withoutPoolDecisions({
    ...without(settings, ["tags", "format", "run_as", ...(isQueued(settings) ? [] : ["queue"])]),
    ...(tags ? { tags } : {}),
    ...(runAs ? { run_as: runAs } : {}),
  });
  const triggers = Object.keys(only(definition, triggerFields));
  return {
    id,
    name: typeof settings.name === "string" ? settings.name : "Untitled",
    ...provenance(workspaceId, "jobs", id, settings.tags),
    ...creatorOf(job),
    definition,
    unsettled: triggers.map((trigger) => `has a ${trigger} on the standby; it is taken off`),
  };
}

function isQueued({ queue }: JsonObject): boolean {
  return isObject(queue) && queue.enabled === true;
}

function settingsOf(job: JsonObject): JsonObject {
  return isObject(job.settings) ? job.settings : {};
}

/** The settings have `run_as` where it was said; otherwise `get` names the principal beside them, and `list` does not. */
function runAsOf(job: JsonObject, settings: JsonObject): Json | undefined {
  if (isObject(settings.run_as)) return settings.run_as;
  if (isObject(job.run_as)) return job.run_as;
  const name = job.run_as_user_name;
  if (typeof name !== "string" || name === "") return undefined;
  return name.includes("@") ? { user_name: name } : { service_principal_name: name };
}

/** Without a principal its copy would run as whoever makes it: as an administrator. */
function whyRunsAsNobody({ definition }: Defined): string | undefined {
  return definition.run_as === undefined
    ? "the source does not say whom it runs as, as where its owner is gone: set its run_as there"
    : undefined;
}

/** A job with all its pages. */
async function whole(client: WorkspaceClient, id: string): Promise<JsonObject> {
  const first = await client.get("/api/2.2/jobs/get", { job_id: id });
  const settings: Record<string, Json | undefined> = { ...settingsOf(first) };
  for (let token = first.next_page_token; typeof token === "string" && token !== "";) {
    const page = await client.get("/api/2.2/jobs/get", { job_id: id, page_token: token });
    for (const field of pagedArrays) {
      const [before, more] = [settings[field], settingsOf(page)[field]];
      if (isArray(more)) settings[field] = [...(isArray(before) ? before : []), ...more];
    }
    token = page.next_page_token;
  }
  return { ...first, settings };
}

/** A job without a `queue` waits for nothing, but create would give it one that is enabled: no is said in so many words. */
function settingsFor({ source, definition }: Copy, marked: boolean): JsonObject {
  const tags = marked ? { tags: withMarker(definition.tags, source.origin) } : {};
  return { queue: { enabled: false }, ...definition, ...tags };
}
