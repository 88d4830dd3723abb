import { operationsTag } from "../../replication/index.js";
import { createCluster, createJob, machine, nightly, notebook, putNotebook } from "../chaos/objects.js";
import type { TestWorkspace } from "../replication/pair.js";
import { numberOf, objectsIn, type Subject } from "./subject.js";

const pool = (name: string, version: number) => ({
  instance_pool_name: name,
  node_type_id: machine.node_type_id,
  max_capacity: 10 + version,
  idle_instance_autotermination_minutes: 15,
});

const instancePools: Subject = {
  name: (n) => `pool ${n}`,
  listing: ["/api/2.0/instance-pools/list", "instance_pools"],
  edits: "/api/2.0/instance-pools/edit",
  make: async (at, name, version) =>
    String((await at.post("/api/2.0/instance-pools/create", pool(name, version))).instance_pool_id),
  edit: async (at, id, name, version) => {
    const { custom_tags } = await at.get(`/api/2.0/instance-pools/get?instance_pool_id=${id}`);
    const tags = custom_tags === undefined ? {} : { custom_tags };
    await at.post("/api/2.0/instance-pools/edit", { instance_pool_id: id, ...pool(name, version), ...tags });
  },
  rename: (at, id, name, version) => instancePools.edit(at, id, name, version),
  remove: async (at, id) => void (await at.post("/api/2.0/instance-pools/delete", { instance_pool_id: id })),
  read: async (at) =>
    objectsIn(await at.get("/api/2.0/instance-pools/list"), "instance_pools").map((each) => ({
      id: String(each.instance_pool_id),
      name: String(each.instance_pool_name),
      version: numberOf(each.max_capacity) - 10,
    })),
  runs: {
    make: async (at, name) =>
      String(
        (await at.post("/api/2.0/instance-pools/create", { ...pool(name, 1), min_idle_instances: 2 })).instance_pool_id,
      ),
    running: async (at, id) =>
      numberOf((await at.get(`/api/2.0/instance-pools/get?instance_pool_id=${id}`)).min_idle_instances),
  },
};

const policy = (name: string, version: number) => ({
  name,
  definition: JSON.stringify({ autotermination_minutes: { type: "fixed", value: 10 + version } }),
});

const clusterPolicies: Subject = {
  name: (n) => `policy ${n}`,
  listing: ["/api/2.0/policies/clusters/list", "policies"],
  edits: "/api/2.0/policies/clusters/edit",
  make: async (at, name, version) =>
    String((await at.post("/api/2.0/policies/clusters/create", policy(name, version))).policy_id),
  edit: async (at, id, name, version) =>
    void (await at.post("/api/2.0/policies/clusters/edit", { policy_id: id, ...policy(name, version) })),
  rename: (at, id, name, version) => clusterPolicies.edit(at, id, name, version),
  remove: async (at, id) => void (await at.post("/api/2.0/policies/clusters/delete", { policy_id: id })),
  read: async (at) =>
    objectsIn(await at.get("/api/2.0/policies/clusters/list"), "policies")
      .filter(({ is_default }) => is_default !== true)
      .map(({ policy_id, name, definition }) => ({
        id: String(policy_id),
        name: String(name),
        version:
          (JSON.parse(String(definition)) as { autotermination_minutes: { value: number } }).autotermination_minutes
            .value - 10,
      })),
};

const clusters: Subject = {
  name: (n) => `cluster ${n}`,
  listing: ["/api/2.1/clusters/list?page_size=100", "clusters"],
  edits: "/api/2.1/clusters/edit",
  make: async (at, cluster_name, version) => {
    const id = await createCluster(at, { cluster_name, autotermination_minutes: 10 + version });
    await at.post("/api/2.1/clusters/delete", { cluster_id: id });
    return id;
  },
  edit: async (at, cluster_id, cluster_name, version) => {
    const { custom_tags } = await at.get(`/api/2.1/clusters/get?cluster_id=${cluster_id}`);
    await at.post("/api/2.1/clusters/edit", {
      ...machine,
      cluster_id,
      cluster_name,
      autotermination_minutes: 10 + version,
      ...(custom_tags === undefined ? {} : { custom_tags }),
    });
  },
  rename: (at, id, name, version) => clusters.edit(at, id, name, version),
  remove: async (at, id) => void (await at.post("/api/2.1/clusters/permanent-delete", { cluster_id: id })),
  read: async (at) =>
    objectsIn(await at.get("/api/2.1/clusters/list?page_size=100"), "clusters")
      .filter(({ custom_tags }) => !(operationsTag in ((custom_tags ?? {}) as object)))
      .map(({ cluster_id, cluster_name, autotermination_minutes }) => ({
        id: String(cluster_id),
        name: String(cluster_name),
        version: numberOf(autotermination_minutes) - 10,
      })),
};

