import type { ArmShape } from "./arm-shape.js";

/** One resource type of azure-native, as this project uses it. */
export interface ArmType {
  readonly apiVersion: string;
  /** Path with the inputs that make it up in braces. */
  readonly path: string;
  /** The input that names the resource, and how azure-native fills it when it is not given. */
  readonly nameInput: string;
  readonly naming: "random" | "copy" | { readonly fixed: string };
  readonly shape: ArmShape;
  /** Outputs beyond the inputs; `azureApiVersion`, `name` and `type` are always there. */
  readonly outputs: readonly string[];
  /** Inputs that are not part of the path. */
  readonly inputs: readonly string[];
  readonly required: readonly string[];
  readonly replaceOn: readonly string[];
  /** Has a location, taken from the resource group where none is given. */
  readonly located?: boolean;
  /** Children that are resources of their own too: left alone when they are not given. */
  readonly maintained?: readonly string[];
  /** There from the start and never deleted: creation overwrites, deletion writes these properties. */
  readonly singleton?: { readonly reset: Readonly<Record<string, unknown>> };
}

const group = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}";
const storageVersion = "2024-01-01";
const networkVersion = "2024-05-01";
const account = `${group}/providers/Microsoft.Storage/storageAccounts/{accountName}`;
const network = `${group}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}`;

const named: ArmShape = { outer: ["id", "name", "type", "etag"] };
const subnetShape: ArmShape = { ...named, nested: { delegations: named } };

/**
 * The resource types that the sandbox's azure-native knows. Names and API versions are those of `@pulumi/azure-native`
 * 3.28; which inputs replace is ARM's own rule: what it refuses to change.
 */
