import { ApiError, type ErrorStyle } from "../http/app.js";
import type { ResourceId } from "./resource-id.js";

/** Errors as ARM writes them: `{"error": {"code", "message"}}`. */
export const armErrorStyle: ErrorStyle = {
  body: (error) => ({
    error: {
      code: error.errorCode,
      message: error.message,
      ...(error.details ? { details: error.details } : {}),
    },
  }),
};

export function badRequest(code: string, message: string): ApiError {
  return new ApiError(400, code, message);
}

export function conflict(code: string, message: string): ApiError {
  return new ApiError(409, code, message);
}

export function resourceGroupNotFound(name: string): ApiError {
  return new ApiError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
}

export function resourceNotFound(id: ResourceId): ApiError {
  const types = id.type.split("/");
  const path = [types[0], ...id.names.flatMap((name, index) => [types[index + 1], name])].join("/");
  return new ApiError(
    404,
    "ResourceNotFound",
    `The Resource '${path}' under resource group '${id.resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

export function parentResourceNotFound(path: string): ApiError {
  return new ApiError(
    404,
    "ParentResourceNotFound",
    `Failed to perform 'write' on resource(s) because the parent resource '${path}' could not be found.`,
  );
}
