import { createInterface } from "node:readline/promises";
import type { Terminal } from "./global-options.js";

/** Asks a person; only "yes" is yes. */
export async function confirm({ stdin, stdout }: Terminal, question: string): Promise<boolean> {
  const reader = createInterface({ input: stdin, output: stdout });
  try {
    const answer = await reader.question(`${question} [yes/no] `);
    return answer.trim().toLowerCase() === "yes";
  } finally {
    reader.close();
  }
}
