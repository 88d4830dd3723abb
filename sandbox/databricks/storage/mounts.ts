import { isWithin } from "./path-tree.js";
import type { StorageAccount, StoredFiles } from "./storage-accounts.js";
import type { Workspace } from "../workspace.js";

type Configs = Readonly<Record<string, string>>;

/** A mount with what it opens its storage by; `dbutils.fs.mounts()` shows all but the credentials. */
export interface MountRow {
  readonly mountPoint: string;
  readonly source: string;
  readonly encryptionType: string;
  /** Made by Databricks itself: neither unmounted nor mounted over. */
  readonly builtIn: boolean;
  /** `extra_configs`, with credentials: they are the mount's own, and go stale when a key is rotated. */
  readonly configs: Configs;
}

/** A failure inside the driver's JVM; `dbutils` raises it as `ExecutionError` with this class and message. */
export class JavaException extends Error {
  constructor(
    readonly javaClass: string,
    message: string,
  ) {
    super(message);
  }
}

/** What `dbutils.fs.mounts()` shows in a workspace where nobody has mounted anything. */
const BUILT_IN: readonly (readonly [mountPoint: string, source: string])[] = [
  ["/databricks-datasets", "databricks-datasets"],
  ["/Volumes", "UnityCatalogVolumes"],
  ["/databricks/mlflow-tracking", "databricks/mlflow-tracking"],
  ["/databricks-results", "databricks-results"],
  ["/databricks/mlflow-registry", "databricks/mlflow-registry"],
  ["/Volume", "DbfsReserved"],
  ["/volumes", "DbfsReserved"],
  ["/", "DatabricksRoot"],
  ["/volume", "DbfsReserved"],
];

interface Source {
  readonly scheme: "wasb" | "abfs" | "adl";
  readonly container: string;
  readonly account: string;
  readonly host: string;
  /** The folder inside the container, "/" for all of it. */
  readonly folder: string;
}

export interface MountedFiles {
  readonly account: StorageAccount;
  readonly files: StoredFiles;
  readonly folder: string;
}

const SOURCE_FORMS: readonly (readonly [Source["scheme"], RegExp])[] = [
  ["wasb", /^wasbs?:\/\/([^@/]+)@(([^./]+)\.blob\.core\.[^/]+)(\/.*)?$/],
  ["abfs", /^abfss?:\/\/([^@/]+)@(([^./]+)\.dfs\.core\.[^/]+)(\/.*)?$/],
  ["adl", /^adl:\/\/()(([^./]+)\.azuredatalakestore\.[^/]+)(\/.*)?$/],
];

function parseSource(source: string): Source {
  for (const [scheme, form] of SOURCE_FORMS) {
    const [, container = "", host = "", account = "", folder = "/"] = form.exec(source) ?? [];
    if (host) return { scheme, container, account, host, folder: folder.replace(/\/+$/, "") || "/" };
  }
  const scheme = /^([a-z0-9]+):/i.exec(source)?.[1];
  throw illegalArgument(
    scheme
      ? `Unsupported file system scheme ${scheme} (of those that exist, the sandbox knows wasb(s), abfs(s) and adl)`
      : `requirement failed: Mount source must have a scheme: ${source}`,
  );
}

const illegalArgument = (message: string): JavaException =>
  new JavaException("java.lang.IllegalArgumentException", message);

/** The workspace's mount table and what stands behind it. */
export class Mounts {
  readonly #table: Map<string, MountRow>;

  constructor(private readonly workspace: Workspace) {
    this.#table = workspace.table<MountRow>("mounts");
  }

