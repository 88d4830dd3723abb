import { parseArgs } from "node:util";

/** Under what a workspace answers: nothing added, or the latency and the documented rate limits of a real one. */
export const conditionNames = ["bare", "limits"] as const;
export type ConditionName = (typeof conditionNames)[number];

export interface BenchOptions {
  /** Sizes of the estates: objects of all kinds together. */
  readonly objects: readonly number[];
  readonly conditions: readonly ConditionName[];
  /** Added to every answer under `limits`, in ms. */
  readonly latencyMs: number;
  /** Whether the tables in docs/benchmarks.md are replaced. */
  readonly write: boolean;
}

export const usage = `npm run bench -- [options]

Measures the first copy, an up that changes nothing and a preview that changes nothing, on the sandbox.

  --objects 300,3000    sizes of the estates (default: 300,3000; about 6 minutes on 2 cores)
                        30000 takes half an hour more, most of it waiting for the limits
  --only bare|limits    bare: no latency, no limits. limits: latency, and the documented rate limits (default: both)
  --latency 30          ms added to every answer under limits
  --write               put the tables into docs/benchmarks.md; rows of other sizes stay if they were measured alike
  --help
`;

/** @throws Error that names the option that is wrong. */
export function readOptions(args: readonly string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      objects: { type: "string", default: "300,3000" },
      only: { type: "string", default: conditionNames.join(",") },
      latency: { type: "string", default: "30" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const names = values.only.split(",");
  const unknown = names.filter((name) => !(conditionNames as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`--only takes ${conditionNames.join(" or ")}, not ${unknown.join(", ")}`);
  return {
    objects: values.objects.split(",").map((text) => wholeNumber("--objects", text, 1)),
    conditions: conditionNames.filter((name) => names.includes(name)),
    latencyMs: wholeNumber("--latency", values.latency, 0),
    write: values.write,
  };
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least)
    throw new Error(`${option} takes whole numbers from ${least} on, not "${text}"`);
  return value;
}
