import { UpdateCommand, type Action, type UpdateCommandOptions } from "./update-command.js";
import { removeStack } from "./stack-commands.js";
import type { Workspace } from "./workspace.js";

async function previewOf(workspace: Workspace, action: Action, options: UpdateCommandOptions): Promise<void> {
  const command = new UpdateCommand(workspace, action, options);
  command.isPreviewRun = true;
  await command.preview();
}

const runOrPreview = (workspace: Workspace, action: Action, options: UpdateCommandOptions): Promise<void> =>
  options.previewOnly ? previewOf(workspace, action, options) : new UpdateCommand(workspace, action, options).run();

export const runPreview = (workspace: Workspace, options: UpdateCommandOptions): Promise<void> =>
  previewOf(workspace, "update", options);

export const runUp = (workspace: Workspace, options: UpdateCommandOptions): Promise<void> =>
  runOrPreview(workspace, "update", options);

export const runRefresh = (workspace: Workspace, options: UpdateCommandOptions): Promise<void> =>
  runOrPreview(workspace, "refresh", options);

export async function runDestroy(workspace: Workspace, options: UpdateCommandOptions): Promise<void> {
  await runOrPreview(workspace, "destroy", options);
  if (options.remove && !options.previewOnly) await removeStack(workspace, options.stack, { yes: true });
}
