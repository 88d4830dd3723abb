import type { PathNode } from "./path-tree.js";

/** A file's bytes as they arrived, block by block. Plain `Uint8Array`s: a pooled Buffer would drag its pool along. */
export interface StoredFile {
  readonly blocks: Uint8Array[];
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** The files of one container or file system. */
export type StoredFiles = Map<string, PathNode<StoredFile>>;

export interface ServicePrincipalCredential {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The OAuth token endpoint, which names the tenant. */
  readonly endpoint: string | undefined;
}

/** One storage account, as a driver that mounts from it meets it. */
export interface StorageAccount {
  /** True behind `<account>-secondary`: the geo-redundant copy can only be read. */
  readonly readOnly: boolean;
  acceptsKey(key: string): boolean;
  acceptsSas(container: string, sas: string): boolean;
  acceptsServicePrincipal(credential: ServicePrincipalCredential): boolean;
  /** Undefined where the account has no such container. */
  container(name: string): StoredFiles | undefined;
}

/** The storage that both workspaces reach, filled by the sandbox's Azure side. */
export interface StorageAccounts {
  /** The account behind an endpoint's first label (`stdr` or `stdr-secondary`); undefined where it does not resolve. */
  lookup(name: string): StorageAccount | undefined;
}

/** What a registered account accepts and holds. */
export interface AccountTerms {
  readonly keys?: readonly string[];
  /** SAS tokens, with or without the leading question mark. */
  readonly sas?: readonly string[];
  readonly servicePrincipals?: readonly { readonly clientId: string; readonly clientSecret: string }[];
  /** Without a list any container exists. */
  readonly containers?: readonly string[];
  /** Whether `<name>-secondary` answers (RA-GRS, RA-GZRS). */
  readonly readableSecondary?: boolean;
}

const SECONDARY = "-secondary";
const withoutMark = (sas: string): string => sas.replace(/^\?/, "");

/**
 * Storage accounts in memory. Registered ones are strict; of the others, every one exists and takes any credential,
 * unless `onlyRegistered`.
 */
export class OpenStorageAccounts implements StorageAccounts {
  readonly #terms = new Map<string, AccountTerms>();
  readonly #files = new Map<string, Map<string, StoredFiles>>();

  constructor(private readonly onlyRegistered = false) {}

  register(name: string, terms: AccountTerms): void {
    this.#terms.set(name, terms);
  }

  unregister(name: string): void {
    this.#terms.delete(name);
    this.#files.delete(name);
  }

  lookup(name: string): StorageAccount | undefined {
    const readOnly = name.endsWith(SECONDARY);
    const account = readOnly ? name.slice(0, -SECONDARY.length) : name;
    const terms = this.#terms.get(account);
    if (terms ? readOnly && !terms.readableSecondary : this.onlyRegistered) return undefined;
    return {
      readOnly,
      acceptsKey: (key) => !terms || (terms.keys ?? []).includes(key),
      acceptsSas: (_container, sas) => !terms || (terms.sas ?? []).map(withoutMark).includes(withoutMark(sas)),
      acceptsServicePrincipal: ({ clientId, clientSecret }) =>
        !terms ||
        (terms.servicePrincipals ?? []).some(
          (known) => known.clientId === clientId && known.clientSecret === clientSecret,
        ),
      container: (container) =>
        terms?.containers && !terms.containers.includes(container) ? undefined : this.#container(account, container),
    };
  }

  #container(account: string, container: string): StoredFiles {
    let containers = this.#files.get(account);
    if (!containers) this.#files.set(account, (containers = new Map()));
    let files = containers.get(container);
    if (!files) containers.set(container, (files = new Map()));
    return files;
  }
}