  list(): MountRow[] {
    const builtIn = BUILT_IN.map(([mountPoint, source]) => ({
      mountPoint,
      source,
      encryptionType: "",
      builtIn: true,
      configs: {},
    }));
    return [...builtIn, ...this.#table.values()];
  }

  /**
   * Mounts as `dbutils.fs.mount` does: the driver opens the source with the credentials given, so a wrong key or an
   * unknown account fails here. https://learn.microsoft.com/azure/databricks/dbfs/mounts
   */
  mount(source: string, mountPoint: string, encryptionType: string, configs: Configs, update = false): void {
    const point = mountPoint.replace(/^dbfs:/, "").replace(/(.)\/+$/, "$1");
    if (!point.startsWith("/"))
      throw illegalArgument(`requirement failed: Mount point must be absolute: ${mountPoint}`);
    if (BUILT_IN.some(([builtIn]) => builtIn === point) || point === "/mnt")
      throw illegalArgument(`requirement failed: Cannot mount on reserved mount point: ${point}`);
    if (!update && this.#table.has(point))
      throw illegalArgument(`requirement failed: Directory already mounted: ${point}`);
    if (update && !this.#table.has(point)) throw illegalArgument(`requirement failed: Directory not mounted: ${point}`);
    const parsed = parseSource(source);
    this.#open(parsed, configs);
    this.#table.set(point, { mountPoint: point, source, encryptionType, builtIn: false, configs });
  }

  unmount(mountPoint: string): void {
    const point = mountPoint.replace(/^dbfs:/, "").replace(/(.)\/+$/, "$1");
    if (!this.#table.delete(point))
      throw new JavaException("java.rmi.RemoteException", `Directory not mounted: ${point}`);
  }

  /** The user's mount that `path` stands in, the longest where they nest. */
  holding(path: string): MountRow | undefined {
    let found: MountRow | undefined;
    for (const row of this.#table.values())
      if (isWithin(path, row.mountPoint) && row.mountPoint.length > (found?.mountPoint.length ?? 0)) found = row;
    return found;
  }

  /** Mount points below `folder`, as the names under which a listing of `folder` shows them. */
  namesIn(folder: string): string[] {
    const names = this.list()
      .map((row) => row.mountPoint)
      .filter((point) => point !== folder && isWithin(point, folder))
      .map((point) => point.slice(folder === "/" ? 1 : folder.length + 1).split("/")[0] ?? "");
    return [...new Set(names)];
  }

  /** The files behind a mount that was made; what has gone or been rotated since fails as the driver would. */
  files(row: MountRow): MountedFiles {
    return this.#open(parseSource(row.source), row.configs);
  }

  #open(source: Source, configs: Configs): MountedFiles {
    const account = this.workspace.storageAccounts.lookup(source.account);
    // A storage driver resolves the name before it looks at credentials, but OAuth asks Azure AD for a token first.
    if (source.scheme === "wasb") {
      if (!account) throw new JavaException("java.net.UnknownHostException", source.host);
      checkKeyOrSas(source, account, configs);
    } else checkServicePrincipal(source, account, configs);
    if (!account) throw new JavaException("java.net.UnknownHostException", source.host);
    const files = account.container(source.container);
    if (!files) throw noContainer(source);
    return { account, files, folder: source.folder };
  }
}

function noContainer({ scheme, container, host }: Source): JavaException {
  return scheme === "wasb"
    ? new JavaException(
        "shaded.databricks.org.apache.hadoop.fs.azure.AzureException",
        `hadoop_azure_shaded.com.microsoft.azure.storage.StorageException: The specified container does not exist. (container ${container} of ${host})`,
      )
    : new JavaException(
        "java.io.FileNotFoundException",
        `Operation failed: "The specified filesystem does not exist.", 404, HEAD, https://${host}/${container}?resource=filesystem&timeout=90`,
      );
}

/** https://hadoop.apache.org/docs/stable/hadoop-azure/index.html */
function checkKeyOrSas(source: Source, account: StorageAccount, configs: Configs): void {
  const { container, host } = source;
  const key = configs[`fs.azure.account.key.${host}`];
  const sas = configs[`fs.azure.sas.${container}.${host}`] ?? configs[`fs.azure.sas.fixed.token.${host}`];
  const failed = (message: string): JavaException =>
    new JavaException("shaded.databricks.org.apache.hadoop.fs.azure.AzureException", message);
  if (key === undefined && sas === undefined)
    throw failed(
      "shaded.databricks.org.apache.hadoop.fs.azure.AzureException: " +
        `Unable to access container ${container} in account ${host} using anonymous credentials, and no credentials found for them in the configuration.`,
    );
  if (key === undefined ? account.acceptsSas(container, sas ?? "") : account.acceptsKey(key)) return;
  throw failed(
    "hadoop_azure_shaded.com.microsoft.azure.storage.StorageException: Server failed to authenticate the request. " +
      "Make sure the value of Authorization header is formed correctly including the signature.",
  );
}

/**
 * Client credentials for abfss:// (https://learn.microsoft.com/azure/databricks/dbfs/mounts) and, under their old names,
 * for adl://. Credential passthrough (`CustomAccessToken`) is taken as the caller's own good credential.
 */
function checkServicePrincipal(source: Source, account: StorageAccount | undefined, configs: Configs): void {
  const setting = (...names: string[]): string | undefined =>
    names.map((name) => configs[`${name}.${source.host}`] ?? configs[name]).find((value) => value !== undefined);
  if (source.scheme === "abfs") {
    if (setting("fs.azure.account.key") !== undefined) throw illegalArgument("Unsupported Azure Scheme: abfss");
    const type = setting("fs.azure.account.auth.type");
    if (type === "CustomAccessToken") return;
    if (type !== "OAuth")
      throw new JavaException(
        "java.lang.NullPointerException",
        "authEndpoint (abfss:// needs fs.azure.account.auth.type OAuth in extra_configs)",
      );
  }
  const clientId = setting("fs.azure.account.oauth2.client.id", "fs.adl.oauth2.client.id", "dfs.adls.oauth2.client.id");
  const clientSecret = setting(
    "fs.azure.account.oauth2.client.secret",
    "fs.adl.oauth2.credential",
    "dfs.adls.oauth2.credential",
  );
  const endpoint = setting(
    "fs.azure.account.oauth2.client.endpoint",
    "fs.adl.oauth2.refresh.url",
    "dfs.adls.oauth2.refresh.url",
  );
  if (clientId === undefined || clientSecret === undefined || endpoint === undefined)
    throw illegalArgument(
      `Configuration property ${clientId === undefined ? "client.id" : clientSecret === undefined ? "client.secret" : "client.endpoint"} not found.`,
    );
  if (account && !account.acceptsServicePrincipal({ clientId, clientSecret, endpoint }))
    throw new JavaException(
      "java.io.IOException",
      `HTTP Error 401; url='${endpoint}' AADToken: HTTP connection to ${endpoint} failed for getting token from AzureAD. ` +
        `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. ` +
        `Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'."}`,
    );
}
