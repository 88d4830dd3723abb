import { describe, expect, it } from "vitest";
import { needsOf } from "../../replication/readiness/needs.js";

describe("what a definition needs to start", () => {
  it("is found at any depth", () => {
    const needs = needsOf({
      spark_env_vars: { TOKEN: "{{secrets/etl/token}}" },
      job_clusters: [
        {
          new_cluster: {
            spark_conf: { "fs.azure.account.key": "prefix {{ secrets/lake/key }} and {{secrets/lake/other}}" },
            init_scripts: [
              { workspace: { destination: "//Workspace/Shared/./a.sh" } },
              { abfss: { destination: "abfss://x@y.dfs.core.windows.net/z.sh" } },
            ],
            single_user_name: "alice@example.com",
            docker_image: { url: "acme.azurecr.io/etl:1", basic_auth: { username: "acme" } },
          },
        },
      ],
      environments: [
        {
          environment_key: "e",
          spec: { dependencies: ["pandas==2.2", "-r /Workspace/Shared/r.txt", "/Volumes/a/b/c/d.whl", "./local"] },
        },
      ],
      tasks: [
        { notebook_task: { notebook_path: "/Shared/load", base_parameters: { notebook_path: "/mine" } } },
        { libraries: [{ jar: "dbfs:/FileStore/x.jar" }, { whl: "abfss://a@b/c.whl" }, { pypi: { package: "x" } }] },
        { spark_python_task: { python_file: "dbfs:/mnt/lake/on-a-mount.py" } },
        { for_each_task: { task: { spark_python_task: { python_file: "/Workspace/Shared/main.py" } } } },
        { sql_task: { file: { path: "/Shared/q.sql", source: "WORKSPACE" } } },
        { dbt_task: { project_directory: "/Shared/dbt" } },
        { dashboard_task: { subscription: { subscribers: [{ user_name: "bob@example.com" }] } } },
      ],
      email_notifications: { on_failure: ["list@example.com"] },
    });
    expect(needs.map(({ label }) => label)).toEqual([
      "Python file /Workspace/Shared/main.py",
      "SQL file /Shared/q.sql",
      "dbt project /Shared/dbt",
      "init script workspace:/Shared/a.sh",
      "library /Volumes/a/b/c/d.whl",
      "library /Workspace/Shared/r.txt",
      "library dbfs:/FileStore/x.jar",
      "login to the registry of image acme.azurecr.io/etl:1",
      "notebook /Shared/load",
      "secret etl/token",
      "secret lake/key",
      "secret lake/other",
      "user alice@example.com",
      "user bob@example.com",
    ]);
  });

  it("does not lie in the workspace where it comes from Git, or is named by a parameter", () => {
    const needs = needsOf({
      git_source: { git_url: "https://git.example.com/x" },
      tasks: [
        { notebook_task: { notebook_path: "jobs/load" } },
        { notebook_task: { notebook_path: "/by/root/of/git" } },
        { notebook_task: { notebook_path: "/Shared/load", source: "WORKSPACE" } },
        { notebook_task: { notebook_path: "/Shared/{{job.parameters.name}}", source: "WORKSPACE" } },
        { spark_python_task: { python_file: "main.py" } },
        { new_cluster: { docker_image: { url: "x", basic_auth: { password: "{{secrets/acr/password}}" } } } },
      ],
    });
    expect(needs.map(({ label }) => label)).toEqual(["notebook /Shared/load", "secret acr/password"]);
  });
});
