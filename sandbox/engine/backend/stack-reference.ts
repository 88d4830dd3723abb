import { UserError } from "../user-error.js";

/** A file backend has one organization, of this name. */
export const organization = "organization";

export interface StackReference {
  project: string;
  stack: string;
}

export const qualifiedName = ({ project, stack }: StackReference): string => `${organization}/${project}/${stack}`;

/**
 * Reads `stack`, `organization/stack` or `organization/project/stack`.
 * @throws UserError when no project is named and there is none here
 */
export function parseStackReference(text: string, project: string | undefined): StackReference {
  if (text === "") throw new UserError("stack name must not be empty");
  const parts = text.split("/");
  if (parts.length > 3) throw new UserError(`could not parse stack name '${text}'`);
  const stack = parts.at(-1) ?? "";
  if (parts.length > 1 && parts[0] !== organization) throw new UserError("organization name must be 'organization'");
  const named = parts.length === 3 ? parts[1] : project;
  if (!named)
    throw new UserError(
      "no Pulumi.yaml project file found; either run this command from a directory containing a Pulumi project, " +
        "or pass the fully qualified stack name (organization/project/stack)",
    );
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(stack) && !/^[A-Za-z0-9_.-]{1,100}$/.test(stack))
    throw new UserError(
      "a stack name may only contain alphanumeric, hyphens, underscores, or periods: invalid stack name " +
        JSON.stringify(stack),
    );
  return { project: named, stack };
}
