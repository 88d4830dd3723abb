/** What every command takes. */
export interface GlobalOptions {
  cwd?: string;
  color: "always" | "never" | "raw" | "auto";
  /** False with `--non-interactive`. */
  nonInteractive?: boolean;
  debug?: boolean;
}

/** Everything of the outside that a command may use. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  stdin: NodeJS.ReadStream;
}

/** Whether colours are wanted: asked for, or on a terminal where nobody declined them. */
export function wantsColor({ color }: Pick<GlobalOptions, "color">, { env, stdout }: Terminal): boolean {
  if (color === "always") return true;
  if (color === "never" || color === "raw") return false;
  return stdout.isTTY && env.NO_COLOR === undefined && env.TERM !== "dumb";
}

/** Whether a person is there to be asked, and can see lines change. */
export const isInteractive = ({ nonInteractive }: GlobalOptions, { env, stdout, stdin }: Terminal): boolean =>
  nonInteractive !== true && stdout.isTTY && stdin.isTTY && !env.CI;
