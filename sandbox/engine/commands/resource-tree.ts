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
  /** Lines below a row, which are not held to the columns. */
  const below = new Map<number, string[]>();
  const visit = (resource: PropertyMap, margin: string, branch: string): void => {
    const urn = text(resource.urn);
    rows.push([margin + branch + text(resource.type), urnName(urn)]);
    const inner = margin + (branch === "" ? "" : branch.startsWith("└") ? "   " : "│  ");
    const list = [...(children.get(urn) ?? [])].sort((left, right) => (rank(left) < rank(right) ? -1 : 1));
    const indent = inner + (list.length > 0 ? "│  " : "   ");
    below.set(rows.length, [
      ...(options.showUrns ? [`${indent}URN: ${urn}`] : []),
      ...(options.showIds && text(resource.id) ? [`${indent}ID: ${text(resource.id)}`] : []),
    ]);
    list.forEach((child, index) => visit(child, inner, index === list.length - 1 ? "└─ " : "├─ "));
  };
  for (const resource of children.get("") ?? []) visit(resource, "", "");
  const lines = renderTable(["TYPE", "NAME"], rows).split("\n");
  return lines
    .flatMap((line, index) => [line, ...(below.get(index) ?? [])])
    .map((line) => `    ${line}`)
    .join("\n");
}
