import * as replication from "@databricks-dr/replication";
import { plainly } from "./plainly.js";
import { known } from "./unknown.js";

interface Inputs {
  readonly stack: string;
  readonly role: replication.Role;
  readonly local?: replication.Endpoint;
  readonly signingKey?: string;
}

interface Outputs extends Inputs {
  /** Whether the workspace has it on record; where it did not answer, the next run tries again. */
  readonly recorded?: boolean;
  /** When this became the role, ISO 8601. */
  readonly since?: string;
}

/** Refuses a role that is not the one in force, before anything is done by it. */
export async function check(olds: Partial<Inputs>, news: Inputs): Promise<{ inputs: object }> {
  return plainly(async () => {
    const local = known(news.local) ?? olds.local;
    const onRecord = local ? await replication.roleOnRecord(local, known(news.signingKey)) : undefined;
    const inForce = [olds.role, onRecord?.role].find((role) => role !== undefined && role !== news.role);
    if (inForce !== undefined && !replication.mayChangeRole(news.role))
      throw new Error(
        replication.roleRefusal(
          news.stack,
          news.role,
          inForce,
          onRecord?.role === inForce ? onRecord.since : undefined,
        ),
      );
    return { inputs: news };
  });
}

export function diff(_id: string, olds: Outputs, news: Inputs): Promise<{ changes: boolean }> {
  const same = (field: keyof Inputs): boolean => JSON.stringify(olds[field]) === JSON.stringify(news[field]);
  return Promise.resolve({
    changes: olds.recorded === false || !(["stack", "role", "local", "signingKey"] as const).every(same),
  });
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: object }> {
  return { id: `${inputs.stack}/role`, outs: { ...(await record(inputs)), since: new Date().toISOString() } };
}

export async function update(_id: string, olds: Outputs, news: Inputs): Promise<{ outs: object }> {
  const since = olds.role === news.role && olds.since !== undefined ? olds.since : new Date().toISOString();
  return { outs: { ...(await record(news)), since } };
}

export async function remove(_id: string, { local, signingKey }: Outputs): Promise<void> {
  if (local) await replication.forgetRole(local, signingKey).catch(() => undefined);
}

/** A workspace that does not answer keeps no promotion from going on: the state has the role, too. */
async function record(inputs: Inputs): Promise<object> {
  const { local, role, signingKey } = inputs;
  if (!local || signingKey === undefined) return { ...inputs, recorded: false };
  try {
    await plainly(() => replication.recordRole(local, role, signingKey));
    return { ...inputs, recorded: true };
  } catch (error) {
    console.error(
      `the role ${role} is in the state, but not on record in the workspace (${(error as Error).message}); the next up tries again`,
    );
    return { ...inputs, recorded: false };
  }
}
