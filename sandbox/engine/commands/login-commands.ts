import { StackLock } from "../backend/stack-lock.js";
import { FileBackend } from "../backend/file-backend.js";
import { rememberLogin } from "../project.js";
import { exitCodes, UserError } from "../user-error.js";
import { confirm } from "./confirm.js";
import { isInteractive } from "./global-options.js";
import type { Workspace } from "./workspace.js";

export async function login(
  workspace: Workspace,
  url: string | undefined,
  options: { local?: boolean; cloudUrl?: string },
): Promise<void> {
  const chosen =
    url ?? options.cloudUrl ?? (options.local ? "file://~" : undefined) ?? workspace.env.PULUMI_BACKEND_URL;
  if (!chosen)
    throw new UserError("the stand-in engine keeps state in files only: use `pulumi login file://<directory>`", {
      exitCode: exitCodes.configuration,
    });
  FileBackend.open(chosen); // Refuses what it cannot serve, before it is remembered.
  rememberLogin(chosen, workspace.env);
  workspace.print(`Logged in to ${workspace.username} as ${workspace.username} (${chosen})`);
  await Promise.resolve();
}

export async function logout(workspace: Workspace): Promise<void> {
  rememberLogin(undefined, workspace.env);
  workspace.print("Logged out");
  await Promise.resolve();
}

export async function whoAmI(workspace: Workspace, options: { json?: boolean; verbose?: boolean }): Promise<void> {
  const url = workspace.backendUrl;
  if (options.json) workspace.print(JSON.stringify({ user: workspace.username, url }, undefined, 2));
  else if (options.verbose) workspace.print(`User: ${workspace.username}\nBackend URL: ${url}`);
  else workspace.print(workspace.username);
  await Promise.resolve();
}

export async function cancelUpdate(
  workspace: Workspace,
  name: string | undefined,
  options: { stack?: string; yes?: boolean },
): Promise<void> {
  const reference = await workspace.stack(name ?? options.stack);
  const interactive = isInteractive(workspace.options, workspace.terminal);
  if (!options.yes && !interactive)
    throw new UserError("--yes must be passed in to proceed when running in non-interactive mode", {
      exitCode: exitCodes.configuration,
    });
  const question = `This will take away the lock of '${reference.stack}'. An update that is still running goes on without it.`;
  if (!options.yes && !(await confirm(workspace.terminal, question)))
    throw new UserError("confirmation declined", { exitCode: exitCodes.canceled });
  await StackLock.removeAll(workspace.backend, reference);
  workspace.print(`The currently running update for '${reference.stack}' has been canceled!`);
}
