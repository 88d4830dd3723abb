import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise, type ICruiseResult, type IConfiguration } from "dependency-cruiser";
import { ESLint } from "eslint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe("eslint refuses", () => {
  const eslint = new ESLint();

  async function rulesBroken(code: string): Promise<(string | null)[]> {
    const [result] = await eslint.lintText(code, { filePath: "index.ts" });
    return result?.messages.map((message) => message.ruleId) ?? [];
  }

  it.each([
    ["a promise that nobody awaits", "Promise.resolve(1);", "@typescript-eslint/no-floating-promises"],
    ["a promise as a condition", "if (Promise.resolve(true)) { /* */ }", "@typescript-eslint/no-misused-promises"],
    ["waiting for what is no promise", "await 1;", "@typescript-eslint/await-thenable"],
    ["any", "export const x: any = 1;", "@typescript-eslint/no-explicit-any"],
    [
      "a type imported as a value",
      'import { Peer } from "./config.js"; export const x = {} as Peer;',
      "@typescript-eslint/consistent-type-imports",
    ],
    [
      "options that replace the parent",
      "export const make = (opts: object) => new Map({ parent: 1, ...opts } as never);",
      "no-restricted-syntax",
    ],
  ])(
    "%s",
    async (_what, code, rule) => {
      expect(await rulesBroken(code)).toContain(rule);
    },
    60_000,
  );

  it("nothing in what is right", async () => {
    expect(await rulesBroken("export const x = await Promise.resolve(1);")).toEqual([]);
  }, 60_000);
});

describe("dependency-cruiser refuses", () => {
  const modules: Record<string, string> = {
    "package.json": '{ "devDependencies": { "hono": "1.0.0" } }',
    "node_modules/hono/package.json": '{ "name": "hono", "main": "hono.js" }',
    "node_modules/hono/hono.js": "",
    "index.ts": 'import "hono"; import "./components/network.js"; import "./sandbox/azure/arm.js";',
    "components/network.ts": 'import "@pulumi/pulumi";',
    "replication/plan.ts": 'import "@pulumi/pulumi"; import "../sandbox/azure/arm.js";',
    "replication/apply.ts": 'import "../components/network.js"; import "./plan.js";',
    "sandbox/azure/arm.ts": 'import "../../replication/plan.js";',
    "sandbox/engine/rpc.ts": 'import "@pulumi/pulumi"; import "@pulumi/pulumi/proto/engine_pb.js";',
    "sandbox/databricks/jobs.ts": 'import "@pulumi/pulumi/proto/engine_pb.js"; import "./runs.js";',
    "sandbox/databricks/runs.ts": 'import "./jobs.js";',
    "promotion/forgotten.ts": "export {};",
  };
  let directory: string;
  let broken: Set<string>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "layout-"));
    for (const [path, code] of Object.entries(modules)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), code);
    }
    const { forbidden } = createRequire(import.meta.url)("../.dependency-cruiser.cjs") as IConfiguration;
    const result = await cruise(["."], {
      baseDir: directory,
      validate: true,
      ruleSet: { forbidden: forbidden ?? [] },
      tsPreCompilationDeps: true,
    });
    broken = new Set(
      (result.output as ICruiseResult).summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
    );
  });
  afterAll(() => rm(directory, { recursive: true }));

  it.each([
    "pulumi-only-in-the-program: replication/plan.ts → @pulumi/pulumi",
    "pulumi-only-in-the-program: sandbox/databricks/jobs.ts → @pulumi/pulumi/proto/engine_pb.js",
    "sandbox-speaks-only-the-protocol: sandbox/engine/rpc.ts → @pulumi/pulumi",
    "sandbox-without-replication: sandbox/azure/arm.ts → replication/plan.ts",
    "program-without-sandbox: index.ts → sandbox/azure/arm.ts",
    "program-without-sandbox: replication/plan.ts → sandbox/azure/arm.ts",
    "product-without-development-packages: index.ts → node_modules/hono/hono.js",
    "replication-stands-alone: replication/apply.ts → components/network.ts",
    "no-cycles: sandbox/databricks/jobs.ts → sandbox/databricks/runs.ts",
    "no-orphans: promotion/forgotten.ts → promotion/forgotten.ts",
  ])("%s", (violation) => {
    expect([...broken]).toContain(violation);
  });

  it("nothing in what the layout allows", () => {
    const allowed = [...broken].filter((violation) =>
      /components\/network\.ts → @pulumi|engine\/rpc\.ts → .*proto/.test(violation),
    );
    expect(allowed.filter((violation) => !violation.startsWith("no-unresolvable"))).toEqual([]);
  });
});
