import { BlobContainer } from "@pulumi/azure-native/storage/blobContainer.js";
import { BlobServiceProperties } from "@pulumi/azure-native/storage/blobServiceProperties.js";
import { getStorageAccount } from "@pulumi/azure-native/storage/getStorageAccount.js";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import { asItWas, onceThere } from "./once-there.js";
import { regionDisplayName, regionName, regionPair } from "./azure-regions.js";

/** The SKUs that keep a copy in the paired region; `RA` ones let it be read. */
export type GeoRedundantSku = "Standard_RAGRS" | "Standard_RAGZRS" | "Standard_GRS" | "Standard_GZRS";

/** The account as an update left it; the stack keeps it as an output, and the next update reads it back. */
export interface DeployedAccount {
  readonly account: string;
  readonly resourceGroup: string;
  readonly sku: string;
  readonly location?: string;
  readonly peerLocation?: string;
  readonly primaryEndpoints?: StorageEndpoints;
  readonly secondaryEndpoints?: StorageEndpoints;
}

export interface GeoStorageArgs {
  /** A change replaces the account. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. A change replaces the account. A failover moves the data and never changes the account's location. */
  readonly location: string;
  /** Unique in Azure, 3 to 24 lowercase letters and digits. A change replaces the account. */
  readonly accountName: pulumi.Input<string>;
  readonly sku: GeoRedundantSku;
  /** What to do when a failover made the account locally redundant: keep that, or set `sku` again. */
  readonly onFailover: "accept" | "restore";
  /** The account as the stack's last update left it, to see whether it was failed over since; nothing on the first one. */
  readonly lastDeployed?: DeployedAccount;
  /** The region of the peer stack, which will read the data in a disaster. */
  readonly peerLocation: string;
  /** ADLS Gen2. A change replaces the account. */
  readonly hierarchicalNamespace: pulumi.Input<boolean>;
  readonly sharedKeyAccess: pulumi.Input<boolean>;
  /** Days; 0 turns soft delete off. */
  readonly softDeleteDays: number;
  /** Taking a name away deletes the container. */
  readonly containers: readonly string[];
  /** Whether Pulumi refuses to delete or replace the account and its containers. */
  readonly protect: boolean;
  readonly tags: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** A storage service's addresses in one region: `https://<account>.blob.core.windows.net/` and so on. */
export interface StorageEndpoints {
  readonly blob: string;
  readonly dfs: string;
}

/**
 * A geo-redundant storage account. Azure copies it to the region that it pairs with the account's, which is not always
 * the standby's: the first preview warns of that, and each of a failover since the last update.
 */
export class GeoStorage extends pulumi.ComponentResource {
  /** To be given back as `lastDeployed` by the next update. */
  readonly deployed: pulumi.Output<DeployedAccount>;
  readonly primaryEndpoints: pulumi.Output<StorageEndpoints>;
  /** The read-only copy; undefined for SKUs without read access. */
  readonly secondaryEndpoints: pulumi.Output<StorageEndpoints | undefined>;

