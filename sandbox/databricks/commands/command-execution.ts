import { randomUUID } from "node:crypto";
import type { Context } from "hono";
import { ApiError, jsonBody, reply } from "../../http/app.js";
import { callerOf } from "../identity/caller.js";
import { type ClusterRow, clusterTable, workOn } from "../clusters/row.js";
import { dbutilsCalls } from "./dbutils.js";
import { type CommandResults, Interpreter } from "./interpreter.js";
import type { Service } from "../service.js";
import { scalaResults } from "./scala-mounts.js";
import { optionalString, requiredString } from "../http/request-fields.js";
import type { Workspace } from "../workspace.js";

/** https://learn.microsoft.com/azure/databricks/notebooks/execution-context */
const MAX_CONTEXTS_A_CLUSTER = 145;

interface ContextRow {
  readonly id: string;
  readonly clusterId: string;
  readonly language: string;
  readonly user: string;
  /** Of the launch that it lives in: a restart of the cluster ends every context. */
  readonly sparkContextId: bigint;
}

interface CommandRow {
  readonly id: string;
  readonly contextId: string;
  status: "Queued" | "Running" | "Finished" | "Error" | "Cancelling" | "Cancelled";
  results: CommandResults | undefined;
}

/** The 1.2 API's own errors: `{"error": "<exception>: <text>"}`, without a code. */
class LegacyError extends Error {
  constructor(
    readonly exception: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

/**
 * Command execution 1.2: Python that is sent here really runs, in an interpreter of its own for each context; of Scala
 * there is one program that is answered, and SQL and R are refused with the context. Contexts
 * and commands are rows; interpreters are not, so a restored workspace has no contexts.
 * https://docs.databricks.com/api/azure/workspace/commandexecution
 */
export const commandExecution: Service = {
  name: "command-execution",
  mount(app, workspace) {
    const runner = new CommandRunner(workspace);
    workspace.onClose(() => runner.close());
    workspace.onRestore(() => runner.forget());

    const legacy =
      (handle: (c: Context) => Promise<Response>) =>
      async (c: Context): Promise<Response> => {
        try {
          await runner.sweep();
          return await handle(c);
        } catch (cause) {
          if (!(cause instanceof LegacyError)) throw cause;
          return reply(c, { error: `${cause.exception}: ${cause.message}` }, cause.status);
        }
      };
    const query = (c: Context, name: string): string => requiredString({ [name]: c.req.query(name) }, name);

    app.post(
      "/api/1.2/contexts/create",
      legacy(async (c) => {
        const body = await jsonBody(c);
        return reply(c, {
          id: runner.createContext(requiredString(body, "clusterId"), callerOf(c), optionalString(body, "language")),
        });
      }),
    );
    app.get(
      "/api/1.2/contexts/status",
      legacy(async (c) => {
        const context = runner.context(query(c, "clusterId"), query(c, "contextId"));
        return Promise.resolve(reply(c, { id: context.id, status: "Running" }));
      }),
    );
    app.post(
      "/api/1.2/contexts/destroy",
      legacy(async (c) => {
        const body = await jsonBody(c);
        const context = runner.context(requiredString(body, "clusterId"), requiredString(body, "contextId"));
        await runner.destroy(context);
        return reply(c, { id: context.id });
      }),
    );
    app.post(
      "/api/1.2/commands/execute",
      legacy(async (c) => {
        const body = await jsonBody(c);
        const context = runner.context(requiredString(body, "clusterId"), requiredString(body, "contextId"));
        const language = optionalString(body, "language") ?? context.language;
        if (language !== context.language)
          throw new LegacyError("InvalidArgument", `the context runs ${context.language}, not ${language}`);
        return reply(c, { id: runner.execute(context, requiredString(body, "command")) });
      }),
    );
    app.get(
      "/api/1.2/commands/status",
      legacy(async (c) => {
        const context = runner.context(query(c, "clusterId"), query(c, "contextId"));
        const { id, status, results } = runner.command(context, query(c, "commandId"));
        return Promise.resolve(reply(c, { id, status, results: results ?? null }));
      }),
    );
    app.post(
      "/api/1.2/commands/cancel",
      legacy(async (c) => {
        const body = await jsonBody(c);
        const context = runner.context(requiredString(body, "clusterId"), requiredString(body, "contextId"));
        const command = runner.command(context, requiredString(body, "commandId"));
        runner.cancel(command);
        return reply(c, { id: command.id });
      }),
    );
  },
};

class CommandRunner {
  readonly #clusters: Map<string, ClusterRow>;
  readonly #contexts: Map<string, ContextRow>;
  readonly #commands: Map<string, CommandRow>;
  readonly #interpreters = new Map<string, Interpreter>();
  /** The end of each context's last command: commands of one context run one after the other. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(private readonly workspace: Workspace) {
    this.#clusters = clusterTable(workspace);
    this.#contexts = workspace.table("execution-contexts");
    this.#commands = workspace.table("execution-commands");
  }

  createContext(clusterId: string, user: string, language = "python"): string {
    const cluster = this.#cluster(clusterId);
    if (cluster.state !== "RUNNING")
      // The SDKs retry on this name: databricks-sdk-py, _base_client.py.
      throw new LegacyError(
        cluster.state === "PENDING" || cluster.state === "RESTARTING"
          ? "ClusterNotReadyException"
          : "IllegalStateException",
        `Cluster ${clusterId} is in unexpected state ${cluster.state}`,
        500,
      );
    if (language !== "python" && language !== "scala")
      throw new ApiError(501, "NOT_IMPLEMENTED", `the sandbox does not emulate contexts in ${language}`);
    const others = [...this.#contexts.values()].filter((context) => context.clusterId === clusterId);
    if (others.length >= MAX_CONTEXTS_A_CLUSTER)
      throw new LegacyError(
        "TooManyExecutionContextsException",
        `Too many execution contexts are open right now. (Limit set to ${MAX_CONTEXTS_A_CLUSTER})`,
        429,
      );
    const id = `${randomUUID().replaceAll("-", "").slice(0, 19)}`;
    this.#contexts.set(id, { id, clusterId, language, user, sparkContextId: cluster.sparkContextId });
    return id;
  }

  context(clusterId: string, contextId: string): ContextRow {
    this.#cluster(clusterId);
    const context = this.#contexts.get(contextId);
    if (context?.clusterId !== clusterId)
      throw new LegacyError("ContextNotFound", `ExecutionContext ${contextId} not found on cluster ${clusterId}`);
    return context;
  }

  command(context: ContextRow, commandId: string): CommandRow {
    const command = this.#commands.get(commandId);
    if (command?.contextId !== context.id)
      throw new LegacyError("CommandNotFound", `Command ${commandId} not found in context ${context.id}`);
    return command;
  }

  execute(context: ContextRow, code: string): string {
    const command: CommandRow = {
      id: randomUUID().replaceAll("-", ""),
      contextId: context.id,
      status: "Queued",
      results: undefined,
    };
    this.#commands.set(command.id, command);
    workOn(this.workspace, context.clusterId).add(command.id);
    this.#touch(context);
    const before = this.#queues.get(context.id) ?? Promise.resolve();
    this.#queues.set(
      context.id,
      before
        .then(() => this.#run(context, command, code))
        .finally(() => workOn(this.workspace, context.clusterId).delete(command.id)),
    );
    return command.id;
  }

  cancel(command: CommandRow): void {
    if (command.status === "Queued") command.status = "Cancelled";
    if (command.status !== "Running") return;
    command.status = "Cancelling";
    this.#interpreters.get(command.contextId)?.interrupt(() => command.status === "Cancelling");
  }

  async destroy(context: ContextRow): Promise<void> {
    this.#contexts.delete(context.id);
    for (const command of this.#commands.values())
      if (command.contextId === context.id) this.#commands.delete(command.id);
    const interpreter = this.#interpreters.get(context.id);
    this.#interpreters.delete(context.id);
    this.#queues.delete(context.id);
    await interpreter?.close();
  }

  /** Ends the contexts whose cluster has stopped or has been started anew since. */
  async sweep(): Promise<void> {
    for (const context of [...this.#contexts.values()]) {
      const cluster = this.#clusters.get(context.clusterId);
      const alive = cluster?.state === "RUNNING" || cluster?.state === "RESIZING";
      if (!alive || cluster.sparkContextId !== context.sparkContextId) await this.destroy(context);
    }
  }

  /** After a restore, no interpreter has what the rows say ran in it: every context ends. */
  forget(): void {
    for (const { clusterId, id } of this.#contexts.values())
      for (const command of this.#commands.values())
        if (command.contextId === id) workOn(this.workspace, clusterId).delete(command.id);
    this.#contexts.clear();
    this.#commands.clear();
    this.#queues.clear();
    void this.close();
  }

  async close(): Promise<void> {
    const interpreters = [...this.#interpreters.values()];
    this.#interpreters.clear();
    await Promise.all(interpreters.map((interpreter) => interpreter.close()));
  }

  async #run(context: ContextRow, command: CommandRow, code: string): Promise<void> {
    if (command.status !== "Queued" || !this.#contexts.has(context.id)) return;
    command.status = "Running";
    if (context.language === "scala") {
      command.results = scalaResults(this.workspace, code);
      command.status = "Finished";
      this.#touch(context);
      return;
    }
    try {
      let interpreter = this.#interpreters.get(context.id);
      if (!interpreter) {
        interpreter = new Interpreter(dbutilsCalls(this.workspace, context.clusterId, context.user));
        this.#interpreters.set(context.id, interpreter);
      }
      command.results = await interpreter.run(code);
      command.status = command.results ? "Finished" : "Cancelled";
    } catch (cause) {
      if ((command.status as CommandRow["status"]) === "Cancelling") command.status = "Cancelled";
      else command.status = "Error";
      command.results = { resultType: "error", summary: "the interpreter failed", cause: String(cause) };
    }
    this.#touch(context);
  }

  /** A command keeps its cluster from terminating for idleness; while it runs it is work on it, too. */
  #touch(context: ContextRow): void {
    const cluster = this.#clusters.get(context.clusterId);
    if (cluster) cluster.lastActivityAt = this.workspace.clock.now();
  }

  #cluster(clusterId: string): ClusterRow {
    const cluster = this.#clusters.get(clusterId);
    if (!cluster) throw new LegacyError("ClusterNotFoundException", `Cluster not found: ${clusterId}`, 500);
    return cluster;
  }
}
