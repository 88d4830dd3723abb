import { isRequired, keySchemas, type JsonSchema } from "./stack-file-schema.js";

/** One of docs/configuration.md's tables, in Markdown. */
export function configurationTable(part: keyof typeof keySchemas): string {
  const rows = Object.entries<JsonSchema>(keySchemas[part]).map(
    ([name, schema]) =>
      `| \`${name}\` | ${typeWords(schema)} | ${isRequired(name) ? "**required**" : defaultWords(schema)} | ${schema.description} |`,
  );
  return ["| key | type | default | what it does |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function typeWords(schema: JsonSchema): string {
  const { title, items, propertyNames, additionalProperties, properties = {}, required = [] } = schema;
  if (title) return title.replaceAll("|", "\\|");
  if (schema.enum) return schema.enum.map((word) => `\`${String(word)}\``).join(" \\| ");
  if (items) return `list of ${typeWords(items as JsonSchema)}`;
  if (propertyNames)
    return `{${(propertyNames as JsonSchema).title}: ${typeWords(additionalProperties as JsonSchema)}}`;
  return `{${Object.keys(properties)
    .map((name) => (required.includes(name) ? name : `${name}?`))
    .join(", ")}}`;
}

function defaultWords({ default: value, whenUnset }: JsonSchema): string {
  if (value !== undefined) return `\`${JSON.stringify(value).replaceAll('"', "")}\``;
  return (whenUnset as string | undefined) ?? "–";
}
