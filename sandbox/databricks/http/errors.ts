import { ApiError } from "../../http/app.js";

/** The error codes that Databricks' services share: https://docs.databricks.com/api/azure/workspace (Errors). */
export const invalidParameter = (message: string): ApiError => new ApiError(400, "INVALID_PARAMETER_VALUE", message);
export const invalidState = (message: string): ApiError => new ApiError(400, "INVALID_STATE", message);
export const malformedRequest = (message: string): ApiError => new ApiError(400, "MALFORMED_REQUEST", message);
export const alreadyExists = (message: string): ApiError => new ApiError(400, "RESOURCE_ALREADY_EXISTS", message);
export const doesNotExist = (message: string): ApiError => new ApiError(404, "RESOURCE_DOES_NOT_EXIST", message);
export const permissionDenied = (message: string): ApiError => new ApiError(403, "PERMISSION_DENIED", message);
export const quotaExceeded = (message: string): ApiError => new ApiError(400, "QUOTA_EXCEEDED", message);
export const featureDisabled = (message: string): ApiError => new ApiError(400, "FEATURE_DISABLED", message);
export const directoryProtected = (message: string): ApiError => new ApiError(400, "DIRECTORY_PROTECTED", message);
