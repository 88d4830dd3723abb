import * as pulumi from "@pulumi/pulumi";

/**
 * The outputs of a stack, by organization/project/stack, as they were last written. A StackReference that cannot be read
 * ends the run, with no word of ours: reading a resource is not to be caught. The invoke that it once was made of can be.
 *
 * @throws Error with the engine's reason.
 */
export async function readStackOutputs(name: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const answer = (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name })) as {
      readonly outputs?: Readonly<Record<string, unknown>>;
    };
    return answer.outputs ?? {};
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(reason.replace(/^.*returned an error: /, ""), { cause });
  }
}
