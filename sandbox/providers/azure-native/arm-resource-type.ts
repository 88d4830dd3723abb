import { parseArmPath, fillPath } from "./arm-path.js";
import type { ArmClient } from "./arm-client.js";
import { fromArm, toArm } from "./arm-shape.js";
import type { ArmType } from "./arm-types.js";
import { automaticName } from "../automatic-name.js";
import { InitializationFailure, type CheckFailure, type CheckRequest, type ResourceType } from "../provider.js";
import { isUnknown, type Properties } from "../property-values.js";
import { refreshedInputs } from "./refreshed-inputs.js";

/** What the provider's configuration amounts to. */
export interface AzureSession {
  readonly arm: ArmClient;
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** `azure-native:location`, for resources that name none. */
  readonly location: string | undefined;
}

/** The behaviour of one azure-native type, made from its line in the table. */
export function armResourceType(token: string, type: ArmType): ResourceType<AzureSession> {
  const query = `api-version=${type.apiVersion}`;

  const bodyOf = (inputs: Properties): Properties => toArm(pick(inputs, type.inputs), type.shape);

  const outputsOf = (resource: Properties): Properties => {
    const { id: _, ...outputs } = fromArm(resource, type.shape);
    return { ...outputs, azureApiVersion: type.apiVersion };
  };

  /** Writes, follows the operation, reads back: what the PUT answers may differ from what a GET shows later. */
  const write = async (
    id: string,
    body: Properties,
    session: AzureSession,
    inputs: Properties,
  ): Promise<Properties> => {
    const { done } = await session.arm.put(id, query, body);
    try {
      await done;
    } catch (error) {
      const reached = await session.arm.get(id, query);
      if (!reached) throw error;
      throw new InitializationFailure(id, { ...inputs, ...outputsOf(reached) }, (error as Error).message);
    }
    const resource = await session.arm.get(id, query);
    if (!resource) throw new Error(`${token}: '${id}' was written but cannot be read`);
    return resource;
  };

  return {
    outputs: ["azureApiVersion", "name", "type", ...type.inputs.filter((name) => name !== "id"), ...type.outputs],
    stableOutputs: ["name", "location"],
    replaceOn: type.replaceOn,
    same: (path, old, now) => path === "location" && sameLocation(old, now),

    check: async (request, session) => checkInputs(token, type, request, session),

    create: async (inputs, session) => {
      const id = fillPath(type.path, { ...inputs, subscriptionId: session.subscriptionId });
      // A PUT would silently take over what is already there.
      if (!type.singleton && (await session.arm.get(id, query)))
        throw new Error(`cannot create already existing resource '${id}'`);
      const defaults = Object.fromEntries((type.maintained ?? []).map((name) => [name, []]));
      const resource = await write(id, bodyOf({ ...defaults, ...inputs }), session, inputs);
      return { id: String(resource.id ?? id), outputs: outputsOf(resource) };
    },

    read: async (id, session, olds) => {
      const resource = await session.arm.get(id, query);
      if (!resource) return undefined;
      const outputs = outputsOf(resource);
      const unset = (type.maintained ?? []).filter((name) => olds.inputs?.[name] === undefined);
      const names = type.inputs.filter((name) => !unset.includes(name));
      const inputs = olds.inputs
        ? refreshedInputs(olds.inputs, olds.outputs, outputs, names)
        : { ...parseArmPath(type.path, id), ...pick(outputs, names) };
      return { inputs, outputs };
    },

    update: async (id, inputs, session) => {
      const unset = (type.maintained ?? []).filter((name) => inputs[name] === undefined);
      const current = unset.length > 0 ? fromArm((await session.arm.get(id, query)) ?? {}, type.shape) : {};
      return outputsOf(await write(id, bodyOf({ ...pick(current, unset), ...inputs }), session, inputs));
    },

    delete: async (id, session) => {
      if (!type.singleton) return session.arm.delete(id, query);
      if (await session.arm.get(id, query))
        await (
          await session.arm.put(id, query, { properties: type.singleton.reset })
        ).done;
    },
  };
}

async function checkInputs(
  token: string,
  type: ArmType,
  { name, news, olds, randomSeed }: CheckRequest,
  session: AzureSession | undefined,
): Promise<{ inputs: Properties; failures: CheckFailure[] }> {
  const inputs = { ...news };
  const { nameInput, naming } = type;
  if (inputs[nameInput] === undefined)
    inputs[nameInput] =
      olds[nameInput] ??
      (typeof naming === "object" ? naming.fixed : naming === "copy" ? name : automaticName(name, "", 8, randomSeed));
  if (type.located && inputs.location === undefined) {
    const location = session?.location ?? (await groupLocation(inputs.resourceGroupName, session));
    if (location !== undefined) inputs.location = location;
  }
  const known = [...type.inputs, ...(type.path.match(/(?<=\{)\w+(?=\})/g) ?? [])];
  return {
    inputs,
    failures: [
      ...type.required
        .filter((required) => inputs[required] === undefined)
        .map((required) => ({ property: required, reason: `missing required property '${required}'` })),
      ...Object.keys(inputs)
        .filter((key) => !key.startsWith("__") && !known.includes(key))
        .map((key) => ({ property: key, reason: `'${key}' is no input of ${token}` })),
    ],
  };
}

async function groupLocation(group: unknown, session: AzureSession | undefined): Promise<unknown> {
  if (typeof group !== "string" || isUnknown(group) || !session) return undefined;
  const found = await session.arm.get(
    `/subscriptions/${session.subscriptionId}/resourceGroups/${group}`,
    "api-version=2024-03-01",
  );
  return found?.location;
}

function sameLocation(old: unknown, now: unknown): boolean {
  const normal = (value: unknown): string => String(value).replaceAll(" ", "").toLowerCase();
  return normal(old) === normal(now);
}

function pick(values: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]));
}
