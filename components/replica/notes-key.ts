import * as pulumi from "@pulumi/pulumi";

const provider: pulumi.dynamic.ResourceProvider = {
  create: async () => (await import("@databricks-dr/replica-provider")).notesKey.create(),
};

/**
 * The key that vouches for the notes that a workspace keeps on its copies. It is made once; its private part is a secret of the
 * stack's state.
 */
export class NotesKey extends pulumi.dynamic.Resource {
  declare readonly privateKey: pulumi.Output<string>;
  declare readonly publicKey: pulumi.Output<string>;

  constructor(name: string, opts: pulumi.CustomResourceOptions) {
    const secret = { additionalSecretOutputs: ["privateKey"] };
    super(
      provider,
      name,
      { privateKey: undefined, publicKey: undefined },
      { ...opts, ...secret },
      "replica",
      "NotesKey",
    );
  }
}
