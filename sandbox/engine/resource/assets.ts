import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import {
  isArchive,
  isAsset,
  isObject,
  mapEntries,
  mapProperties,
  signatureKey,
  signatures,
  type PropertyMap,
  type PropertyValue,
} from "./values.js";

/** How an asset's text names its content: by path relative to the program, by URL, or in itself. */
function assetContent(asset: PropertyMap, directory: string): Buffer {
  if (typeof asset.path === "string" && asset.path) return fs.readFileSync(path.resolve(directory, asset.path));
  if (typeof asset.uri === "string" && asset.uri) {
    if (!asset.uri.startsWith("file:"))
      throw new Error(`the stand-in engine does not read remote assets (${asset.uri})`);
    return fs.readFileSync(new URL(asset.uri));
  }
  return Buffer.from(typeof asset.text === "string" ? asset.text : "", "utf8");
}

/**
 * Gives each asset the hash of its content, by which a change is seen, as the state stores it.
 * @throws for archives and remote assets
 */
export function hashAssets(properties: PropertyMap, directory: string): PropertyMap {
  return mapProperties(properties, (value: PropertyValue) => {
    if (isArchive(value))
      throw new Error("the stand-in engine does not implement archives; install the Pulumi CLI to use them");
    if (!isAsset(value)) return value;
    const asset: PropertyMap = { ...value };
    delete asset.__pulumiAsset; // The SDK's own mark, which the state does not keep.
    return { ...asset, hash: createHash("sha256").update(assetContent(asset, directory)).digest("hex") };
  });
}

/** Assets by their hash alone: what a provider is to compare it has no need to read. */
export const elideAssets = (properties: PropertyMap): PropertyMap =>
  mapProperties(properties, (value) =>
    isAsset(value) ? { [signatureKey]: signatures.asset, hash: value.hash ?? "" } : value,
  );

/** Gives assets that a provider echoed by their hash the content that they had. */
export function restoreAssets(properties: PropertyMap, originals: PropertyMap): PropertyMap {
  return mapEntries(properties, (value, key) => {
    const original = originals[key];
    if (isAsset(value) && isAsset(original)) return value.hash === original.hash ? original : value;
    return isObject(value) && isObject(original) ? restoreAssets(value, original) : value;
  });
}
