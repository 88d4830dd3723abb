import type { JsonObject } from "../http/json.js";
import { badRequest } from "./arm-error.js";
import { findRegion, regionName } from "./regions.js";

/** The body's `location` as ARM keeps it. @throws 400 where it is missing or no Azure region. */
export function requireLocation(body: JsonObject, type: string): string {
  if (typeof body.location !== "string" || body.location.trim() === "")
    throw badRequest("LocationRequired", "The location property is required for this definition.");
  if (!findRegion(body.location))
    throw badRequest(
      "LocationNotAvailableForResourceType",
      `The provided location '${body.location}' is not available for resource type '${type}'.`,
    );
  return regionName(body.location);
}

/** The object at `body[name]`, empty where there is none. @throws 400 where it is something else. */
export function objectAt(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw badRequest("InvalidRequestContent", `The request content was invalid: '${name}' must be an object.`);
  return value;
}

/**
 * The body's tags. ARM takes 50, names of 512 and values of 256 characters.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources
 */
export function tagsOf(body: JsonObject): JsonObject | undefined {
  if (body.tags === undefined || body.tags === null) return undefined;
  const tags = objectAt(body, "tags");
  const entries = Object.entries(tags);
  if (entries.length > 50)
    throw badRequest("InvalidTagsCount", `The number of tags '${entries.length}' exceeds the limit of 50.`);
  for (const [name, value] of entries) {
    if (typeof value !== "string")
      throw badRequest("InvalidTagValue", `The value of the tag '${name}' must be a string.`);
    if (name.length > 512 || /[<>%&\\?/]/.test(name))
      throw badRequest("InvalidTagNameCharacters", `The tag name '${name}' is too long or has reserved characters.`);
    if (value.length > 256) throw badRequest("InvalidTagValueLength", `Tag value too large. Tag: '${name}'.`);
  }
  return tags;
}
