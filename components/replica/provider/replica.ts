import * as replication from "@databricks-dr/replication";
import { linesFile } from "./lines-file.js";
import { plainly } from "./plainly.js";
import { progressOf } from "./progress-log.js";
import { known } from "./unknown.js";

/** The resource's inputs as the engine hands them over; the picture is what `check` adds. */
type Inputs = replication.ReplicaArgs & Partial<replication.ReplicaPicture> & { readonly logUrn?: string };

type Outputs = replication.StoredState & { readonly logUrn?: string };

/** Takes inventory of both sides and puts what the standby would have into the inputs, so that a preview shows it. */
export async function check(olds: Partial<Inputs>, news: Inputs): Promise<{ inputs: object }> {
  return plainly(async () => {
    // A preview that changes the workspace itself does not know its host: it is the one that it was.
    const args = argsOf({ ...news, ...asItWas("local", olds, news), ...asItWas("signingKey", olds, news) });
    const picture = await replication.preview(args, olds, progressFor(news), linesFile(args));
    checked.add(keyOf(news));
    return { inputs: plain({ ...news, ...picture }) };
  });
}

/** A part that is not known in a preview: it is the one that it was. */
function asItWas<Part extends "local" | "signingKey">(
  part: Part,
  olds: Partial<Inputs>,
  news: Inputs,
): Partial<Inputs> {
  return known(news[part]) !== undefined || olds[part] === undefined ? {} : { [part]: olds[part] };
}

/** Resources that were checked in this process, which serves one run. */
const checked = new Set<string>();

/**
 * A refresh compares what it read with the inputs of the last update, whose plan has been carried out: only what it found
 * edited or gone is a change then. It is told by there having been no check.
 */
export function diff(_id: string, olds: Outputs, news: Inputs): Promise<{ changes: boolean }> {
  if (olds.ledger === undefined) return Promise.resolve({ changes: true });
  const changes = checked.has(keyOf(news))
    ? replication.needsApply(olds, argsOf(news), pictureIn(news))
    : olds.drift.length > 0;
  return Promise.resolve({ changes });
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: object }> {
  const outs = await applied(inputs, undefined);
  return { id: `${inputs.local?.stack ?? "stack"}/${inputs.kind}`, outs };
}

export async function update(_id: string, olds: Outputs, news: Inputs): Promise<{ outs: object }> {
  return { outs: await applied(news, olds) };
}

export async function read(id: string, state: Outputs): Promise<{ id: string; props: object }> {
  return plainly(async () => {
    const refreshed = await replication.refresh(state, progressFor(state));
    return { id, props: plain({ ...state, ...refreshed }) };
  });
}

export async function remove(_id: string, state: Outputs): Promise<void> {
  await plainly(() => replication.removeCopies(state, progressFor(state)));
}

async function applied(inputs: Inputs, before: Outputs | undefined): Promise<object> {
  const { logUrn } = inputs;
  const args = argsOf(inputs);
  const state = await plainly(() =>
    replication.apply(args, pictureIn(inputs), before, progressFor(inputs), linesFile(args)),
  );
  return plain({ ...state, ...(logUrn === undefined ? {} : { logUrn }) });
}

function argsOf({ kind, role, local, peer, settings, signingKey }: Inputs): replication.ReplicaArgs {
  const [knownLocal, knownPeer, knownKey] = [known(local), known(peer), known(signingKey)];
  return {
    kind,
    role,
    settings,
    ...(knownLocal ? { local: knownLocal } : {}),
    ...(knownPeer ? { peer: knownPeer } : {}),
    ...(knownKey === undefined ? {} : { signingKey: knownKey }),
  };
}

function pictureIn({
  plan = "",
  unchanged = 0,
  changes = {},
  conflicts = {},
  needsPerson = {},
  digest = "",
}: Inputs): replication.ReplicaPicture {
  return { plan, unchanged, changes, conflicts, needsPerson, digest };
}

function keyOf({ kind, logUrn }: Inputs): string {
  return logUrn ?? kind;
}

function progressFor({ logUrn }: { readonly logUrn?: string }): replication.Progress | undefined {
  return logUrn === undefined ? undefined : progressOf(logUrn);
}

/** Values that the engine's messages can carry: no bigint, nothing undefined. */
function plain(value: object): object {
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? each.toString() : each)),
  ) as object;
}