export const armTypes: Readonly<Record<string, ArmType>> = {
  "azure-native:resources:ResourceGroup": {
    apiVersion: "2024-03-01",
    path: group,
    nameInput: "resourceGroupName",
    naming: "random",
    located: true,
    shape: { outer: ["location", "managedBy", "tags"], unflattened: true },
    inputs: ["location", "managedBy", "tags"],
    outputs: ["properties"],
    required: [],
    replaceOn: ["resourceGroupName", "location", "managedBy"],
  },
  "azure-native:storage:StorageAccount": {
    apiVersion: storageVersion,
    path: account,
    nameInput: "accountName",
    naming: "random",
    located: true,
    shape: {
      outer: ["id", "name", "type", "location", "tags", "sku", "kind", "identity", "extendedLocation"],
      renamed: {
        enableHttpsTrafficOnly: "supportsHttpsTrafficOnly",
        enableNfsV3: "isNfsV3Enabled",
        networkRuleSet: "networkAcls",
      },
    },
    inputs: [
      ...["accessTier", "allowBlobPublicAccess", "allowCrossTenantReplication", "allowSharedKeyAccess"],
      ...["allowedCopyScope", "azureFilesIdentityBasedAuthentication", "customDomain", "defaultToOAuthAuthentication"],
      ...["dnsEndpointType", "enableExtendedGroups", "enableHttpsTrafficOnly", "enableNfsV3", "encryption"],
      ...["extendedLocation", "identity", "immutableStorageWithVersioning", "isHnsEnabled", "isLocalUserEnabled"],
      ...["isSftpEnabled", "keyPolicy", "kind", "largeFileSharesState", "location", "minimumTlsVersion"],
      ...["networkRuleSet", "publicNetworkAccess", "routingPreference", "sasPolicy", "sku", "tags"],
    ],
    outputs: [
      ...["accountMigrationInProgress", "blobRestoreStatus", "creationTime", "failoverInProgress"],
      ...["geoReplicationStats", "isSkuConversionBlocked", "keyCreationTime", "lastGeoFailoverTime"],
      ...["primaryEndpoints", "primaryLocation", "privateEndpointConnections", "provisioningState"],
      ...["secondaryEndpoints", "secondaryLocation", "statusOfPrimary", "statusOfSecondary"],
      "storageAccountSkuConversionStatus",
    ],
    required: ["kind", "resourceGroupName", "sku"],
    replaceOn: [
      ...["accountName", "resourceGroupName", "location", "isHnsEnabled", "enableNfsV3", "extendedLocation"],
      ...["dnsEndpointType", "immutableStorageWithVersioning"],
    ],
  },
  "azure-native:storage:BlobServiceProperties": {
    apiVersion: storageVersion,
    path: `${account}/blobServices/{blobServicesName}`,
    nameInput: "blobServicesName",
    naming: { fixed: "default" },
    shape: { outer: ["id", "name", "type", "sku"] },
    inputs: [
      ...["automaticSnapshotPolicyEnabled", "changeFeed", "containerDeleteRetentionPolicy", "cors"],
      ...["defaultServiceVersion", "deleteRetentionPolicy", "isVersioningEnabled", "lastAccessTimeTrackingPolicy"],
      "restorePolicy",
    ],
    outputs: ["sku"],
    required: ["accountName", "resourceGroupName"],
    replaceOn: ["accountName", "resourceGroupName", "blobServicesName"],
    singleton: {
      reset: {
        cors: { corsRules: [] },
        deleteRetentionPolicy: { enabled: false },
        containerDeleteRetentionPolicy: { enabled: false },
      },
    },
  },
  "azure-native:storage:BlobContainer": {
    apiVersion: storageVersion,
    path: `${account}/blobServices/default/containers/{containerName}`,
    nameInput: "containerName",
    naming: "copy",
    shape: named,
    inputs: [
      ...["defaultEncryptionScope", "denyEncryptionScopeOverride", "enableNfsV3AllSquash", "enableNfsV3RootSquash"],
      ...["immutableStorageWithVersioning", "metadata", "publicAccess"],
    ],
    outputs: [
      ...["deleted", "deletedTime", "etag", "hasImmutabilityPolicy", "hasLegalHold", "immutabilityPolicy"],
      ...["lastModifiedTime", "leaseDuration", "leaseState", "leaseStatus", "legalHold", "remainingRetentionDays"],
      "version",
    ],
    required: ["accountName", "resourceGroupName"],
    replaceOn: ["accountName", "resourceGroupName", "containerName"],
  },
  "azure-native:storage:ManagementPolicy": {
    apiVersion: storageVersion,
    path: `${account}/managementPolicies/{managementPolicyName}`,
    nameInput: "managementPolicyName",
    naming: { fixed: "default" },
    shape: named,
    inputs: ["policy"],
    outputs: ["lastModifiedTime"],
    required: ["accountName", "resourceGroupName", "policy"],
    replaceOn: ["accountName", "resourceGroupName", "managementPolicyName"],
  },
  "azure-native:network:NetworkSecurityGroup": {
    apiVersion: networkVersion,
    path: `${group}/providers/Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}`,
    nameInput: "networkSecurityGroupName",
    naming: "random",
    located: true,
    shape: {
      outer: ["id", "name", "type", "etag", "location", "tags"],
      nested: { securityRules: named, defaultSecurityRules: named },
    },
    inputs: ["flushConnection", "id", "location", "securityRules", "tags"],
    outputs: [
      ...["defaultSecurityRules", "etag", "flowLogs", "networkInterfaces", "provisioningState"],
      ...["resourceGuid", "subnets"],
    ],
    required: ["resourceGroupName"],
    replaceOn: ["networkSecurityGroupName", "resourceGroupName", "location"],
    maintained: ["securityRules"],
  },
  "azure-native:network:PublicIPAddress": {
    apiVersion: networkVersion,
    path: `${group}/providers/Microsoft.Network/publicIPAddresses/{publicIpAddressName}`,
    nameInput: "publicIpAddressName",
    naming: "random",
    located: true,
    shape: { outer: ["id", "name", "type", "etag", "location", "tags", "sku", "zones", "extendedLocation"] },
    inputs: [
      ...["ddosSettings", "deleteOption", "dnsSettings", "extendedLocation", "id", "idleTimeoutInMinutes", "ipAddress"],
      ...["ipTags", "linkedPublicIPAddress", "location", "migrationPhase", "natGateway", "publicIPAddressVersion"],
      ...["publicIPAllocationMethod", "publicIPPrefix", "servicePublicIPAddress", "sku", "tags", "zones"],
    ],
    outputs: ["etag", "ipConfiguration", "provisioningState", "resourceGuid"],
    required: ["resourceGroupName"],
    replaceOn: ["publicIpAddressName", "resourceGroupName", "location", "extendedLocation"],
  },
  "azure-native:network:NatGateway": {
    apiVersion: networkVersion,
    path: `${group}/providers/Microsoft.Network/natGateways/{natGatewayName}`,
    nameInput: "natGatewayName",
    naming: "random",
    located: true,
    shape: { outer: ["id", "name", "type", "etag", "location", "tags", "sku", "zones"] },
    inputs: [
      ...["id", "idleTimeoutInMinutes", "location", "publicIpAddresses", "publicIpPrefixes", "sku", "tags", "zones"],
    ],
    outputs: ["etag", "provisioningState", "resourceGuid", "subnets"],
    required: ["resourceGroupName"],
    replaceOn: ["natGatewayName", "resourceGroupName", "location"],
  },
  "azure-native:network:VirtualNetwork": {
    apiVersion: networkVersion,
    path: network,
    nameInput: "virtualNetworkName",
    naming: "random",
    located: true,
    shape: {
      outer: ["id", "name", "type", "etag", "location", "tags", "extendedLocation"],
      nested: { subnets: subnetShape, virtualNetworkPeerings: named },
    },
    inputs: [
      ...["addressSpace", "bgpCommunities", "ddosProtectionPlan", "dhcpOptions", "enableDdosProtection"],
      ...["enableVmProtection", "encryption", "extendedLocation", "flowTimeoutInMinutes", "id", "ipAllocations"],
      ...["location", "privateEndpointVNetPolicies", "subnets", "tags", "virtualNetworkPeerings"],
    ],
    outputs: ["etag", "flowLogs", "provisioningState", "resourceGuid"],
    required: ["resourceGroupName"],
    replaceOn: ["virtualNetworkName", "resourceGroupName", "location", "extendedLocation"],
    maintained: ["subnets", "virtualNetworkPeerings"],
  },
  "azure-native:network:Subnet": {
    apiVersion: networkVersion,
    path: `${network}/subnets/{subnetName}`,
    nameInput: "subnetName",
    naming: "copy",
    shape: subnetShape,
    inputs: [
      ...["addressPrefix", "addressPrefixes", "applicationGatewayIPConfigurations", "defaultOutboundAccess"],
      ...["delegations", "id", "ipAllocations", "ipamPoolPrefixAllocations", "name", "natGateway"],
      ...["networkSecurityGroup", "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies"],
      ...["routeTable", "serviceEndpointPolicies", "serviceEndpoints", "sharingScope", "type"],
    ],
    outputs: [
      ...["etag", "ipConfigurationProfiles", "ipConfigurations", "privateEndpoints", "provisioningState", "purpose"],
      ...["resourceNavigationLinks", "serviceAssociationLinks"],
    ],
    required: ["resourceGroupName", "virtualNetworkName"],
    replaceOn: ["resourceGroupName", "virtualNetworkName", "subnetName"],
  },
  "azure-native:databricks:Workspace": {
    apiVersion: "2026-01-01",
    path: `${group}/providers/Microsoft.Databricks/workspaces/{workspaceName}`,
    nameInput: "workspaceName",
    naming: "random",
    located: true,
    shape: { outer: ["id", "name", "type", "location", "tags", "sku"] },
    inputs: [
      ...["accessConnector", "authorizations", "computeMode", "defaultCatalog", "defaultStorageFirewall", "encryption"],
      ...["enhancedSecurityCompliance", "location", "managedResourceGroupId", "parameters", "publicNetworkAccess"],
      ...["requiredNsgRules", "sku", "tags", "uiDefinitionUri"],
    ],
    outputs: [
      ...["createdBy", "createdDateTime", "diskEncryptionSetId", "isUcEnabled", "managedDiskIdentity"],
      ...["privateEndpointConnections", "provisioningState", "storageAccountIdentity", "systemData", "updatedBy"],
      ...["workspaceId", "workspaceUrl"],
    ],
    required: ["resourceGroupName"],
    replaceOn: ["workspaceName", "resourceGroupName", "location"],
  },
};
