import type { Json, JsonObject } from "../../http/json.js";
import { nodeTypesOf } from "../clusters/size.js";
import { isObject } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

/**
 * A `new_cluster` as a job and its runs show it: with what the service fills in, and without the switch for a policy's
 * defaults, which is taken and never given back. Which fields it fills in is what clients let pass:
 * https://github.com/databricks/cli/blob/main/bundle/direct/dresources/resources.yml (jobs, backend_defaults)
 */
function shownNewCluster(workspace: Workspace, spec: JsonObject): JsonObject {
  const { apply_policy_default_values: _, ...kept } = spec;
  const azure = isObject(kept["azure_attributes"]) ? kept["azure_attributes"] : {};
  const [worker] = nodeTypesOf(workspace, kept);
  return {
    cluster_name: "",
    enable_elastic_disk: true,
    ...(worker !== "" && { node_type_id: worker }),
    ...kept,
    azure_attributes: {
      first_on_demand: 1,
      availability: "ON_DEMAND_AZURE",
      spot_bid_max_price: -1,
      ...azure,
    },
  };
}

/** A task, job cluster or 2.0 job with its `new_cluster` as it is shown; a for-each task's inner task, too. */
export function withShownCluster(workspace: Workspace, holder: JsonObject): JsonObject {
  const { new_cluster: spec, for_each_task: loop } = holder;
  return {
    ...holder,
    ...(isObject(spec) && { new_cluster: shownNewCluster(workspace, spec) }),
    ...(isObject(loop) &&
      isObject(loop["task"]) && { for_each_task: { ...loop, task: withShownCluster(workspace, loop["task"]) } }),
  };
}

/** A job's settings with every `new_cluster` in them as it is shown. */
export function withShownClusters(workspace: Workspace, settings: JsonObject): JsonObject {
  const each = (list: Json | undefined): Json | undefined =>
    Array.isArray(list) ? list.map((entry) => (isObject(entry) ? withShownCluster(workspace, entry) : entry)) : list;
  const { tasks, job_clusters, ...rest } = settings;
  return {
    ...withShownCluster(workspace, rest),
    ...(tasks !== undefined && { tasks: each(tasks) }),
    ...(job_clusters !== undefined && { job_clusters: each(job_clusters) }),
  };
}
