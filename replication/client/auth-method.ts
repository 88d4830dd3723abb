import type { SignIn } from "./sign-in.js";
import { databricksConfigFile, type Profile, readProfiles, sameHost } from "./databrickscfg.js";

/**
 * The ways to sign in, by the names that Databricks' SDKs and its Terraform provider give them (`auth_type`).
 * https://learn.microsoft.com/azure/databricks/dev-tools/auth/unified-auth
 */
export const authTypes = [
  "pat",
  "oauth-m2m",
  "databricks-cli",
  "github-oidc-azure",
  "azure-msi",
  "azure-client-secret",
  "azure-cli",
] as const;

export type AuthType = (typeof authTypes)[number];

/** What a method signs in with, by its name in a profile, and the variable that the SDKs read before the profile. */
const variables = {
  auth_type: "DATABRICKS_AUTH_TYPE",
  token: "DATABRICKS_TOKEN",
  client_id: "DATABRICKS_CLIENT_ID",
  client_secret: "DATABRICKS_CLIENT_SECRET",
  azure_use_msi: "ARM_USE_MSI",
  azure_client_id: "ARM_CLIENT_ID",
  azure_client_secret: "ARM_CLIENT_SECRET",
  azure_tenant_id: "ARM_TENANT_ID",
  actions_id_token_request_url: "ACTIONS_ID_TOKEN_REQUEST_URL",
  actions_id_token_request_token: "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
} as const;

type Attribute = keyof typeof variables;
type Values = Readonly<Partial<Record<Attribute, string>>>;

/** What each method must have, in the order in which the SDKs try them, and what it takes besides. */
const uses: Readonly<Record<AuthType, { readonly needs: readonly Attribute[]; readonly takes: readonly Attribute[] }>> =
  {
    pat: { needs: ["token"], takes: [] },
    "oauth-m2m": { needs: ["client_id", "client_secret"], takes: [] },
    "databricks-cli": { needs: [], takes: [] },
    "github-oidc-azure": {
      needs: ["azure_client_id", "azure_tenant_id", "actions_id_token_request_url", "actions_id_token_request_token"],
      takes: [],
    },
    "azure-msi": { needs: ["azure_use_msi"], takes: ["azure_client_id"] },
    "azure-client-secret": { needs: ["azure_client_id", "azure_client_secret", "azure_tenant_id"], takes: [] },
    "azure-cli": { needs: [], takes: ["azure_tenant_id"] },
  };

/** Methods of Azure AD that a look at what is there can tell; without any of them it is `azure-cli`. */
const azureTypes = ["github-oidc-azure", "azure-msi", "azure-client-secret"] as const;

/** One method, chosen, with what it signs in with: secrets, which go nowhere else. */
export interface ChosenMethod {
  readonly authType: AuthType;
  /** The profile of `.databrickscfg` that it comes from. */
  readonly profile?: string;
  readonly values: Values;
}

/** What Pulumi's databricks provider is told, and all that it may be told: no secret, and nothing of a second method. */
export interface ProviderSignIn {
  readonly authType: AuthType;
  readonly profile?: string;
  readonly azureWorkspaceResourceId?: string;
}

/**
 * How a workspace is signed in to: the one rule, for the replication's client and for the provider. `auto` takes a profile
 * of that workspace, else the environment where `DATABRICKS_HOST` is it, else Azure AD.
 *
 * @throws Error that says what is missing, or which two methods were found.
 */
export async function chooseMethod(to: SignIn): Promise<ChosenMethod> {
  switch (to.method) {
    case "profile":
      return namedProfile(to);
    case "environment":
      return (
        (isElsewhere(process.env.DATABRICKS_HOST, to) ? undefined : fromEnvironment(to)) ??
        refuse(to, "set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, for it")
      );
    case "azure":
      return fromAzure(to);
    case "auto":
      return (await profileOfWorkspace(to)) ?? environmentOfWorkspace(to) ?? fromAzure(to);
  }
}

/**
 * The same decision, as the provider is told of it. The provider reads its credentials by itself whenever it runs, and a
 * variable goes before the profile: where that would be another credential than the chosen one, it is refused.
 */
export async function providerSignIn(to: SignIn): Promise<ProviderSignIn> {
  const { authType, profile, values } = await chooseMethod(to);
  if (profile !== undefined) refuseShadowed(to, authType, profile, values);
  return {
    authType,
    ...(profile === undefined ? {} : { profile }),
    ...(isAzure(authType) && to.resourceId ? { azureWorkspaceResourceId: to.resourceId } : {}),
  };
}

async function namedProfile(to: SignIn): Promise<ChosenMethod> {
  const name = to.profile ?? "DEFAULT";
  const file = databricksConfigFile();
  const profile = (await readProfiles())[name] ?? refuse(to, `${file} has no profile [${name}]`);
  if (isElsewhere(profile.host, to)) refuse(to, `profile [${name}] of ${file} is for ${profile.host}`);
  const resource = profile.azure_workspace_resource_id;
  if (resource && to.resourceId && !sameResource(resource, to.resourceId))
    refuse(to, `profile [${name}] of ${file} is for ${resource}`);
  return (
    fromProfile(to, name, profile) ??
    refuse(
      to,
      `profile [${name}] of ${file} has no token, no client_id and client_secret, nothing for Azure AD, and no auth_type`,
    )
  );
}

