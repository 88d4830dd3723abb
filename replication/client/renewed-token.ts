import type { Credentials } from "./sign-in.js";

export interface Token {
  readonly token: string;
  /** In ms since 1970. */
  readonly expires: number;
}

const renewBeforeMs = 5 * 60_000;

/** Signs with a token that is asked for when it is first needed, and again shortly before it expires. */
export function renewedToken(request: () => Promise<Token>): Credentials {
  let current: Promise<Token> | undefined;
  return async () => {
    if (!current || (await current).expires - renewBeforeMs < Date.now()) {
      current = request();
      current.catch(() => (current = undefined));
    }
    return { authorization: `Bearer ${(await current).token}` };
  };
}
