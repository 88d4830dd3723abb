import { expect, it } from "vitest";
import { readLastOutputs } from "../../components/own-stack.js";
import { runWithMocks } from "./mocks.js";

const storage = { account: "dbdrprimary", resourceGroup: "dbdr-primary-rg", sku: "Standard_RAGRS" };

/** Reads a state that is half written for the first few readings. */
async function read(halfWritten: number, outputs: object): Promise<Record<string, unknown>> {
  let readings = 0;
  const program = async () =>
    readLastOutputs().then(
      ({ storage }) => ({ storage }),
      (error: Error) => ({ failed: error.message }),
    );
  const invokes = {
    "pulumi:pulumi:readStackOutputs": () => {
      if (++readings <= halfWritten) throw new Error("failed to load checkpoint: EOF");
      return { outputs };
    },
  };
  return (await runWithMocks(program, { invokes })).outputs;
}

it("a state that is written while it is read is read again", async () => {
  expect(await read(2, { storage })).toEqual({ storage });
});

it("before the first update there is no account", async () => {
  expect((await read(0, {})).storage).toBeUndefined();
});

it("a state that cannot be read at all is an error", async () => {
  expect((await read(100, { storage })).failed).toMatch(/^what this stack's last update left cannot be read/);
});
