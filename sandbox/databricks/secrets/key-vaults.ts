/** Azure Key Vaults, as AZURE_KEYVAULT-backed secret scopes read them: by the DNS name of the vault. */
export interface KeyVaults {
  /** The secrets of a vault by name; undefined where no such vault answers. */
  secretsOf(dnsName: string): ReadonlyMap<string, string> | undefined;
}

const hostOf = (dnsName: string): string =>
  dnsName
    .replace(/^https:\/\//, "")
    .replace(/\/+$/, "")
    .toLowerCase();

/** Key Vaults in memory; one that nothing was put into does not exist. */
export class MemoryKeyVaults implements KeyVaults {
  readonly #vaults = new Map<string, Map<string, string>>();

  put(dnsName: string, name: string, value: string): void {
    const host = hostOf(dnsName);
    let vault = this.#vaults.get(host);
    if (!vault) this.#vaults.set(host, (vault = new Map()));
    vault.set(name, value);
  }

  secretsOf(dnsName: string): ReadonlyMap<string, string> | undefined {
    return this.#vaults.get(hostOf(dnsName));
  }
}
