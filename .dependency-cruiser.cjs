/**
 * The rules of the layout (docs/architecture.md), which keep the copy free of Pulumi and the sandbox a fair judge of it.
 *
 * @type {import("dependency-cruiser").IConfiguration}
 */
module.exports = {
  forbidden: [
    {
      name: "pulumi-only-in-the-program",
      comment:
        "Only the program, its components and promotion know Pulumi. The sandbox's engine and providers speak Pulumi's protocol, which is another rule.",
      severity: "error",
      from: {
        pathNot: [
          "^index\\.ts$",
          "^preload/",
          "^config/",
          "^components/",
          "^promotion/",
          "^test/",
          "^sandbox/(engine|providers)/",
        ],
      },
      to: { path: "(^|/)@pulumi/" },
    },
    {
      name: "sandbox-speaks-only-the-protocol",
      comment: "The stand-in engine and the provider processes use the wire format and nothing of the SDK.",
      severity: "error",
      from: { path: "^sandbox/(engine|providers)/", pathNot: "\\.test\\.ts$" },
      to: { path: "(^|/)@pulumi/", pathNot: "(^|/)@pulumi/pulumi/proto/" },
    },
    {
      name: "sandbox-without-replication",
      comment: "A mistake that both sides share would pass every test.",
      severity: "error",
      from: { path: "^sandbox/", pathNot: "\\.test\\.ts$" },
      to: { path: ["^(replication|config|components|promotion)/", "(^|/)@databricks-dr/", "^index\\.ts$"] },
    },
    {
      name: "program-without-sandbox",
      comment: "The program and the copy know nothing of the sandbox: they run on Azure unchanged.",
      severity: "error",
      from: { path: ["^(replication|config|components|promotion)/", "^index\\.ts$"] },
      to: { path: "^sandbox/" },
    },
    {
      name: "product-without-development-packages",
      comment: "It must run after `npm install --omit=dev`; so must `npx dr`, whose sandbox is loaded on demand.",
      severity: "error",
      from: {
        path: ["^(replication|config|components|promotion|bin)/", "^index\\.ts$"],
        pathNot: "(^|/)dist/",
      },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "replication-stands-alone",
      comment: "The dynamic provider loads it as a package of its own, without the program.",
      severity: "error",
      from: { path: "^replication/" },
      to: { path: ["^(config|components|promotion)/", "^index\\.ts$"] },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "A module that nobody imports is dead, or was forgotten in a registry.",
      severity: "error",
      from: {
        orphan: true,
        pathNot: [
          "\\.d\\.ts$",
          "\\.(cjs|mjs)$",
          "(^|/)[\\w-]+\\.config\\.(js|ts)$",
          "(^|/)index\\.ts$",
          "\\.test\\.ts$",
          "/(bin|fixtures|golden)/",
          "(^|/)dist/",
        ],
      },
      to: {},
    },
    {
      name: "no-unresolvable",
      severity: "error",
      from: { pathNot: "(^|/)dist/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "(^|/)dist/"] },
    exclude: { path: "(^|/)(dist|golden|fixtures)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "types"] },
  },
};
