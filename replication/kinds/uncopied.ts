/**
 * What objects refer to and that is not replicated yet: in the words of a sentence. A kind that is replicated has its own, and
 * leaves this list.
 */
export const uncopied: Readonly<Record<string, string>> = {
  pipelines: "pipeline",
  warehouses: "warehouse",
  queries: "query",
  dashboards: "dashboard",
  alerts: "alert",
  "notification-destinations": "notification destination",
  principals: "principal",
  workspaces: "workspace",
};
