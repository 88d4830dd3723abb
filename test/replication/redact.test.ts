import { describe, expect, it } from "vitest";
import { redact, redactText } from "../../replication/values/redact.js";

const planted = "hunter2-Zq8!";

describe("redact", () => {
  it.each([
    ["every environment variable", { spark_env_vars: { GREETING: planted } }],
    [
      "an account key in Spark settings",
      { spark_conf: { "fs.azure.account.key.acme.blob.core.windows.net": planted } },
    ],
    ["an OAuth secret in Spark settings", { spark_conf: { "fs.azure.account.oauth2.client.secret": planted } }],
    ["a parameter called a password", { notebook_task: { base_parameters: { db_password: planted } } }],
    ["the argument after a flag", { spark_python_task: { parameters: ["--password", planted] } }],
    ["the argument with its flag", { spark_python_task: { parameters: [`--api-key=${planted}`] } }],
    ["a number under a secret's name", { base_parameters: { api_token: 424_242_424_242 } }],
    ["a personal access token anywhere", { description: `see dapi0123456789abcdef${"0".repeat(16)}` }],
    ["credentials in an address", { git_source: { git_url: `https://alice:${planted}@git.example.com/x` } }],
    ["a password in short", { base_parameters: { DB_PWD: planted, pass: planted, creds: planted, SAS_URL: planted } }],
    ["the key of a log workspace", { log_analytics_info: { log_analytics_primary_key: planted } }],
    ["a key under a longer name", { spark_conf: { "spark.x.encryption.key": planted, "spark.x.pass": planted } }],
    ["the second word of a secret", { base_parameters: { options: JSON.stringify({ password: `a ${planted}` }) } }],
    [
      "a flag of a sort of key",
      { spark_python_task: { parameters: [`--storage-key=${planted}`, "--db-pwd", planted] } },
    ],
    ["a job parameter's default", { parameters: [{ name: "region", default: planted }] }],
    ["a task's parameter, whatever its name", { notebook_task: { base_parameters: { region: planted } } }],
    ["an argument without a flag", { spark_python_task: { parameters: [planted] } }],
    ["a token alone in an address", { git_source: { git_url: `https://${planted}@git.example.com/x` } }],
    ["the code in an address", { spark_conf: { "spark.x.url": `https://x.example.com/run?code=${planted}&a=1` } }],
    ["a webhook's address", { spark_conf: { "spark.x.url": `https://hooks.slack.com/services/T0/B0/${planted}` } }],
    ["a header", { spark_conf: { "spark.x.header": "X: Bearer hunter2-Zq8" } }],
    ["a setting called a key and no more", { spark_conf: { "spark.x.key": planted } }],
    ["a connection string", { base_parameters: { db: `Endpoint=x;SharedAccessKey=${planted}` } }],
  ])("hides %s", (_what, definition) => {
    const shown = JSON.stringify(redact(definition));
    expect(shown).not.toContain("hunter2");
    expect(shown).not.toContain("424242424242");
    expect(shown).not.toContain("dapi0123");
    expect(shown).toContain("[hidden ");
  });

  it("leaves references to secrets, and what is no secret, as they are", () => {
    const definition = {
      spark_env_vars: { TOKEN: "{{secrets/etl/token}}" },
      tasks: [{ task_key: "load", notebook_task: { notebook_path: "/Shared/load" }, timeout_seconds: 600 }],
      num_workers: 4,
    };
    expect(redact(definition)).toEqual(definition);
  });

  it("leaves parameters that are no secret by their form", () => {
    const definition = {
      parameters: [{ name: "run_date", default: "2025-01-31" }],
      tasks: [
        { notebook_task: { base_parameters: { retries: "3", full: "true", day: "{{job.start_time.iso_date}}" } } },
        { spark_python_task: { parameters: ["--verbose", "-n", "12"] } },
      ],
    };
    expect(redact(definition)).toEqual(definition);
  });

  it("shows that a secret changed without showing it", () => {
    const shown = (value: string): unknown => redact({ spark_env_vars: { KEY: value } });
    expect(shown("a-first-secret")).not.toEqual(shown("a-second-secret"));
    expect(shown("a-first-secret")).toEqual(shown("a-first-secret"));
  });

  it("leaves a sentence about secrets readable", () => {
    const sentence = 'the standby has no secret scope "lake"; the token of alice is not accepted';
    expect(redactText(sentence)).toBe(sentence);
  });

  it("leaves a name readable behind an id that happens to spell a short word for a secret", () => {
    const sentence = 'old instance pool id 1127-153212-pool54-pw64a8: "warm" is not selected';
    expect(redactText(sentence)).toBe(sentence);
    expect(redactText(`db-pw1=${planted} DB_PW: ${planted}`)).not.toContain("hunter2");
  });

  it("hides secrets within an error's text", () => {
    expect(redactText(`run --db-password ${planted} --verbose`)).not.toContain(planted);
    expect(redactText(`cannot mount: AccountKey=${planted}; password=${planted}`)).not.toContain(planted);
  });
});
