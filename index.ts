import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import { Provider as DatabricksProvider } from "@pulumi/databricks/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { databricksSignIn } from "./components/databricks-sign-in.js";
import { DatabricksWorkspace } from "./components/databricks-workspace.js";
import { GeoStorage } from "./components/geo-storage.js";
import { resourceNames, storageAccountName, subscriptionOf } from "./components/names.js";
import { onceThere } from "./components/once-there.js";
import { OperationsCluster } from "./components/operations-cluster.js";
import { assertMayReplace, readLastOutputs } from "./components/own-stack.js";
import { refuseOldRole } from "./components/old-role.js";
import { refuseTwoActive } from "./components/two-active.js";
import { readPeerWorkspace } from "./components/peer-stack.js";
import { NotesKey } from "./components/replica/notes-key.js";
import { WorkspaceReplica } from "./components/replica/workspace-replica.js";
import { WorkspaceNetwork } from "./components/workspace-network.js";
import { loadConfig } from "./config/config.js";

const config = loadConfig();
const stack = pulumi.getStack();
const names = resourceNames({ prefix: config.namePrefix, stack });
const tags = { ...config.tags, "databricks-dr:stack": stack };

const last = await readLastOutputs();
refuseOldRole({ stack, role: config.role, last: last.role });

const peer =
  config.role !== "active" && config.peer
    ? await readPeerWorkspace({ ...config.peer, role: config.role, location: config.location })
    : undefined;

if (config.role === "active" && config.peer) await refuseTwoActive({ stack, since: last.roleSince, peer: config.peer });

assertMayReplace(last, { ...config, resourceGroup: names.resourceGroup });

const group = new ResourceGroup(stack, {
  resourceGroupName: names.resourceGroup,
  location: config.location,
  tags,
});
const resourceGroupName = onceThere(group, names.resourceGroup);
const subscriptionId = group.id.apply(subscriptionOf);

const network = new WorkspaceNetwork(`${stack}-network`, {
  resourceGroupName,
  location: config.location,
  names,
  addressRange: config.vnetCidr,
  publicSubnetRange: config.publicSubnetCidr,
  privateSubnetRange: config.privateSubnetCidr,
  natGateway: config.natGateway,
  tags,
});

const geoStorage = new GeoStorage(`${stack}-storage`, {
  resourceGroupName,
  location: config.location,
  accountName: subscriptionId.apply((id) => storageAccountName({ prefix: config.namePrefix, stack }, id)),
  sku: config.storageSku,
  onFailover: config.onStorageFailover,
  ...(last.storage ? { lastDeployed: last.storage } : {}),
  peerLocation: config.peerLocation,
  hierarchicalNamespace: config.hierarchicalNamespace,
  sharedKeyAccess: config.sharedKeyAccess,
  softDeleteDays: config.softDeleteDays,
  containers: config.containers,
  protect: config.protect,
  tags,
});

const databricksWorkspace = new DatabricksWorkspace(`${stack}-databricks`, {
  resourceGroupName,
  managedResourceGroupId: pulumi.interpolate`/subscriptions/${subscriptionId}/resourceGroups/${names.managedResourceGroup}`,
  workspaceName: names.workspace,
  location: config.location,
  sku: config.workspaceSku,
  network,
  protect: config.protect,
  tags,
  ...(last.workspace ? { lastDeployed: last.workspace } : {}),
});

const { host, resourceId } = databricksWorkspace;
const auth = { method: config.auth, ...(config.profile === undefined ? {} : { profile: config.profile }) };
const databricks = new DatabricksProvider(`${stack}-databricks`, databricksSignIn({ host, resourceId, auth }));

const notesKey = new NotesKey(`${stack}-notes-key`, {});

const operationsCluster = new OperationsCluster(`${stack}-operations`, {
  provider: databricks,
  ...config.operationsCluster,
  tags,
  ...(last.operations ? { lastDeployed: last.operations } : {}),
});

const local = {
  stack,
  host,
  resourceId,
  auth,
  workspaceId: databricksWorkspace.workspaceId,
  notesKey: notesKey.publicKey,
  operationsClusterId: operationsCluster.clusterId,
  location: config.location,
};
const replica = new WorkspaceReplica(`${stack}-replica`, {
  stack,
  role: config.role,
  local: pulumi.output(local),
  ...(peer ? { peer } : {}),
  settings: config.replication,
  signingKey: notesKey.privateKey,
  ...(last.ledger ? { last: last.ledger } : {}),
});

export const role = config.role;
export const roleSince = replica.roleSince;
export const location = config.location;
/** What the peer's stack needs to know of this workspace when it follows it. */
export const workspace = local;
export const operations = operationsCluster.deployed;
export const storage = {
  account: geoStorage.deployed.account,
  resourceGroup: geoStorage.deployed.resourceGroup,
  sku: geoStorage.deployed.sku,
  location: config.location,
  peerLocation: config.peerLocation,
  primaryEndpoints: geoStorage.primaryEndpoints,
  secondaryEndpoints: geoStorage.secondaryEndpoints,
};
/** Counts, what a person should read, when each kind was last compared, and the files with every line and every id. */
export const ledger = replica.report;
