import type * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "./dynamic-resource.js";

/**
 * The key that vouches for the notes that a workspace keeps on its copies. It is made once; its private part is a secret of the
 * stack's state.
 */
export class NotesKey extends DynamicResource {
  declare readonly privateKey: pulumi.Output<string>;
  declare readonly publicKey: pulumi.Output<string>;

  constructor(name: string, opts: pulumi.CustomResourceOptions) {
    const secret = { additionalSecretOutputs: ["privateKey"] };
    super(
      "notesKey",
      ["create", "diff"],
      "NotesKey",
      name,
      { privateKey: undefined, publicKey: undefined },
      { ...opts, ...secret },
    );
  }
}
