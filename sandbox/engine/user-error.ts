/** How a command ends, as the Pulumi CLI's scripts know it. */
export const exitCodes = {
  success: 0,
  error: 1,
  /** Wrong flags or configuration. */
  configuration: 2,
  stackNotFound: 6,
  noChangesExpected: 7,
  canceled: 8,
} as const;

export interface UserErrorOptions extends ErrorOptions {
  exitCode?: number;
}

/** A mistake of the person at the keyboard, or a failure that has been explained: shown as `error: <message>`, without a stack. */
export class UserError extends Error {
  readonly exitCode: number;

  constructor(message: string, options: UserErrorOptions = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? exitCodes.error;
  }
}

/** Ends the command with a failure that has been shown already. */
export class SilentFailure extends UserError {
  constructor(exitCode: number = exitCodes.error) {
    super("", { exitCode });
  }
}

/** Says what the stand-in lacks, and where it is to be had. */
export const notImplemented = (what: string): UserError =>
  new UserError(
    `the stand-in engine does not implement ${what}; install the Pulumi CLI (https://www.pulumi.com/docs/install/) to use it`,
  );
