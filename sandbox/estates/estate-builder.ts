import type { EstateCall } from "../estate.js";
import type { Json, JsonObject } from "../http/json.js";

/** The largest block that `dbfs/add-block` and `dbfs/put` take. */
const blockBytes = 2 ** 20;

/** What `clusters/create` takes; names are the API's. */
export type ClusterSpec = JsonObject & { readonly cluster_name: string; readonly spark_version: string };

/**
 * Writes an estate: calls in order, with references between them. A reference is `${name}`; the loader puts the id there
 * that the service gave.
 */
export class EstateBuilder {
  readonly calls: EstateCall[] = [];
  #references = 0;

  call(method: EstateCall["method"], path: string, body?: JsonObject, more: Partial<EstateCall> = {}): void {
    this.calls.push({ method, path, ...(body ? { body } : {}), ...more });
  }

  /** A call whose answer has an id; returns the reference to it. */
  create(kind: string, path: string, field: string, body: JsonObject): string {
    const name = `${kind}-${++this.#references}`;
    this.call("POST", path, body, { capture: { [name]: field } });
    return `\${${name}}`;
  }

  /** A call that only looks at something that has an id; returns the reference to it. */
  read(kind: string, path: string, field: string): string {
    const name = `${kind}-${++this.#references}`;
    this.call("GET", path, undefined, { capture: { [name]: field } });
    return `\${${name}}`;
  }

  pool(spec: JsonObject): string {
    return this.create("pool", "/api/2.0/instance-pools/create", "instance_pool_id", spec);
  }

  policy(name: string, definition: JsonObject, more: JsonObject = {}): string {
    return this.create("policy", "/api/2.0/policies/clusters/create", "policy_id", {
      name,
      definition: JSON.stringify(definition),
      ...more,
    });
  }

  /** Creates a cluster and terminates it at once: there is no call that creates a stopped one. */
  cluster(spec: ClusterSpec, options: { readonly pinned?: boolean; readonly running?: boolean } = {}): string {
    const id = this.create("cluster", "/api/2.0/clusters/create", "cluster_id", spec);
    if (options.pinned) this.call("POST", "/api/2.0/clusters/pin", { cluster_id: id });
    if (!options.running) this.terminate(id);
    return id;
  }

  terminate(clusterId: string): void {
    this.call("POST", "/api/2.0/clusters/delete", { cluster_id: clusterId });
  }

  job(settings: JsonObject, version = "2.2"): string {
    return this.create("job", `/api/${version}/jobs/create`, "job_id", settings);
  }

  /** A file on DBFS, in one call up to 1 MB and in blocks beyond. */
  dbfsFile(path: string, content: string | Buffer): void {
    const bytes = Buffer.from(content);
    if (bytes.length <= blockBytes / 2) {
      this.call("POST", "/api/2.0/dbfs/put", { path, contents: bytes.toString("base64"), overwrite: true });
      return;
    }
    const handle = this.create("handle", "/api/2.0/dbfs/create", "handle", { path, overwrite: true });
    for (let at = 0; at < bytes.length; at += blockBytes)
      this.call("POST", "/api/2.0/dbfs/add-block", {
        handle,
        data: bytes.subarray(at, at + blockBytes).toString("base64"),
      });
    this.call("POST", "/api/2.0/dbfs/close", { handle });
  }

  /** A file in the workspace's tree; its folder must exist. */
  workspaceFile(path: string, content: string | Buffer): void {
    this.call("POST", "/api/2.0/workspace/import", {
      path,
      format: "AUTO",
      content: Buffer.from(content).toString("base64"),
      overwrite: true,
    });
  }

  /** Runs Python on a cluster, started for it and terminated after; mounts can be made in no other way. */
  python(spec: ClusterSpec, code: string): void {
    const id = this.cluster(spec, { running: true });
    const status = (path: string, field: string, value: Json, seconds: number): void =>
      this.call("GET", path, undefined, { until: { field, in: [value], seconds } });
    status(`/api/2.0/clusters/get?cluster_id=${id}`, "state", "RUNNING", 1_200);
    const context = this.create("context", "/api/1.2/contexts/create", "id", { clusterId: id, language: "python" });
    status(`/api/1.2/contexts/status?clusterId=${id}&contextId=${context}`, "status", "Running", 300);
    const command = this.create("command", "/api/1.2/commands/execute", "id", {
      clusterId: id,
      contextId: context,
      language: "python",
      command: code,
    });
    // An exception ends as Finished too, with resultType "error": waiting for text lets the last answer say which.
    const query = `clusterId=${id}&contextId=${context}&commandId=${command}`;
    status(`/api/1.2/commands/status?${query}`, "results.resultType", "text", 300);
    this.call("POST", "/api/1.2/contexts/destroy", { clusterId: id, contextId: context });
    this.terminate(id);
  }
}
