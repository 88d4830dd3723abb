import type { Alias as AliasMessage } from "@pulumi/pulumi/proto/alias_pb.js";
import type { RegisterResourceRequest, TransformResourceOptions } from "@pulumi/pulumi/proto/resource_pb.js";
import type { CustomTimeouts } from "../../resource/state.js";
import { collectDependencies, downgradeOutputs, type PropertyMap } from "../../resource/values.js";
import { newGoal, type Alias, type Goal } from "./goal.js";
import type { Transformed } from "./transforms.js";

const secondsPer: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

/** Go's duration text (`1h30m`, `500ms`) in seconds. @throws for anything else */
export function durationSeconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text)
    throw new Error(`unable to parse customTimeout Value ${text}`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (secondsPer[unit ?? ""] ?? 0), 0);
}

function timeouts(options: TransformResourceOptions): CustomTimeouts {
  const message = options.getCustomTimeouts();
  const given = { create: message?.getCreate(), update: message?.getUpdate(), delete: message?.getDelete() };
  return Object.fromEntries(
    Object.entries(given).flatMap(([operation, text]) => (text ? [[operation, durationSeconds(text)]] : [])),
  );
}

function alias(message: AliasMessage): Alias {
  const spec = message.getSpec();
  if (message.hasUrn() || !spec) return { urn: message.getUrn() };
  return {
    name: spec.getName(),
    type: spec.getType(),
    stack: spec.getStack(),
    project: spec.getProject(),
    parent: spec.hasParenturn() ? spec.getParenturn() : "",
    noParent: spec.hasNoparent() && spec.getNoparent(),
  };
}

/** Every property's dependencies: those that the program declared, and those that its outputs carry. */
function propertyDependencies(
  request: RegisterResourceRequest,
  properties: PropertyMap,
  transformed: boolean,
): Map<string, Set<string>> {
  const declared = request.getPropertydependenciesMap();
  const all = new Map<string, Set<string>>();
  if (!transformed)
    for (const [key, urns] of declared.entries() as Iterable<[string, RegisterResourceRequest.PropertyDependencies]>)
      all.set(key, new Set(urns.getUrnsList()));
  for (const [key, value] of Object.entries(properties)) {
    const urns = all.get(key) ?? new Set<string>();
    if (!transformed && declared.getLength() === 0) for (const urn of request.getDependenciesList()) urns.add(urn);
    collectDependencies(value, urns);
    all.set(key, urns);
  }
  return all;
}

/** What a registration asks for, its transforms having run. */
export function goalFrom(
  request: RegisterResourceRequest,
  { properties, options }: Transformed,
  provider: string,
): Goal {
  const transformed = request.getTransformsList().length > 0;
  const byProperty = propertyDependencies(request, properties, transformed);
  const dependencies = new Set(options.getDependsOnList());
  if (transformed) for (const urns of byProperty.values()) for (const urn of urns) dependencies.add(urn);
  return newGoal({
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    properties: downgradeOutputs(properties),
    parent: request.getParent(),
    provider,
    protect: options.getProtect() ?? false,
    retainOnDelete: options.getRetainOnDelete() ?? false,
    dependencies: [...dependencies],
    propertyDependencies: Object.fromEntries([...byProperty].map(([key, urns]) => [key, [...urns]])),
    deleteBeforeReplace: options.hasDeleteBeforeReplace() ? options.getDeleteBeforeReplace() : undefined,
    ignoreChanges: options.getIgnoreChangesList(),
    replaceOnChanges: options.getReplaceOnChangesList(),
    additionalSecretOutputs: options.getAdditionalSecretOutputsList(),
    aliases: options.getAliasesList().map(alias),
    importId: options.getImport(),
    customTimeouts: timeouts(options),
    deletedWith: options.getDeletedWith(),
    replaceWith: options.getReplaceWithList(),
  });
}
