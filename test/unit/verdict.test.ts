import { describe, expect, it } from "vitest";
import { OperationsClusterUnavailable } from "../../replication/client/command-context.js";
import { ApiError, ConnectionError } from "../../replication/client/errors.js";
import { NeedsPerson } from "../../replication/kinds/kind.js";
import { verdictOn } from "../../replication/apply/verdict.js";

const refused = (status: number, code: string, message: string): ApiError => new ApiError(status, code, message);

describe("a refusal that no retry mends is a person's, with what to do", () => {
  it.each([
    [
      refused(400, "FEATURE_DISABLED", "Storing init scripts on DBFS is no longer supported"),
      /move the script to workspace files/,
    ],
    [
      refused(403, "PERMISSION_DENIED", "Public DBFS root is disabled. Access is denied on path: /x"),
      /move the script/,
    ],
    [refused(400, "FEATURE_DISABLED", "Elastic disk is not available"), /turn this feature on/],
    [refused(400, "DIRECTORY_PROTECTED", "Folder Users is protected"), /add the user whose home folder/],
    [refused(400, "DIRECTORY_NOT_EMPTY", "Folder (/a) is not empty"), /take out of it what is no copy/],
    [refused(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", "exceeded max size (10485760 bytes)"), /copy it by hand/],
    [
      refused(400, "INVALID_PARAMETER_VALUE", "Cluster validation error: Validation failed for num_workers, must be …"),
      /change the policy on the standby.*idMappings\.cluster-policies/,
    ],
    [refused(403, "PERMISSION_DENIED", "You are not authorized to use policy ABC"), /change the policy/],
    [refused(400, "INVALID_PARAMETER_VALUE", "User alice@x.com does not exist"), /idMappings\.principals/],
    [refused(403, "PERMISSION_DENIED", "no"), /workspace administrator/],
    [refused(404, "RESOURCE_DOES_NOT_EXIST", "Warehouse 12 does not exist"), /make what it refers to/],
    [refused(400, "INVALID_PARAMETER_VALUE", "Invalid spark version"), /change it on the source, or exclude it/],
    [refused(429, "QUOTA_EXCEEDED", "12000 jobs"), /have the limit raised/],
  ])("%s", (error, advice) => {
    const { outcome, why } = verdictOn(error, "0101-copy");
    expect(outcome).toBe("needs-a-person");
    expect(why).toMatch(advice);
    expect(why).toContain(error.message);
  });

  it("or says itself that it is one", () => {
    expect(verdictOn(new NeedsPerson("no volume"))).toEqual({ outcome: "needs-a-person", why: "no volume" });
    expect(verdictOn(new OperationsClusterUnavailable("cannot-start", "no quota")).outcome).toBe("needs-a-person");
  });
});

describe("what another try may mend has failed", () => {
  it.each([
    new ConnectionError("no answer"),
    refused(503, "TEMPORARILY_UNAVAILABLE", "busy"),
    refused(429, "REQUEST_LIMIT_EXCEEDED", "busy"),
    refused(404, "HTTP_404", "<html>"),
    refused(400, "INVALID_STATE", "the cluster is PENDING"),
    refused(400, "INVALID_PARAMETER_VALUE", "Cluster 0101-copy does not exist"),
    new Error("changed on the source while it was copied"),
    new OperationsClusterUnavailable("pending", "still PENDING"),
  ])("%s", (error) => {
    expect(verdictOn(error, "0101-copy")).toEqual({ outcome: "failed", why: error.message });
  });

  it("and no verdict shows a secret", () => {
    expect(verdictOn(refused(400, "INVALID_PARAMETER_VALUE", "bad: password=hunter2-Zq8")).why).not.toContain(
      "hunter2",
    );
  });
});
