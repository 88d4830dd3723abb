import type { PrinterOptions } from "./property-diff/property-printer.js";

/** How a deployment is shown. */
export interface DisplayOptions extends PrinterOptions {
  stack: string;
  project: string;
  /** In the present: `Previewing update`, `Updating`, `Destroying`, `Refreshing`. */
  action: "update" | "refresh" | "destroy";
  isPreview: boolean;
  showSames: boolean;
  showReads: boolean;
  showReplacementSteps: boolean;
  showConfig: boolean;
  suppressOutputs: boolean;
  suppressProgress: boolean;
  debug: boolean;
  /** Writes a line, or several. */
  out(text: string): void;
  /** For the diff display, whose messages are not part of it. */
  err(text: string): void;
}

/** `Previewing update (dev):` */
export function actionLabel({ action, isPreview, stack, painter }: DisplayOptions): string {
  const labels = {
    update: ["Updating", "Previewing update"],
    refresh: ["Refreshing", "Previewing refresh"],
    destroy: ["Destroying", "Previewing destroy"],
  } as const;
  const label = labels[action][isPreview ? 1 : 0];
  return painter.paint("headline", `${label} (${stack}):`);
}
