import type { Hono } from "hono";
import { type Context } from "hono";
import { fireFileArrival, fireTableUpdate } from "./databricks/jobs/scheduler.js";
import { firedRuns } from "./databricks/runs/row.js";
import { mistakeInControls } from "./databricks/workspace-controls.js";
import { ApiError, createApp, jsonBody, reply } from "./http/app.js";
import type { FaultRule } from "./http/faults.js";
import type { JsonObject } from "./http/json.js";
import { listen } from "./http/listen.js";
import type { Traffic } from "./http/traffic.js";
import { loadEstate, parseEstate } from "./estate.js";
import type { SandboxDescription } from "./description.js";
import { snapshotOf, type SandboxParts } from "./parts.js";
import { slotNames, type SlotName } from "./workspace-slots.js";

export interface ControlServer {
  readonly url: string;
  /** What `GET /sandbox` answers. */
  describe(description: SandboxDescription): void;
  close(): Promise<void>;
}

/** The sandbox's switches over HTTP; the table is in docs/sandbox.md. */
export async function startControlServer(sandbox: SandboxParts, port = 0): Promise<ControlServer> {
  const app = createApp({ body: ({ errorCode, message }) => ({ error: { code: errorCode, message } }) });
  let description: SandboxDescription | undefined;
  app.get("/sandbox", (context) => reply(context, description));
  mountSettings(app, sandbox);
  mountFaults(app, sandbox);
  mountObservation(app, sandbox);
  mountJobs(app, sandbox);
  mountState(app, sandbox);
  const { url, close } = await listen(app, port);
  return { url, close, describe: (given) => (description = given) };
}

/** The slots that `?workspace=` names; both without it. */
function slotsOf(context: Context): readonly SlotName[] {
  const named = context.req.query("workspace");
  if (named === undefined) return slotNames;
  const slot = slotNames.find((name) => name === named);
  if (!slot) throw new ApiError(400, "UNKNOWN_WORKSPACE", `workspace is ${slotNames.join(" or ")}, not '${named}'`);
  return [slot];
}

function bySlot<T>(context: Context, show: (name: SlotName) => T): Record<string, T> {
  return Object.fromEntries(slotsOf(context).map((name) => [name, show(name)]));
}

function numberOf(body: JsonObject, name: string): number {
  const value = body[name];
  if (typeof value !== "number" || !(value >= 0))
    throw new ApiError(400, "INVALID_PARAMETER_VALUE", `the body needs "${name}", a number that is not negative`);
  return value;
}

function mountSettings(app: Hono, { slots, clock, arm }: SandboxParts): void {
  const showLatency = (context: Context): Response =>
    reply(
      context,
      bySlot(context, (name) => ({ ms: slots.at(name).settings.latencyMs })),
    );
  app.get("/sandbox/latency", showLatency);
  app.post("/sandbox/latency", async (context) => {
    const ms = numberOf(await jsonBody(context), "ms");
    for (const name of slotsOf(context)) {
      slots.at(name).settings.latencyMs = ms;
      slots.apply(name);
    }
    if (context.req.query("workspace") === undefined) arm.traffic.latencyMs = ms;
    return showLatency(context);
  });

  const showLimits = (context: Context): Response =>
    reply(
      context,
      bySlot(context, (name) => ({ enabled: slots.at(name).settings.rateLimits })),
    );
  app.get("/sandbox/rate-limits", showLimits);
  app.post("/sandbox/rate-limits", async (context) => {
    const { enabled } = await jsonBody(context);
    if (typeof enabled !== "boolean")
      throw new ApiError(400, "INVALID_PARAMETER_VALUE", 'the body needs "enabled", true or false');
    for (const name of slotsOf(context)) {
      slots.at(name).settings.rateLimits = enabled;
      slots.apply(name);
    }
    return showLimits(context);
  });

  const showControls = (context: Context): Response =>
    reply(
      context,
      bySlot(context, (name) => ({ ...(slots.server(name)?.workspace.controls ?? slots.at(name).settings.controls) })),
    );
  app.get("/sandbox/controls", showControls);
  app.post("/sandbox/controls", async (context) => {
    const given = await jsonBody(context);
    const mistake = mistakeInControls(given);
    if (mistake) throw new ApiError(400, "INVALID_PARAMETER_VALUE", mistake);
    for (const name of slotsOf(context)) slots.control(name, given);
    return showControls(context);
  });

  const showClock = (context: Context): Response => reply(context, { now: new Date(clock.now()).toISOString() });
  app.get("/sandbox/clock", showClock);
  app.post("/sandbox/clock", async (context) => {
    clock.advance(numberOf(await jsonBody(context), "advanceMs"));
    return showClock(context);
  });

  app.get("/sandbox/geo-replication", (context) => reply(context, { lagMs: arm.arm.geoReplicationLagMs }));
  app.post("/sandbox/geo-replication", async (context) => {
    arm.arm.geoReplicationLagMs = numberOf(await jsonBody(context), "lagMs");
    return reply(context, { lagMs: arm.arm.geoReplicationLagMs });
  });
}

