import type { PropertyMap } from "../resource/values.js";
import { urnName } from "../resource/urn.js";
import { renderTable } from "./table.js";

/** A stack's resources under their parents, two columns wide. */
export function renderResourceTree(
  resources: readonly PropertyMap[],
  options: { showIds?: boolean; showUrns?: boolean },
): string {
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const urns = new Set(resources.map(({ urn }) => text(urn)));
  const root = text(resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.urn);
  const parentOf = (resource: PropertyMap): string => {
    if (text(resource.urn) === root) return "";
    return urns.has(text(resource.parent)) ? text(resource.parent) : root;
  };
  const children = new Map<string, PropertyMap[]>();
  for (const resource of resources) {
    const parent = parentOf(resource);
    children.set(parent, [...(children.get(parent) ?? []), resource]);
  }
  // Those with children of their own first, then by type and name, as the Pulumi CLI has them.
  const rank = (resource: PropertyMap): string =>
    `${children.has(text(resource.urn)) ? 0 : 1} ${text(resource.type)} ${text(resource.urn)}`;
  const rows: string[][] = [];
  const visit = (resource: PropertyMap, margin: string, branch: string): void => {
    const urn = text(resource.urn);
    rows.push([margin + branch + text(resource.type), urnName(urn)]);
    const below = margin + (branch === "" ? "" : branch.startsWith("└") ? "   " : "│  ");
    if (options.showUrns) rows.push([`${below}      URN: ${urn}`, ""]);
    if (options.showIds && text(resource.id)) rows.push([`${below}      ID: ${text(resource.id)}`, ""]);
    const list = [...(children.get(urn) ?? [])].sort((left, right) => (rank(left) < rank(right) ? -1 : 1));
    list.forEach((child, index) => visit(child, below, index === list.length - 1 ? "└─ " : "├─ "));
  };
  for (const resource of children.get("") ?? []) visit(resource, "", "");
  return renderTable(["TYPE", "NAME"], rows).replaceAll(/^/gm, "    ");
}
