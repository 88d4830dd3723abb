import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it. */
export interface Registered {
  readonly name: string;
  readonly type: string;
  /** Resolved. */
  readonly inputs: Record<string, unknown>;
  /** The parent's name; empty when it is the stack. */
  readonly parent: string;
  readonly options: pulumi.CustomResourceOptions;
}

export interface Run {
  readonly resources: readonly Registered[];
  readonly warnings: readonly string[];
  /** `type name < parent` of each resource, sorted; without a parent, it is the stack's. */
  readonly tree: readonly string[];
  readonly outputs: Record<string, unknown>;
  resource(type: string, name?: string): Registered;
}

/** What a cloud would answer: outputs beyond the inputs by resource type, and results by invoke. */
export interface Cloud {
  readonly outputs?: Readonly<Record<string, Record<string, unknown>>>;
  readonly invokes?: Readonly<Record<string, (args: Record<string, unknown>) => Record<string, unknown>>>;
}

/** Runs a piece of program against Pulumi's mocks, and waits until all of it is registered. */
export async function runWithMocks(
  program: () => pulumi.Inputs | Promise<pulumi.Inputs>,
  cloud: Cloud = {},
): Promise<Run> {
  const inputs = new Map<string, Record<string, unknown>>();
  const options = new Map<string, pulumi.CustomResourceOptions & { type: string; name: string }>();
  const warnings: string[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource(args) {
        const given = args.inputs as Record<string, unknown>;
        inputs.set(`${args.type} ${args.name}`, given);
        return { id: `/subscriptions/0000/${args.name}`, state: { ...given, ...cloud.outputs?.[args.type] } };
      },
      call(args) {
        const answer = cloud.invokes?.[args.token];
        if (!answer) throw new Error(`${args.token} is not answered`);
        try {
          return answer(args.inputs as Record<string, unknown>);
        } catch (error) {
          // The engine's errors have their message there.
          throw Object.assign(error as Error, { details: (error as Error).message });
        }
      },
    },
    "databricks-dr",
    "primary",
    false,
    "organization",
  );
  const warn = pulumi.log.warn;
  Object.assign(pulumi.log, {
    warn: (message: string) => {
      warnings.push(message);
      return Promise.resolve();
    },
  });
  let outputs: Record<string, unknown>;
  try {
    outputs = (await pulumi.runtime.runInPulumiStack(() => {
      pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
        options.set(`${type} ${name}`, { ...opts, type, name });
        return undefined;
      });
      return Promise.resolve(program());
    })) as Record<string, unknown>;
    await pulumi.runtime.disconnect();
  } finally {
    Object.assign(pulumi.log, { warn });
  }
  const resources = await Promise.all(
    [...options].map(async ([key, { type, name, ...opts }]) => ({
      type,
      name,
      inputs: inputs.get(key) ?? {},
      parent: opts.parent ? ((await valueOf(opts.parent.urn)).split("::").at(-1) ?? "") : "",
      options: opts,
    })),
  );
  const tree = resources.map(({ type, name, parent }) => `${type} ${name}${parent && ` < ${parent}`}`).sort();
  return {
    resources,
    warnings,
    tree,
    outputs: await valueOf(pulumi.output(outputs)),
    resource(type, name) {
      const found = resources.find((one) => one.type === type && (name === undefined || one.name === name));
      if (!found) throw new Error(`no ${type} ${name ?? ""} in\n${tree.join("\n")}`);
      return found;
    },
  };
}

export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
