import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";

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
  return createPublicKey(privateKeyObject(privateKey)).export({ type: "spki", format: "der" }).toString("base64");
}

export function signText(text: string, privateKey: string): string {
  return sign(null, Buffer.from(text), privateKeyObject(privateKey)).toString("base64");
}

export function isSignedBy(text: string, signature: string, publicKey: string): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), type: "spki", format: "der" });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
}

function privateKeyObject(privateKey: string) {
  return createPrivateKey({ key: Buffer.from(privateKey, "base64"), type: "pkcs8", format: "der" });
}
