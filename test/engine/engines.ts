import * as path from "node:path";
import { engineDirectory, findPulumi } from "../../sandbox/engine/index.js";

/** An engine that the same tests run on. */
export interface Engine {
  name: string;
  /** Goes in front of PATH. */
  directory: string;
}

export const standIn: Engine = { name: "stand-in", directory: engineDirectory };

const installed = findPulumi();

/** Pulumi's own CLI, where one is on PATH. */
export const realEngine: Engine | undefined = installed && {
  name: `pulumi ${installed.version}`,
  directory: path.dirname(installed.path),
};

export const engines: readonly Engine[] = realEngine ? [standIn, realEngine] : [standIn];

if (!realEngine) console.info("engine tests: no Pulumi CLI on PATH, so they run on the stand-in only");
