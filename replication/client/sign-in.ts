import type { AuthMethod } from "../settings.js";

export interface SignIn {
  /** Workspace address, `https://adb-….azuredatabricks.net`. */
  readonly host: string;
  readonly method: AuthMethod;
  /** Name of the `.databrickscfg` profile, for `profile`. */
  readonly profile?: string;
  /** ARM id of the workspace: lets a service principal that is no member of it sign in. */
  readonly resourceId?: string;
}

/** Gives the headers that sign a request; asked anew for each request, so that tokens can expire. */
export type Credentials = () => Promise<Record<string, string>>;
