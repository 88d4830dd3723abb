import { z } from "zod";
import { infrastructureKeys } from "./infrastructure-keys.js";
import { namespace } from "./mistakes.js";
import { replicationKeys } from "./replication-keys.js";

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The JSON Schema of each key's value, as it may stand in the stack's file. */
export const keySchemas = {
  infrastructure: schemasOf(infrastructureKeys),
  replication: schemasOf(replicationKeys),
} as const;

/**
 * The JSON Schema of `Pulumi.<stack>.yaml`, for editors. Other namespaces, and what Pulumi itself keeps in the file, may stand
 * beside our keys; a key of our namespace that nothing reads may not. Draft 7 is what the editors' language servers know.
 */
export function stackFileSchema(): JsonSchema {
  const schemas = { ...keySchemas.infrastructure, ...keySchemas.replication };
  const named = Object.entries(schemas).map(
    ([name, schema]) => [`${namespace}:${name}`, withDefaultWords(schema)] as const,
  );
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `A stack of ${namespace}`,
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(named),
        propertyNames: { anyOf: [{ enum: named.map(([name]) => name) }, { not: { pattern: `^${namespace}:` } }] },
        required: Object.keys(schemas)
          .filter(isRequired)
          .map((name) => `${namespace}:${name}`),
      },
    },
    required: ["config"],
  };
}

const keys: Readonly<Record<string, z.ZodType>> = { ...infrastructureKeys, ...replicationKeys };

/** Whether a key must be set in every stack. */
export function isRequired(name: string): boolean {
  return !keys[name]!.safeParse(undefined).success;
}

function schemasOf<Name extends string>(keys: Readonly<Record<Name, z.ZodType>>): Record<Name, JsonSchema> {
  const schemas = Object.entries<z.ZodType>(keys).map(([name, shape]) => [name, schemaOf(shape)]);
  return Object.fromEntries(schemas) as Record<Name, JsonSchema>;
}

function withDefaultWords({ whenUnset, ...schema }: JsonSchema): JsonSchema {
  return whenUnset ? { ...schema, description: `${schema.description} Default: ${whenUnset as string}.` } : schema;
}

/** Of what may be written (`input`), not of what is read from it. */
function schemaOf(shape: z.ZodType): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(shape, {
    target: "draft-7",
    io: "input",
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type === "default") jsonSchema.default = def.defaultValue;
      if (jsonSchema.propertyNames && jsonSchema.properties) nameOnce(jsonSchema);
    },
  });
  return schema;
}

/** Says what each of many names may have once, not once a name. */
function nameOnce(schema: JsonSchema): void {
  const { properties = {}, propertyNames } = schema;
  schema.propertyNames = { ...(propertyNames as JsonSchema), enum: Object.keys(properties) };
  schema.additionalProperties = Object.values(properties)[0]!;
  delete schema.properties;
}
