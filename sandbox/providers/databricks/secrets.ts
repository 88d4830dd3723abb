import { automaticName } from "../automatic-name.js";
import type { ResourceType } from "../provider.js";
import type { Properties } from "../property-values.js";
import { toSnakeCase } from "./snake-case.js";
import type { WorkspaceClient } from "./workspace-client.js";

interface ListedScope {
  readonly name: string;
  readonly backend_type?: string;
}

interface ListedSecret {
  readonly key: string;
  readonly last_updated_timestamp: number;
}

/** `databricks:index/secretScope:SecretScope`. */
export const secretScope: ResourceType<WorkspaceClient> = {
  outputs: ["backendType", "name"],
  stableOutputs: ["backendType", "name"],
  replaceOn: ["name", "initialManagePrincipal", "backendType", "keyvaultMetadata"],

  check: async ({ name, news, olds, randomSeed }) => ({
    inputs: { ...news, name: news.name ?? olds.name ?? automaticName(name, "-", 7, randomSeed) },
    failures: [],
  }),

  create: async (inputs, client) => {
    const keyvault = inputs.keyvaultMetadata as Properties | undefined;
    await client.post("/api/2.0/secrets/scopes/create", {
      scope: inputs.name,
      ...(inputs.initialManagePrincipal === undefined
        ? {}
        : { initial_manage_principal: inputs.initialManagePrincipal }),
      ...(keyvault ? { scope_backend_type: "AZURE_KEYVAULT", backend_azure_keyvault: toSnakeCase(keyvault) } : {}),
    });
    return {
      id: String(inputs.name),
      outputs: { ...inputs, backendType: keyvault ? "AZURE_KEYVAULT" : "DATABRICKS" },
    };
  },

  read: async (id, client, olds) => {
    const { scopes = [] } = (await client.get("/api/2.0/secrets/scopes/list")) as { scopes?: ListedScope[] };
    const found = scopes.find((scope) => scope.name === id);
    if (!found) return undefined;
    const inputs = { ...olds.inputs, name: id };
    return { inputs, outputs: { ...inputs, backendType: found.backend_type ?? "DATABRICKS" } };
  },

  update: async (_id, inputs, _client, olds) => ({ ...olds, ...inputs }),

  delete: async (id, client) => {
    await client.post("/api/2.0/secrets/scopes/delete", { scope: id });
  },
};

const separator = "|||";

/** `databricks:index/secret:Secret`. Its value can be written and never read. */
export const secretValue: ResourceType<WorkspaceClient> = {
  outputs: ["configReference", "lastUpdatedTimestamp"],
  stableOutputs: ["configReference"],
  secretOutputs: ["stringValue"],
  replaceOn: ["key", "scope", "stringValue"],

  check: async ({ news }) => ({
    inputs: news,
    failures: ["key", "scope", "stringValue"]
      .filter((name) => news[name] === undefined)
      .map((name) => ({ property: name, reason: `Missing required argument: ${name}` })),
  }),

  create: async (inputs, client) => {
    const { scope, key, stringValue } = inputs as { scope: string; key: string; stringValue: string };
    await client.post("/api/2.0/secrets/put", { scope, key, string_value: stringValue });
    const found = await findSecret(client, scope, key);
    return { id: `${scope}${separator}${key}`, outputs: { ...inputs, ...describe(scope, key, found) } };
  },

  read: async (id, client, olds) => {
    const [scope = "", key = ""] = id.split(separator);
    const found = await findSecret(client, scope, key);
    if (!found) return undefined;
    const inputs = { ...olds.inputs, scope, key };
    return { inputs, outputs: { ...inputs, ...describe(scope, key, found) } };
  },

  update: async (_id, inputs, _client, olds) => ({ ...olds, ...inputs }),

  delete: async (id, client) => {
    const [scope, key] = id.split(separator);
    await client.post("/api/2.0/secrets/delete", { scope, key });
  },
};

function describe(scope: string, key: string, found: ListedSecret | undefined): Properties {
  return {
    configReference: `{{secrets/${scope}/${key}}}`,
    lastUpdatedTimestamp: found?.last_updated_timestamp ?? 0,
  };
}

async function findSecret(client: WorkspaceClient, scope: string, key: string): Promise<ListedSecret | undefined> {
  const listed = (await client.get("/api/2.0/secrets/list", { scope })) as { secrets?: ListedSecret[] };
  return listed.secrets?.find((candidate) => candidate.key === key);
}
