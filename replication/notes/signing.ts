import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";

/** An Ed25519 key pair, each part in base64 of DER: PKCS #8 and SPKI. */
export interface KeyPair {
  /** Signs a stack's notes. A secret: it stands in the stack's state, encrypted, and nowhere else. */
  readonly privateKey: string;
  /** Tells genuine notes from others. An output of the stack, so that its peer can check them too. */
  readonly publicKey: string;
}

export function newKeyPair(): KeyPair {
  const pair = generateKeyPairSync("ed25519");
  return {
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    publicKey: pair.publicKey.export({ type: "spki", format: "der" }).toString("base64"),
  };
}

export function publicKeyOf(privateKey: string): string {
  return parsed(privateKey).publicKey;
}

export function signText(text: string, privateKey: string): string {
  return sign(null, Buffer.from(text), parsed(privateKey).key).toString("base64");
}

export function isSignedBy(text: string, signature: string, publicKey: string): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), type: "spki", format: "der" });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
}

/** A process signs with one key or two, and to parse one takes a millisecond. */
const known = new Map<string, { readonly key: KeyObject; readonly publicKey: string }>();

function parsed(privateKey: string): { readonly key: KeyObject; readonly publicKey: string } {
  let found = known.get(privateKey);
  if (!found) {
    const key = createPrivateKey({ key: Buffer.from(privateKey, "base64"), type: "pkcs8", format: "der" });
    found = { key, publicKey: createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64") };
    known.set(privateKey, found);
  }
  return found;
}
