import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { promisify } from "node:util";
import { UserError } from "./user-error.js";

const deriveKey = promisify(pbkdf2);
/** Pulumi's own numbers: changing one makes every state unreadable. */
const keyIterations = 1_000_000;
const keyBytes = 32;
const saltBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
/** What the salt carries, encrypted, to tell a right passphrase from a wrong one. */
const check = "pulumi";

/** The passphrase from PULUMI_CONFIG_PASSPHRASE or the file that PULUMI_CONFIG_PASSPHRASE_FILE names; it may be empty. */
export function passphraseFrom(env: NodeJS.ProcessEnv): string {
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined) return env.PULUMI_CONFIG_PASSPHRASE;
  if (env.PULUMI_CONFIG_PASSPHRASE_FILE) {
    try {
      return fs.readFileSync(env.PULUMI_CONFIG_PASSPHRASE_FILE, "utf8").trim();
    } catch (cause) {
      throw new UserError("unable to read PULUMI_CONFIG_PASSPHRASE_FILE", { cause });
    }
  }
  throw new UserError(
    "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
  );
}

/** Encrypts and decrypts as Pulumi's passphrase secrets manager does: AES-256-GCM under a key derived from passphrase and salt. */
export class PassphraseSecrets {
  /** Clear text by what it was encrypted to, so that a secret that did not change keeps its text in the state. */
  private readonly known = new Map<string, string>();

  private constructor(
    /** As it stands in `encryptionsalt` and in the state. */
    readonly salt: string,
    private readonly key: Buffer,
  ) {}

  /** @throws UserError when the passphrase is not the one that the salt was made with */
  static async open(salt: string, passphrase: string): Promise<PassphraseSecrets> {
    const [version, encoded, ...encryptedCheck] = salt.split(":");
    if (version !== "v1" || encoded === undefined) throw new UserError("malformed encryption salt");
    const secrets = new PassphraseSecrets(salt, await keyFor(passphrase, Buffer.from(encoded, "base64")));
    let decrypted: string | undefined;
    try {
      decrypted = secrets.decrypt(encryptedCheck.join(":"));
    } catch {
      decrypted = undefined;
    }
    if (decrypted !== check) throw new UserError("incorrect passphrase");
    return secrets;
  }

  static async create(passphrase: string): Promise<PassphraseSecrets> {
    const salt = randomBytes(saltBytes);
    const key = await keyFor(passphrase, salt);
    const encryptedCheck = encryptWith(key, check);
    return new PassphraseSecrets(`v1:${salt.toString("base64")}:${encryptedCheck}`, key);
  }

  encrypt(text: string): string {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const encrypted = encryptWith(this.key, text);
    this.known.set(text, encrypted);
    return encrypted;
  }

  decrypt(encrypted: string): string {
    const [version, nonce, body] = encrypted.split(":");
    if (version !== "v1" || nonce === undefined || body === undefined) throw new UserError("malformed ciphertext");
    const bytes = Buffer.from(body, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const text = Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString("utf8");
    this.known.set(text, encrypted);
    return text;
  }
}

const keyFor = (passphrase: string, salt: Buffer): Promise<Buffer> =>
  deriveKey(passphrase, salt, keyIterations, keyBytes, "sha256");

function encryptWith(key: Buffer, text: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${body.toString("base64")}`;
}
