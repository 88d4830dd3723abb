import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type { DiffResponse } from "@pulumi/pulumi/proto/provider_pb.js";
import type { CheckFailure, DetailedDiff, DiffKind, DiffResult } from "./provider.js";

const diffKinds: readonly DiffKind[] = ["add", "add-replace", "delete", "delete-replace", "update", "update-replace"];

export const failuresOf = (list: { getProperty(): string; getReason(): string }[]): CheckFailure[] =>
  list.map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));

/** A diff, and whether the provider knows if anything changed. */
export function diffResult(response: DiffResponse): DiffResult & { known: boolean } {
  const detailed: DetailedDiff = {};
  for (const [path, diff] of response.getDetaileddiffMap().entries() as Iterable<[string, messages.PropertyDiff]>)
    detailed[path] = { diffKind: diffKinds[diff.getKind()] ?? "update", inputDiff: diff.getInputdiff() };
  return {
    known: response.getChanges() !== messages.DiffResponse.DiffChanges.DIFF_UNKNOWN,
    changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
    replaceKeys: response.getReplacesList(),
    changedKeys: response.getDiffsList(),
    detailedDiff: response.getHasdetaileddiff() ? detailed : undefined,
    deleteBeforeReplace: response.getDeletebeforereplace(),
  };
}
