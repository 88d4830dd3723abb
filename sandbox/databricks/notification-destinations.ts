import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import { jsonBody, reply } from "../http/app.js";
import type { JsonObject } from "../http/json.js";
import { alreadyExists, doesNotExist, invalidParameter } from "./http/errors.js";
import { pageOf } from "./http/page-token.js";
import type { Service } from "./service.js";
import { isObject, objectField, queryInteger, requiredString } from "./http/request-fields.js";
import type { Workspace } from "./workspace.js";

interface DestinationRow {
  readonly id: string;
  name: string;
  config: JsonObject;
}

const types: Readonly<Record<string, string>> = {
  email: "EMAIL",
  generic_webhook: "WEBHOOK",
  microsoft_teams: "MICROSOFT_TEAMS",
  pagerduty: "PAGERDUTY",
  slack: "SLACK",
};

function checkedConfig(body: JsonObject): JsonObject {
  const config = objectField(body, "config");
  const given = Object.keys(config ?? {}).filter((name) => types[name] !== undefined);
  if (!config || given.length !== 1)
    throw invalidParameter(`config must have exactly one of: ${Object.keys(types).join(", ")}`);
  return config;
}

function typeOf(config: JsonObject): string {
  return Object.entries(types).find(([name]) => config[name] !== undefined)?.[1] ?? "";
}

/** What was put in as a secret (addresses of hooks, tokens) comes back only as "it is set". */
function withoutSecrets(config: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      if (name === "email" || !isObject(value)) return [name, value];
      return [name, Object.fromEntries(Object.keys(value).map((field) => [`${field}_set`, true]))];
    }),
  );
}

/** https://docs.databricks.com/api/azure/workspace/notificationdestinations */
export const notificationDestinations: Service = {
  name: "notification-destinations",
  mount(app: Hono, workspace: Workspace): void {
    const path = "/api/2.0/notification-destinations";
    const table = (): Map<string, DestinationRow> => workspace.table<DestinationRow>("notification-destinations");
    const rowOf = (id: string): DestinationRow => {
      const row = table().get(id);
      if (!row) throw doesNotExist(`Notification destination ${id} does not exist.`);
      return row;
    };
    const summary = ({ id, name, config }: DestinationRow): JsonObject => ({
      id,
      display_name: name,
      destination_type: typeOf(config),
    });
    const shown = (row: DestinationRow): JsonObject => ({ ...summary(row), config: withoutSecrets(row.config) });
    const freeName = (name: string, self?: DestinationRow): string => {
      if ([...table().values()].some((row) => row !== self && row.name === name))
        throw alreadyExists(`A notification destination with the name ${name} already exists.`);
      return name;
    };

    app.post(path, async (context) => {
      const body = await jsonBody(context);
      const name = freeName(requiredString(body, "display_name"));
      const row: DestinationRow = { id: randomUUID(), name, config: checkedConfig(body) };
      table().set(row.id, row);
      return reply(context, shown(row));
    });
    app.get(path, (context) => {
      const size = queryInteger(context, "page_size", { fallback: 20, min: 1, max: 100 });
      const page = pageOf([...table().values()], size, context.req.query("page_token"), "notification-destinations");
      return reply(context, { results: page.items.map(summary), next_page_token: page.next ?? "" });
    });
    app.get(`${path}/:id`, (context) => reply(context, shown(rowOf(context.req.param("id")))));
    app.patch(`${path}/:id`, async (context) => {
      const row = rowOf(context.req.param("id"));
      const body = await jsonBody(context);
      if (body["display_name"] !== undefined) row.name = freeName(requiredString(body, "display_name"), row);
      if (body["config"] !== undefined) row.config = checkedConfig(body);
      return reply(context, shown(row));
    });
    app.delete(`${path}/:id`, (context) => {
      table().delete(rowOf(context.req.param("id")).id);
      return reply(context);
    });
  },
};
