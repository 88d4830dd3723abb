/** Runtimes as `clusters/spark-versions` lists them: LTS and current ones, plain, photon and ML. */
const runtimes: readonly (readonly [version: string, spark: string, lts: boolean])[] = [
  ["17.3", "4.0.0", true],
  ["16.4", "3.5.2", true],
  ["15.4", "3.5.0", true],
  ["14.3", "3.5.0", true],
  ["13.3", "3.4.1", true],
  ["12.2", "3.3.2", true],
  ["11.3", "3.3.0", true],
  ["10.4", "3.2.1", true],
  ["9.1", "3.1.2", true],
  ["7.3", "3.0.1", true],
];

export const sparkVersions: readonly { readonly key: string; readonly name: string }[] = runtimes.flatMap(
  ([version, spark, lts]) => {
    const scala = Number.parseInt(spark, 10) >= 4 ? "2.13" : "2.12";
    const label = `${version}${lts ? " LTS" : ""}`;
    return [
      { key: `${version}.x-scala${scala}`, name: `${label} (includes Apache Spark ${spark}, Scala ${scala})` },
      {
        key: `${version}.x-photon-scala${scala}`,
        name: `${label} Photon (includes Apache Spark ${spark}, Scala ${scala})`,
      },
      {
        key: `${version}.x-cpu-ml-scala${scala}`,
        name: `${label} ML (includes Apache Spark ${spark}, Scala ${scala})`,
      },
      {
        key: `${version}.x-gpu-ml-scala${scala}`,
        name: `${label} ML (includes Apache Spark ${spark}, GPU, Scala ${scala})`,
      },
    ];
  },
);

/**
 * Whether a runtime may be named. Any version of the usual form passes: workspaces keep running clusters on runtimes that
 * are no longer listed, and custom images (`custom:…`) and aliases (`auto:…`, `apache-spark-…`) have forms of their own.
 */
export function isSparkVersion(key: string): boolean {
  return /^(custom:|auto:|apache-spark-|dlt:)/.test(key) || /^\d+\.(\d+\.)?x-([a-z0-9]+-)*scala2\.1[0-3]$/.test(key);
}