const jobs: Subject = {
  name: (n) => `job ${n}`,
  listing: ["/api/2.2/jobs/list?limit=100&expand_tasks=true", "jobs"],
  edits: "/api/2.2/jobs/reset",
  make: async (at, name, version) => String(await createJob(at, { name, timeout_seconds: version })),
  edit: async (at, id, name, version) =>
    void (await at.post("/api/2.2/jobs/update", {
      job_id: BigInt(id),
      new_settings: { name, timeout_seconds: version, tasks: [{ task_key: "load", ...notebook }] },
    })),
  rename: (at, id, name, version) => jobs.edit(at, id, name, version),
  remove: async (at, id) => void (await at.post("/api/2.2/jobs/delete", { job_id: BigInt(id) })),
  read: async (at) =>
    objectsIn(await at.get("/api/2.2/jobs/list?limit=100"), "jobs").map(({ job_id, settings }) => {
      const { name, timeout_seconds } = settings as { name: string; timeout_seconds?: number };
      return { id: String(job_id), name, version: numberOf(timeout_seconds) };
    }),
  runs: {
    make: async (at, name) => String(await createJob(at, { name, ...nightly })),
    running: async (at, id) => {
      const { settings } = await at.get(`/api/2.2/jobs/get?job_id=${id}`);
      return (settings as { schedule?: unknown }).schedule !== undefined;
    },
  },
};

const textOf = (version: number): string => `echo ${"x".repeat(version)}`;

const initScripts: Subject = {
  name: (n) => `/databricks/init/script-${n}.sh`,
  listing: ["/api/2.0/dbfs/list?path=/databricks/init", "files"],
  cannotAsk: "a folder has what it lists: deletions are bounded by deletionLimitPercent",
  edits: "/api/2.0/dbfs/put",
  make: async (at, path, version) => {
    const contents = Buffer.from(textOf(version)).toString("base64");
    await at.post("/api/2.0/dbfs/put", { path, contents, overwrite: true });
    return `dbfs:${path}`;
  },
  edit: async (at, _id, path, version) => void (await initScripts.make(at, path, version)),
  remove: async (at, id) => void (await at.post("/api/2.0/dbfs/delete", { path: id.replace("dbfs:", "") })),
  read: async (at) => {
    const { files } = await at.get("/api/2.0/dbfs/list?path=/databricks/init").catch(() => ({ files: [] }));
    return objectsIn({ files } as never, "files").map(({ path, file_size }) => ({
      id: `dbfs:${String(path)}`,
      name: String(path),
      version: numberOf(file_size) - "echo ".length,
    }));
  },
};

const inShared = async (at: TestWorkspace, type: string): Promise<readonly string[]> => {
  const { objects } = await at.get("/api/2.0/workspace/list?path=/Shared");
  return objectsIn({ objects: objects ?? [] }, "objects").flatMap(({ path, object_type }) =>
    object_type === type ? [String(path)] : [],
  );
};

const folders: Subject = {
  name: (n) => `/Shared/folder-${n}`,
  noEdits: "a folder is its path",
  listing: ["/api/2.0/workspace/list?path=/Shared", "objects"],
  edits: "/api/2.0/workspace/mkdirs",
  make: async (at, path) => {
    await at.post("/api/2.0/workspace/mkdirs", { path });
    return path;
  },
  edit: () => Promise.resolve(),
  remove: async (at, path) => void (await at.post("/api/2.0/workspace/delete", { path, recursive: true })),
  read: async (at) => (await inShared(at, "DIRECTORY")).map((path) => ({ id: path, name: path, version: 0 })),
};

const notebooks: Subject = {
  name: (n) => `/Shared/notebook-${n}`,
  listing: ["/api/2.0/workspace/list?path=/Shared", "objects"],
  edits: "/api/2.0/workspace/import",
  make: async (at, path, version) => {
    await putNotebook(at, path, `-- Databricks notebook source\nSELECT ${version}`, "SQL");
    return path;
  },
  edit: async (at, _id, path, version) => void (await notebooks.make(at, path, version)),
  remove: async (at, path) => void (await at.post("/api/2.0/workspace/delete", { path })),
  read: async (at) =>
    Promise.all(
      (await inShared(at, "NOTEBOOK")).map(async (path) => {
        const { content } = await at.get(`/api/2.0/workspace/export?path=${encodeURIComponent(path)}&format=SOURCE`);
        const text = Buffer.from(String(content), "base64").toString();
        return { id: path, name: path, version: numberOf(/SELECT (\d+)/.exec(text)?.[1]) };
      }),
    ),
};

/** Each kind's own; those that the contract cannot hold at a reasonable price, with the reason. */
export const subjects: Readonly<Record<string, Subject>> = {
  "instance-pools": instancePools,
  "cluster-policies": clusterPolicies,
  clusters,
  jobs,
  "init-scripts": initScripts,
  folders,
  notebooks,
};

export const exempt: Readonly<Record<string, string>> = {
  mounts: "each look at them runs a command on a cluster; test/replication/mounts.test.ts and test/chaos hold them",
};
