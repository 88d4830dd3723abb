import type { Inventory } from "../kinds/kind.js";
import { isNotFound } from "../client/errors.js";
import { type JsonObject, objectsOf } from "../values/json.js";
import { orGone } from "../kinds/or-gone.js";

/** How one object of a kind is asked for by its id, and where its name stands. */
interface NameSource {
  readonly path: (id: string) => string;
  /** Name of the query parameter that takes the id, where the path does not. */
  readonly query?: string;
  readonly name: string;
}

const inPath = (folder: string, name: string): NameSource => ({
  path: (id) => `${folder}/${encodeURIComponent(id)}`,
  name,
});

/** In the order in which they are asked: some kinds have an older and a newer form. */
const nameSources: Readonly<Record<string, readonly NameSource[]>> = {
  clusters: [{ path: () => "/api/2.1/clusters/get", query: "cluster_id", name: "cluster_name" }],
  "instance-pools": [
    { path: () => "/api/2.0/instance-pools/get", query: "instance_pool_id", name: "instance_pool_name" },
  ],
  "cluster-policies": [{ path: () => "/api/2.0/policies/clusters/get", query: "policy_id", name: "name" }],
  pipelines: [inPath("/api/2.0/pipelines", "name")],
  warehouses: [inPath("/api/2.0/sql/warehouses", "name")],
  queries: [inPath("/api/2.0/sql/queries", "display_name")],
  alerts: [inPath("/api/2.0/alerts", "display_name"), inPath("/api/2.0/sql/alerts", "display_name")],
  dashboards: [
    inPath("/api/2.0/lakeview/dashboards", "display_name"),
    inPath("/api/2.0/preview/sql/dashboards", "name"),
  ],
  "notification-destinations": [inPath("/api/2.0/notification-destinations", "display_name")],
};

/** The name of one object of the source; "gone" where it has none such, undefined where it cannot be asked. */
export function nameOnSource(kind: string, id: string, run: Inventory): Promise<{ name: string } | "gone" | undefined> {
  const sources = nameSources[kind];
  const { source } = run;
  if (!source || (!sources && kind !== "principals")) return Promise.resolve(undefined);
  return run
    .once(`name of ${kind} ${id}`, async () => {
      if (kind === "principals") return principal(id, run);
      for (const { path, query, name } of sources!) {
        const found = await orGone(() =>
          source.client.get(path(id), query === undefined ? undefined : { [query]: id }),
        );
        const named = found?.[name];
        if (typeof named === "string") return { name: named };
      }
      return "gone" as const;
    })
    .catch(() => undefined);
}

/** A service principal goes by a number, and people know it by a name. */
async function principal(id: string, run: Inventory): Promise<{ name: string } | undefined> {
  if (!/^[0-9a-f-]{36}$/i.test(id)) return undefined;
  const query = { filter: `applicationId eq "${id}"`, count: 1, startIndex: 1 };
  const found = await run.source!.client.get("/api/2.0/preview/scim/v2/ServicePrincipals", query).catch(unlessThere);
  const name = objectsOf(found.Resources)[0]?.displayName;
  return typeof name === "string" ? { name } : undefined;
}

function unlessThere(error: unknown): JsonObject {
  if (isNotFound(error)) return {};
  throw error;
}
