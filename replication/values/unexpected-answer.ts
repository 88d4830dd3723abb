/**
 * An answer that cannot be this route's: a sign-in page, another workspace's, a shape that it does not have. What was asked may
 * have happened all the same.
 */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
}
