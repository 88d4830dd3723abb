import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The version of the SDK that is installed, which the provider of that name stands in for. */
export function providerVersion(name: "azure-native" | "databricks"): string {
  return (require(`@pulumi/${name}/package.json`) as { version: string }).version;
}
