import { ApiError } from "../../http/app.js";
import type { JsonObject } from "../../http/json.js";

/** An error as SCIM writes it (RFC 7644, section 3.12), which Databricks' SCIM routes answer with. */
export class ScimError extends ApiError {
  constructor(
    status: number,
    message: string,
    readonly scimType?: string,
  ) {
    super(status, scimType ?? String(status), message);
  }

  get body(): JsonObject {
    return {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      detail: this.message,
      status: String(this.status),
      ...(this.scimType && { scimType: this.scimType }),
    };
  }
}
