import type * as replicaProvider from "@databricks-dr/replica-provider";
import * as pulumi from "@pulumi/pulumi";

/** What Pulumi's dynamic provider calls, and how the package calls it. */
const exportedAs = {
  check: "check",
  diff: "diff",
  create: "create",
  update: "update",
  read: "read",
  delete: "remove",
} as const;

type Package = typeof replicaProvider;

/**
 * A resource of Pulumi's dynamic provider, whose process loads the package anew each time, so that the state keeps nothing of it but
 * these calls. Pulumi's own `dynamic.Resource` would make the same text by taking functions apart with a debugger and the TypeScript
 * compiler, at each start.
 */
export abstract class DynamicResource extends pulumi.CustomResource {
  /** @param part Module of the package that has the methods. */
  protected constructor(
    part: keyof Package,
    methods: readonly (keyof typeof exportedAs)[],
    type: string,
    name: string,
    props: pulumi.Inputs,
    opts: pulumi.CustomResourceOptions,
  ) {
    super(`pulumi-nodejs:dynamic/replica:${type}`, name, { ...props, __provider: providerText(part, methods) }, opts);
  }
}

function providerText(part: keyof Package, methods: readonly (keyof typeof exportedAs)[]): string {
  const calls = methods.map(
    (method) =>
      `  ${method}: async (...given) => (await import("@databricks-dr/replica-provider")).${part}.${exportedAs[method]}(...given),\n`,
  );
  return `exports.handler = () => ({\n${calls.join("")}});\n`;
}
