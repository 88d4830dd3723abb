import type { Diagnostic, Severity } from "../deployment/events.js";
import type { DisplayOptions } from "./display-options.js";
import type { Style } from "./colors.js";

const prefixes: Record<Severity, [string, Style | undefined]> = {
  debug: ["debug: ", "unimportant"],
  info: ["", undefined],
  "info#err": ["", undefined],
  warning: ["warning: ", "warning"],
  error: ["error: ", "error"],
};

/** A message with its severity in front, its last line end cut off. Empty for what is not to be shown. */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  { painter, debug }: Pick<DisplayOptions, "painter" | "debug">,
  withPrefix = true,
): string {
  if (diagnostic.severity === "debug" && !debug) return "";
  const [prefix, style] = prefixes[diagnostic.severity];
  return (withPrefix ? painter.paint(style, prefix) : "") + diagnostic.message.trimEnd();
}

/** The prefix alone, as events carry it. */
export const diagnosticPrefix = (severity: Severity): string => prefixes[severity][0];
