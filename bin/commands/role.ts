import type { Command } from "commander";
import { Argument } from "commander";
import { readPulumi, showPulumi } from "./pulumi.js";

const roles = ["active", "standby", "held"] as const;
type Role = (typeof roles)[number];

interface Flags {
  readonly yes?: boolean;
  readonly lost?: boolean;
}

/** Adds `dr role`: the act of changing what a stack is, which an `up` by itself refuses. */
export function addRoleCommand(program: Command): void {
  program
    .command("role")
    .summary("change what a stack is: active, standby or held")
    .description(
      "Sets databricks-dr:role in the stack's file and runs the update that carries it out. An update from a checkout with " +
        "another role is refused from then on, so commit the file afterwards.",
    )
    .argument("<stack>", "the stack whose role changes")
    .addArgument(new Argument("<role>", "what it is from now on").choices(roles))
    .option("--yes", "do not ask: for machines")
    .option("--lost", "the other stack's region is lost: do not look at its role")
    .addHelpText(
      "after",
      "\nA planned switch from primary to secondary (docs/runbook.md):\n" +
        "  npx dr role primary held         triggers come off the primary and are kept\n" +
        "  pulumi up --stack secondary      copies what changed last\n" +
        "  npx dr role secondary active     triggers go onto the copies\n" +
        "  npx dr role primary standby      the primary follows\n\n" +
        "The primary's region is lost:\n" +
        "  npx dr role secondary active --lost",
    )
    .action(changeRole);
}

async function changeRole(stack: string, role: Role, { yes = false, lost = false }: Flags): Promise<void> {
  if (!lost) await refuseTwo(stack, role);
  await readPulumi("config", "set", "databricks-dr:role", role, "--stack", stack);
  process.stderr.write(`databricks-dr:role of stack ${stack} is ${role} in Pulumi.${stack}.yaml\n`);
  const code = await showPulumi(["up", "--stack", stack, ...(yes ? ["--yes"] : [])], { DR_CHANGE_ROLE: role });
  if (code !== 0)
    throw new Error(
      `the update of stack ${stack} ended with ${code}; see above. The same command goes on where it stopped. To leave the role as it was: pulumi config set databricks-dr:role <role> --stack ${stack}`,
    );
  process.stderr.write(
    `Stack ${stack} is ${role}. Commit it, so that no other checkout contradicts it:\n  git commit -m "role: ${stack} is ${role}" Pulumi.${stack}.yaml\n`,
  );
}

/** Two active sides would run each job twice; two standbys have nothing to follow. */
async function refuseTwo(stack: string, role: Role): Promise<void> {
  const peer = (await readPulumi("config", "get", "databricks-dr:peer", "--stack", stack)).trim();
  const theirs = (await readPulumi("stack", "output", "role", "--stack", peer).catch(unreadable(peer))).trim();
  if (role === "active" && theirs === "active")
    throw new Error(
      `stack ${peer} is active: with two active sides each job runs twice\n  → hold it first: npx dr role ${peer} held\n  → if its region is lost: npx dr role ${stack} active --lost`,
    );
  if (role !== "active" && theirs === role)
    throw new Error(`stack ${peer} is ${role} as well: one of the two must be active\n  → npx dr role ${peer} active`);
}

function unreadable(peer: string): (error: Error) => never {
  return ({ message }) => {
    throw new Error(
      `the role of the other stack, ${peer}, cannot be read: ${message}\n  → if its region is lost, say so: --lost`,
    );
  };
}
