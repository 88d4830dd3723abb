export * as ledger from "./ledger.js";
export * as replica from "./replica.js";
