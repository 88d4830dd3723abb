import { Command } from "commander";
import { addSandboxCommand } from "../sandbox/cli.js";
import { addIdMapCommand } from "./commands/id-map.js";
import { addRoleCommand } from "./commands/role.js";

/** The command `dr`. A failure is told in words on stderr, with exit code 1; DR_DEBUG=1 adds the stack trace. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("dr")
    .description("Regional disaster recovery for Azure Databricks")
    .showHelpAfterError("(add --help for the options)");
  addRoleCommand(program);
  addIdMapCommand(program);
  addSandboxCommand(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    const { message, stack } = error as Error;
    process.stderr.write(`dr: ${process.env.DR_DEBUG ? stack : message}\n`);
    process.exitCode = 1;
  }
}
