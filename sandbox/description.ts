export interface WorkspaceDescription {
  readonly host: string;
  /** An administrator's. */
  readonly token: string;
  /** Of `ordinary.user@contoso.com`, who is no administrator and in no group but `users`. */
  readonly userToken: string;
}

/** What a user of the sandbox needs to know; the one line that `dr sandbox` prints. */
export interface SandboxDescription {
  readonly primary: WorkspaceDescription;
  readonly secondary: WorkspaceDescription;
  readonly arm: {
    readonly endpoint: string;
    /** Any bearer token will do; this is one. */
    readonly token: string;
    readonly subscriptionId: string;
    readonly tenantId: string;
    /** An application that may read and write the storage accounts that ARM makes; for mounts. */
    readonly clientId: string;
    readonly clientSecret: string;
  };
  readonly control: { readonly url: string };
  /** Variables for `pulumi` and any Databricks client, to be laid over the caller's own. */
  readonly env: Readonly<Record<string, string>>;
}