function mountFaults(app: Hono, { slots, arm }: SandboxParts): void {
  const show = (context: Context): Response =>
    reply(
      context,
      isArm(context)
        ? { arm: arm.traffic.faults.list() }
        : bySlot(
            context,
            (name) =>
              slots.server(name)?.traffic.faults.list() ?? slots.at(name).settings.faults.map((rule) => ({ rule })),
          ),
    );
  const isArm = (context: Context): boolean => context.req.query("workspace") === "arm";

  app.get("/sandbox/faults", show);

  // One rule is added without touching the counts of those that are there.
  app.post("/sandbox/faults", async (context) => {
    const rule = (await jsonBody(context)) as unknown as FaultRule;
    try {
      if (isArm(context)) arm.traffic.faults.add(rule);
      else
        for (const name of slotsOf(context)) {
          slots.server(name)?.traffic.faults.add(rule);
          slots.at(name).settings.faults.push(rule);
        }
    } catch (error) {
      throw new ApiError(400, "INVALID_PARAMETER_VALUE", (error as Error).message);
    }
    return show(context);
  });

  app.delete("/sandbox/faults", (context) => {
    if (isArm(context)) arm.traffic.faults.clear();
    else
      for (const name of slotsOf(context)) {
        slots.at(name).settings.faults.splice(0);
        slots.apply(name);
      }
    return show(context);
  });
}

function mountObservation(app: Hono, { slots, arm }: SandboxParts): void {
  app.get("/sandbox/requests", (context) => {
    const show = (traffic: Traffic | undefined): object | null =>
      traffic
        ? {
            writes: traffic.log.writes,
            inFlight: traffic.inFlight,
            maxInFlight: traffic.maxInFlight,
            counts: traffic.log.counts(),
            ...(context.req.query("entries") === undefined ? {} : { entries: traffic.log.entries() }),
          }
        : null;
    return reply(context, {
      ...bySlot(context, (name) => show(slots.server(name)?.traffic)),
      ...(context.req.query("workspace") === undefined ? { arm: show(arm.traffic) } : {}),
    });
  });

  app.delete("/sandbox/requests", (context) => {
    for (const name of slotsOf(context)) slots.server(name)?.traffic.reset();
    if (context.req.query("workspace") === undefined) arm.traffic.reset();
    return reply(context);
  });
}

function mountJobs(app: Hono, { slots }: SandboxParts): void {
  app.get("/sandbox/jobs/fired", (context) =>
    reply(
      context,
      bySlot(context, (name) => {
        const server = slots.server(name);
        return server ? firedRuns(server.workspace) : [];
      }),
    ),
  );
  app.post("/sandbox/jobs/fire", async (context) => {
    const { fileArrival, tableUpdate } = await jsonBody(context);
    if ((typeof fileArrival === "string") === (typeof tableUpdate === "string"))
      throw new ApiError(
        400,
        "INVALID_PARAMETER_VALUE",
        'the body needs "fileArrival", a URL, or "tableUpdate", a table',
      );
    return reply(
      context,
      bySlot(context, (name) => {
        const workspace = slots.server(name)?.workspace;
        if (!workspace) return [];
        return typeof fileArrival === "string"
          ? fireFileArrival(workspace, fileArrival)
          : fireTableUpdate(workspace, String(tableUpdate));
      }),
    );
  });
}

function mountState(app: Hono, sandbox: SandboxParts): void {
  const { slots } = sandbox;
  app.post("/sandbox/estate", async (context) => {
    const [slot] = context.req.query("workspace") === undefined ? (["primary"] as const) : slotsOf(context);
    try {
      return reply(context, await loadEstate(parseEstate(await context.req.text()), slots.at(slot as SlotName)));
    } catch (error) {
      throw new ApiError(400, "ESTATE_REFUSED", (error as Error).message);
    }
  });

  const snapshots = new Map<string, () => Promise<void>>();
  app.post("/sandbox/snapshot", (context) => {
    const id = String(snapshots.size + 1);
    snapshots.set(id, snapshotOf(sandbox));
    return reply(context, { snapshot: id });
  });
  app.post("/sandbox/restore", async (context) => {
    const { snapshot } = await jsonBody(context);
    const restore = snapshots.get(String(snapshot));
    if (!restore) throw new ApiError(404, "NO_SNAPSHOT", `there is no snapshot '${String(snapshot)}'`);
    await restore();
    return reply(context);
  });
}
