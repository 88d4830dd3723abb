import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { readPeerWorkspace } from "../../components/peer-stack.js";
import { runWithMocks } from "./mocks.js";

const workspace = {
  host: "https://adb-1.2.azuredatabricks.net",
  resourceId: "/subscriptions/0000/dbw",
  auth: { method: "auto" },
  operationsClusterId: "0101-000000-abcdefgh",
  location: "eastus2",
};

function read(outputs: Record<string, unknown> | Error) {
  return runWithMocks(
    async () => {
      const reading = readPeerWorkspace({
        stack: "primary",
        reference: "acme/databricks-dr/primary",
        role: "standby",
        location: "westus",
      });
      // Caught here: a program that fails takes the test's process with it.
      return reading.then(
        (peer) => ({ peer }),
        (error: Error) => ({ stopped: error instanceof pulumi.RunError, message: error.message }),
      );
    },
    {
      outputs: { "pulumi:pulumi:StackReference": { outputs } },
      invokes: {
        "pulumi:pulumi:readStackOutputs": () => {
          if (outputs instanceof Error) throw outputs;
          return { outputs };
        },
      },
    },
  );
}

it("is the workspace that the peer's stack gives out", async () => {
  expect((await read({ role: "active", workspace })).outputs).toEqual({ peer: workspace });
});

it.each([
  [
    "a stack that is not there",
    new Error('unknown stack "acme/databricks-dr/primary"'),
    /cannot be read.*\n.*pulumi stack init primary, then pulumi up --stack primary/,
  ],
  ["a stack that was never brought up", {}, /has no workspace yet.*\n.*pulumi up --stack primary/],
  ["a second standby", { role: "standby", workspace }, /two standbys.*\n.*databricks-dr:role active/],
  [
    "a peer in this very region",
    { role: "active", workspace: { ...workspace, location: "westus" } },
    /are both in West US/,
  ],
])("ends the program with what to do: %s", async (_what, outputs, message) => {
  expect((await read(outputs)).outputs).toEqual({ stopped: true, message: expect.stringMatching(message) as unknown });
});
