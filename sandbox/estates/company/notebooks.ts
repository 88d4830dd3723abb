import type { EstateBuilder } from "../estate-builder.js";
import type { CompanyPlatform } from "./platform.js";

const header = { PYTHON: "#", SQL: "--", SCALA: "//", R: "#" } as const;

/** Folders and notebooks, and who may do what with them: names, formats and places that have caught out earlier tools. */
export function buildNotebooks(estate: EstateBuilder, platform: CompanyPlatform): void {
  // Who has left, but not from here: the standby never had this user.
  const schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
  estate.call("POST", "/api/2.0/preview/scim/v2/Users", { schemas, userName: "gone.user@example.com" });
  for (const path of [
    "/Shared/teams/risk/exposure",
    "/Shared/empty",
    "/Shared/Grüße & 100 % #1",
    "/Users/dana.lee@example.com/drafts",
  ])
    estate.call("POST", "/api/2.0/workspace/mkdirs", { path });
  source(estate, "/Shared/teams/risk/extract", "PYTHON", "%run ./exposure/limits\ndisplay(limits)");
  source(estate, "/Shared/teams/risk/exposure/limits", "PYTHON", "limits = spark.table('risk.limits')");
  source(estate, "/Shared/teams/risk/load", "SCALA", 'dbutils.notebook.run("/Shared/list", 600)');
  source(estate, "/Shared/teams/risk/report", "R", "summary(cars)");
  source(estate, "/Shared/list", "SQL", "SHOW TABLES");
  source(estate, "/Shared/Grüße & 100 % #1/naïve 🚀", "SQL", "SELECT '\u00e9' AS e");
  source(estate, "/Shared/no newline\tat all", "PYTHON", "print(1)");
  source(estate, "/Users/dana.lee@example.com/report", "PYTHON", "dbutils.fs.ls('/mnt/raw')");
  source(estate, "/Users/gone.user@example.com/left behind", "PYTHON", "print('mine')");
  source(estate, "/Shared/large", "SQL", "SELECT 1;\n".repeat(5_000));
  const format = "JUPYTER";
  const content = Buffer.from(JSON.stringify(jupyter)).toString("base64");
  estate.call("POST", "/api/2.0/workspace/import", { path: "/Shared/teams/risk/chart", format, content });
  grant(estate, "directories", "/Shared/teams/risk", [
    { user_name: "dana.lee@example.com", permission_level: "CAN_MANAGE" },
    { service_principal_name: platform.etlPrincipal, permission_level: "CAN_RUN" },
  ]);
  grant(estate, "notebooks", "/Shared/teams/risk/load", [
    { group_name: "users", permission_level: "CAN_READ" },
    { user_name: "dana.lee@example.com", permission_level: "CAN_EDIT" },
  ]);
}

/** As Jupyter keeps it, with what a cell has drawn. */
const jupyter = {
  cells: [
    {
      cell_type: "code",
      execution_count: 1,
      metadata: {},
      source: ["print('drawn')"],
      outputs: [{ name: "stdout", output_type: "stream", text: ["drawn\n"] }],
    },
  ],
  metadata: { language_info: { name: "python" } },
  nbformat: 4,
  nbformat_minor: 0,
};

function source(estate: EstateBuilder, path: string, language: keyof typeof header, code: string): void {
  const text = `${header[language]} Databricks notebook source\n${code}`;
  const content = Buffer.from(text).toString("base64");
  estate.call("POST", "/api/2.0/workspace/import", { path, format: "SOURCE", language, content });
}

function grant(estate: EstateBuilder, type: string, path: string, access_control_list: Record<string, string>[]): void {
  const id = estate.read("object", `/api/2.0/workspace/get-status?path=${encodeURIComponent(path)}`, "object_id");
  estate.call("PUT", `/api/2.0/permissions/${type}/${id}`, { access_control_list });
}
