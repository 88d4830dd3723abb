import { type Endpoint, roleOnRecord } from "@databricks-dr/replication";
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
  if (!yes && !process.stdin.isTTY) throw new Error("there is nobody to ask: say --yes");
  const before = (await readPulumi("config", "get", "databricks-dr:role", "--stack", stack)).trim();
  if (!lost) await makeRoom(stack, role, yes);
  await readPulumi("config", "set", "databricks-dr:role", role, "--stack", stack);
  process.stderr.write(`databricks-dr:role of stack ${stack} is ${role} in Pulumi.${stack}.yaml\n`);
  const code = await update(stack, role, yes, lost ? { DR_LOST: "1" } : {});
  if (code !== 0)
    throw new Error(
      `the update of stack ${stack} ended with ${code}; see above. The same command goes on where it stopped; to go back: npx dr role ${stack} ${before}`,
    );
  process.stderr.write(
    `Stack ${stack} is ${role}. Commit it, so that no other checkout contradicts it:\n  git commit -m "role: ${stack} is ${role}" Pulumi.${stack}.yaml\n`,
  );
}

/**
 * An update that may change that role: also one of a stack that has it by its state, since an update that was killed has left
 * the outputs of the role before. A machine reads no preview, and to make one takes as long as the update.
 *
 * @returns the exit code
 */
function update(stack: string, role: Role, yes: boolean, env: Readonly<Record<string, string>> = {}): Promise<number> {
  const unasked = yes ? ["--yes", "--skip-preview"] : [];
  return showPulumi(["up", "--stack", stack, ...unasked], { DR_CHANGE_ROLE: role, ...env });
}

/** Two active sides would run each job twice; two standbys have nothing to follow. */
async function makeRoom(stack: string, role: Role, yes: boolean): Promise<void> {
  const peer = (await readPulumi("config", "get", "databricks-dr:peer", "--stack", stack)).trim();
  const theirs = await roleOf(peer);
  if (role === "active" && theirs === "active") throw new Error(await twoActive(stack, peer));
  if (role !== "active" && theirs === role)
    throw new Error(`stack ${peer} is ${role} as well: one of the two must be active\n  → npx dr role ${peer} active`);
  if (role === "active" && theirs === "held") await holdTheRest(peer, yes);
}

/** Where this side is held, a promotion of the other one was begun: to hold that one as well would leave nobody active. */
async function twoActive(stack: string, peer: string): Promise<string> {
  const isHeld = (await roleOf(stack).catch(() => undefined)) === "held";
  const waysOut = isHeld
    ? [`go on with its promotion: npx dr role ${peer} active`, `or break it off first: npx dr role ${peer} standby`]
    : [`hold it first: npx dr role ${peer} held`];
  const ways = [...waysOut, `if its region is lost: npx dr role ${stack} active --lost`];
  return [`stack ${peer} is active: with two active sides each job runs twice`, ...ways].join("\n  → ");
}

/** What has been copied since the other side was held may still have its trigger there. */
async function holdTheRest(peer: string, yes: boolean): Promise<void> {
  process.stderr.write(`stack ${peer} is held: an update takes off what has been copied from it since\n`);
  const code = await update(peer, "held", yes);
  if (code !== 0)
    throw new Error(
      `the update of stack ${peer} ended with ${code}: triggers may still be on there\n  → mend it, or if its region is lost by now, say --lost`,
    );
}

interface State {
  readonly deployment: {
    readonly resources?: readonly { readonly urn: string; readonly outputs?: { readonly role?: Role } }[];
  };
}

/** The role in force, from the state itself: an update that was killed has changed it and left the stack's outputs behind. */
async function roleOf(stack: string): Promise<Role | undefined> {
  try {
    const { deployment } = JSON.parse(await readPulumi("stack", "export", "--stack", stack)) as State;
    const inState = deployment.resources?.find(({ urn }) => urn.includes("dynamic/replica:Role::"))?.outputs?.role;
    return (await onRecord(stack)) === "active" ? "active" : inState;
  } catch (error) {
    throw new Error(
      `the role of the other stack, ${stack}, cannot be read: ${(error as Error).message}\n  → if its region is lost, say so: --lost`,
    );
  }
}

/** The role that the workspace itself has on record: an update that was killed may have changed it before its state was saved. */
async function onRecord(stack: string): Promise<Role | undefined> {
  try {
    const workspace = JSON.parse(
      await readPulumi("stack", "output", "workspace", "--json", "--stack", stack),
    ) as Endpoint;
    return (await roleOnRecord(workspace, undefined))?.role;
  } catch {
    return undefined;
  }
}