async function profileOfWorkspace(to: SignIn): Promise<ChosenMethod | undefined> {
  for (const [name, profile] of Object.entries(await readProfiles())) {
    const resource = profile?.azure_workspace_resource_id;
    const isMeant = profile?.host
      ? sameHost(profile.host, to.host)
      : resource !== undefined && to.resourceId !== undefined && sameResource(resource, to.resourceId);
    const chosen = profile && isMeant ? fromProfile(to, name, profile) : undefined;
    if (chosen) return chosen;
  }
  return undefined;
}

function fromProfile(to: SignIn, name: string, profile: Profile): ChosenMethod | undefined {
  const where = `profile [${name}] of ${databricksConfigFile()}`;
  const authType = typeIn(to, profile, where, azureTypes);
  if (authType) return { authType, profile: name, values: profile };
  if (!profile.azure_workspace_resource_id) return undefined;
  // It says which workspace, and leaves to the environment who signs in.
  const { authType: azureType, values } = fromAzure(to);
  return { authType: azureType, profile: name, values: { ...profile, ...values } };
}

/** `DATABRICKS_HOST` says which workspace the other variables are for. */
function environmentOfWorkspace(to: SignIn): ChosenMethod | undefined {
  const { DATABRICKS_HOST } = process.env;
  return DATABRICKS_HOST && sameHost(DATABRICKS_HOST, to.host) ? fromEnvironment(to) : undefined;
}

/** `ARM_*` alone is no sign of a workspace's credentials: Azure's own provider is signed in by it. */
function fromEnvironment(to: SignIn): ChosenMethod | undefined {
  const values = environment();
  const authType = typeIn(to, values, "the environment", []);
  return authType && { authType, values };
}

function fromAzure(to: SignIn): ChosenMethod {
  const values = environment();
  const wanted = values.auth_type;
  if (wanted !== undefined && isAuthType(wanted) && isAzure(wanted))
    return { authType: complete(to, wanted, values, "the environment"), values };
  const authType = azureTypes.find((type) => uses[type].needs.every((each) => isSet(values, each)));
  if (authType) return { authType, values };
  if (process.env.AZURE_CLIENT_SECRET && !values.azure_client_secret)
    refuse(
      to,
      "AZURE_CLIENT_SECRET is set, and Databricks' provider does not read it: set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID",
    );
  return { authType: "azure-cli", values };
}

/** The method that values are for: the one that they name, else the one that they suffice for; undefined for none. */
function typeIn(to: SignIn, values: Values, where: string, besides: readonly AuthType[]): AuthType | undefined {
  if (values.auth_type !== undefined) {
    if (!isAuthType(values.auth_type))
      refuse(to, `${where} says auth_type ${values.auth_type}; this program knows ${authTypes.join(", ")}`);
    return complete(to, values.auth_type, values, where);
  }
  const found = (["pat", "oauth-m2m", ...besides] as const).filter((type) =>
    uses[type].needs.every((each) => isSet(values, each)),
  );
  const [first, second] = found;
  if (first && second && !(isAzure(first) && isAzure(second)))
    refuse(
      to,
      `${where} has two methods, ${first} and ${second}: say by auth_type (DATABRICKS_AUTH_TYPE) which is meant`,
    );
  return first;
}

function complete(to: SignIn, authType: AuthType, values: Values, where: string): AuthType {
  const missing = uses[authType].needs.filter((each) => !isSet(values, each));
  if (missing.length > 0)
    refuse(
      to,
      `${where} says auth_type ${authType}, and has no ${missing.map((each) => (where === "the environment" ? variables[each] : each)).join(", ")}`,
    );
  return authType;
}

function refuseShadowed(to: SignIn, authType: AuthType, profile: string, values: Values): void {
  const { needs, takes } = uses[authType];
  const shadowing = [...needs, ...takes].filter((each) => {
    const set = process.env[variables[each]];
    return values[each] !== undefined && set && set !== values[each];
  });
  if (shadowing.length === 0) return;
  const names = shadowing.map((each) => variables[each]).join(", ");
  refuse(
    to,
    `${names} of the environment differs from profile [${profile}], and Databricks' provider takes a variable before a profile: unset it for this run (env -u ${shadowing.map((each) => variables[each]).join(" -u ")} pulumi …), or set databricks-dr:auth to environment`,
  );
}

function environment(): Values {
  const set = Object.entries(variables).map(([attribute, variable]) => [attribute, process.env[variable]] as const);
  return Object.fromEntries(set.filter(([, value]) => value));
}

function isSet(values: Values, attribute: Attribute): boolean {
  const value = values[attribute];
  return attribute === "azure_use_msi" ? /^(1|t|true)$/i.test(value ?? "") : Boolean(value);
}

export function isAzure(authType: AuthType): boolean {
  return authType.includes("azure");
}

function isAuthType(name: string): name is AuthType {
  return (authTypes as readonly string[]).includes(name);
}

function isElsewhere(host: string | undefined, to: SignIn): boolean {
  return Boolean(host) && !sameHost(host!, to.host);
}

function sameResource(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function refuse(to: SignIn, why: string): never {
  throw new Error(`cannot sign in to ${to.host}: ${why}`);
}
