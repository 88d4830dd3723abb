import type { EstateCall } from "../../estate.js";
import { buildClusters } from "./clusters.js";
import { buildInitScripts } from "./init-scripts.js";
import { buildJobs } from "./jobs.js";
import { buildMounts } from "./mounts.js";
import { buildNotebooks } from "./notebooks.js";
import { buildPlatform } from "./platform.js";
import { EstateBuilder } from "../estate-builder.js";

/** A company that has worked in its workspace for years: every trap that is known of clusters, jobs, scripts, mounts and notebooks. */
export function companyEstate(): readonly EstateCall[] {
  const estate = new EstateBuilder();
  const platform = buildPlatform(estate, "primary");
  buildInitScripts(estate);
  const clusters = buildClusters(estate, platform);
  buildJobs(estate, platform, clusters);
  buildMounts(estate);
  buildNotebooks(estate, platform);
  estate.call("POST", "/api/2.0/clusters/permanent-delete", { cluster_id: clusters.gone });
  runOnce(estate);
  return estate.calls;
}

/** A submitted run: its cluster is in the list of clusters for a while, and is nobody's to copy. */
function runOnce(estate: EstateBuilder): void {
  estate.create("run", "/api/2.2/jobs/runs/submit", "run_id", {
    run_name: "one-off backfill",
    tasks: [
      {
        task_key: "main",
        notebook_task: { notebook_path: "/Shared/backfill", source: "WORKSPACE" },
        new_cluster: { spark_version: "15.4.x-scala2.12", node_type_id: "Standard_D4ds_v5", num_workers: 1 },
      },
    ],
  });
}