  constructor(name: string, args: GeoStorageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("databricks-dr:storage:GeoStorage", name, {}, opts);
    warnOfRegionPair(this, args);
    const sku = skuAfterFailover(this, args);
    const account = accountOf(this, name, args, sku);
    softDeleteOf(this, name, args, account);
    for (const container of args.containers) containerOf(this, name, args, account, container);

    const endpoints = endpointsOf(account, args, sku);
    this.primaryEndpoints = endpoints.apply(({ primary }) => primary);
    this.secondaryEndpoints = endpoints.apply(({ secondary }) => secondary);
    this.deployed = pulumi
      .all([onceThere(account, args.accountName), args.resourceGroupName, account.sku])
      .apply(([accountName, resourceGroup, { name: deployedSku }]) => ({
        account: accountName,
        resourceGroup,
        sku: deployedSku,
        location: args.location,
        peerLocation: args.peerLocation,
      }));
    this.registerOutputs({
      deployed: this.deployed,
      primaryEndpoints: this.primaryEndpoints,
      secondaryEndpoints: this.secondaryEndpoints,
    });
  }
}

function accountOf(parent: GeoStorage, name: string, args: GeoStorageArgs, sku: pulumi.Output<string>): StorageAccount {
  return new StorageAccount(
    `${name}-account`,
    {
      accountName: args.accountName,
      resourceGroupName: args.resourceGroupName,
      location: args.location,
      kind: "StorageV2",
      sku: { name: sku },
      isHnsEnabled: args.hierarchicalNamespace,
      minimumTlsVersion: "TLS1_2",
      enableHttpsTrafficOnly: true,
      allowBlobPublicAccess: false,
      allowSharedKeyAccess: args.sharedKeyAccess,
      allowCrossTenantReplication: false,
      tags: args.tags,
    },
    { protect: args.protect, parent },
  );
}

function softDeleteOf(parent: GeoStorage, name: string, args: GeoStorageArgs, account: StorageAccount): void {
  const policy = args.softDeleteDays > 0 ? { enabled: true, days: args.softDeleteDays } : { enabled: false };
  new BlobServiceProperties(
    `${name}-blobs`,
    {
      accountName: onceThere(account, args.accountName),
      resourceGroupName: args.resourceGroupName,
      blobServicesName: "default",
      deleteRetentionPolicy: policy,
      containerDeleteRetentionPolicy: policy,
    },
    { parent },
  );
}

function containerOf(
  parent: GeoStorage,
  name: string,
  args: GeoStorageArgs,
  account: StorageAccount,
  container: string,
): void {
  new BlobContainer(
    `${name}-container-${container}`,
    {
      accountName: onceThere(account, args.accountName),
      resourceGroupName: args.resourceGroupName,
      containerName: container,
      publicAccess: "None",
    },
    { protect: args.protect, parent },
  );
}

interface BothEndpoints {
  readonly primary: StorageEndpoints;
  readonly secondary: StorageEndpoints | undefined;
}

/** They stay as they were while the account and its redundancy do. */
function endpointsOf(
  account: StorageAccount,
  { lastDeployed: last }: GeoStorageArgs,
  sku: pulumi.Output<string>,
): pulumi.Output<BothEndpoints> {
  const now = pulumi
    .all([account.primaryEndpoints, account.secondaryEndpoints])
    .apply(([{ blob, dfs }, secondary]): BothEndpoints => ({
      primary: { blob, dfs },
      secondary: readOnlyEndpoints(secondary),
    }));
  if (!last?.primaryEndpoints) return now;
  const value: BothEndpoints = { primary: last.primaryEndpoints, secondary: last.secondaryEndpoints };
  const path = `/resourceGroups/${last.resourceGroup}/providers/Microsoft.Storage/storageAccounts/${last.account}`;
  const isOf = (id: string): boolean => id.toLowerCase().endsWith(path.toLowerCase());
  return sku.apply((wanted) => (wanted === last.sku ? asItWas(account, now, { isOf, value }) : now));
}

function readOnlyEndpoints(endpoints: Partial<StorageEndpoints> | undefined): StorageEndpoints | undefined {
  return endpoints?.blob && endpoints.dfs ? { blob: endpoints.blob, dfs: endpoints.dfs } : undefined;
}

/** Once: when the account is made, and when a change of the configuration makes it news again. */
function warnOfRegionPair(
  component: GeoStorage,
  { location, peerLocation, sku, lastDeployed: last }: GeoStorageArgs,
): void {
  const here = regionDisplayName(location);
  const peer = regionDisplayName(peerLocation);
  const pair = regionPair(location);
  if (typeof pair === "string" || pair.pair === regionName(peerLocation)) return;
  // After a failover the account is what that made of it, and nobody has changed the configuration.
  const isSameSku = last?.sku === sku || !isGeoRedundant(last?.sku ?? sku);
  if (last && isSameSku && last.location === location && last.peerLocation === peerLocation) return;
  warn(
    component,
    [
      `the geo-redundant copy of this account is kept in ${regionDisplayName(pair.pair)}, which Azure pairs with ${here}, and never in ${peer}, the peer's region.`,
      `In a disaster a workspace in ${peer} reads it across regions: slower, and billed as egress. Ways out:`,
      `  - put the other stack in ${regionDisplayName(pair.pair)}: location ${pair.pair} there, peerLocation ${pair.pair} here`,
      `  - keep a copy of what matters in an account in ${peer} (AzCopy or a copy job), and map its mounts to that account`,
      `  - accept it, if the latency and the cost of a disaster's days are known`,
    ].join("\n"),
  );
}

/**
 * An unplanned failover turns the account into a locally redundant one behind Pulumi's back. An update that sets the
 * configured SKU again would start a billed copy of everything in the middle of a disaster. So the account is read first,
 * and what the failover made is taken for wanted, unless config says to restore.
 */
function skuAfterFailover(component: GeoStorage, args: GeoStorageArgs): pulumi.Output<string> {
  return pulumi.output(args.lastDeployed).apply(async (last) => {
    if (!last) return args.sku;
    const actual = await readAccount(component, last);
    warnOfPlannedFailover(component, args, last, actual.primaryLocation);
    if (isGeoRedundant(actual.sku)) return args.sku;
    const failedOver = `account ${last.account} is ${actual.sku} now, and config says ${args.sku}: a failover made it locally redundant.`;
    if (args.onFailover === "restore") {
      warn(component, `${failedOver} This update sets ${args.sku} again and so copies it all to the paired region.`);
      return args.sku;
    }
    warn(
      component,
      `${failedOver} It is left so, and has no copy in another region. When the region is well again: pulumi config set databricks-dr:onStorageFailover restore`,
    );
    return actual.sku;
  });
}

interface ActualAccount {
  readonly sku: string;
  readonly primaryLocation?: string;
}

/** An account that cannot be read is taken to be as the last update left it: nothing is fought on a guess. */
async function readAccount(component: GeoStorage, last: DeployedAccount): Promise<ActualAccount> {
  try {
    const account = await getStorageAccount(
      { accountName: last.account, resourceGroupName: last.resourceGroup },
      { parent: component },
    );
    return { sku: account.sku.name, primaryLocation: account.primaryLocation };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    warn(
      component,
      `account ${last.account} cannot be read; its SKU is left at ${last.sku}. If it was deleted by hand, run pulumi refresh. ${reason}`,
    );
    return { sku: last.sku };
  }
}

function warnOfPlannedFailover(
  component: GeoStorage,
  args: GeoStorageArgs,
  last: DeployedAccount,
  primaryLocation: string | undefined,
): void {
  if (!primaryLocation || regionName(primaryLocation) === regionName(args.location)) return;
  warn(
    component,
    `account ${last.account} was failed over: it is written in ${regionDisplayName(primaryLocation)} now, though its location stays ${regionDisplayName(args.location)}.`,
  );
}

function isGeoRedundant(sku: string): boolean {
  return /_(RA)?GZ?RS$/.test(sku);
}

function warn(component: GeoStorage, message: string): void {
  void pulumi.log.warn(message, component);
}
