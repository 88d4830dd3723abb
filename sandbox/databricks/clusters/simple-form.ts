import type { JsonObject } from "../../http/json.js";
import { invalidParameter } from "../http/errors.js";
import { objectField } from "../http/request-fields.js";

const simpleFields = ["is_single_node", "use_ml_runtime"];
const modes: Readonly<Record<string, string>> = {
  DATA_SECURITY_MODE_AUTO: "SINGLE_USER",
  DATA_SECURITY_MODE_STANDARD: "USER_ISOLATION",
  DATA_SECURITY_MODE_DEDICATED: "SINGLE_USER",
};
const singleNode = {
  spark_conf: { "spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*]" },
  custom_tags: { ResourceClass: "SingleNode" },
};

/**
 * A specification with what the service puts in for the simple form (`kind`), and refuses where it is sent beside it; the
 * wording is of https://github.com/databricks/databricks-sdk-py/issues/881. Access modes by their new names are stored by
 * the old ones. https://docs.databricks.com/api/azure/workspace/clusters/create (kind, is_single_node)
 */
export function simpleForm(spec: JsonObject): JsonObject {
  const mode = modes[String(spec["data_security_mode"])];
  const named = mode === undefined ? spec : { ...spec, data_security_mode: mode };
  const { kind } = spec;
  if (kind === undefined || kind === null) {
    const field = simpleFields.find((name) => spec[name] !== undefined && spec[name] !== null);
    if (field) throw invalidParameter(`${field} can only be used when kind is set to CLASSIC_PREVIEW.`);
    return named;
  }
  if (kind !== "CLASSIC_PREVIEW") throw invalidParameter(`Invalid kind: ${String(kind)}`);
  const conf = objectField(spec, "spark_conf") ?? {};
  const tags = objectField(spec, "custom_tags") ?? {};
  const given = Object.keys(singleNode.spark_conf).find((key) => key in conf);
  if (given) throw invalidParameter(`Spark Conf: \`${given}\` is not allowed when choosing an access mode`);
  if (spec["is_single_node"] !== true) return named;
  if ("ResourceClass" in tags)
    throw invalidParameter("Custom tag `ResourceClass` is not allowed when is_single_node is set");
  if (spec["autoscale"] || (spec["num_workers"] !== undefined && spec["num_workers"] !== 0))
    throw invalidParameter("num_workers and autoscale are not allowed when is_single_node is set");
  return {
    ...named,
    num_workers: 0,
    spark_conf: { ...conf, ...singleNode.spark_conf },
    custom_tags: { ...tags, ...singleNode.custom_tags },
  };
}
