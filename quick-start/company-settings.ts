/** What the standby's team settles for the company estate (sandbox/estates/company.json): where its data and machines differ. */
export const companySettings = {
  // West US has no Lsv3 machines; the GPU type is left unmapped, so that the ledger names it.
  nodeTypes: {
    Standard_L8s_v3: "Standard_E8ds_v4",
    Standard_L16s_v3: "Standard_E16ds_v4",
    Standard_L32s_v3: "Standard_E32ds_v4",
    Standard_E32ads_v5: "Standard_E32ds_v4",
  },
  mounts: {
    storageAccounts: { companylake: "companylakewest", companyarchive: "companyarchive-secondary" },
    credentials: [
      { mounts: "/mnt/{raw,raw-again,landing/erp}", extraConfigs: accountKey("lake", "account-key") },
      {
        mounts: "/mnt/{curated,curated-sales,sandbox,archive,reference,deep/**,team*/**}",
        extraConfigs: servicePrincipal(),
      },
    ],
  },
};

function accountKey(scope: string, key: string): Record<string, string> {
  return { "fs.azure.account.key.<account>.blob.core.windows.net": `{{secrets/${scope}/${key}}}` };
}

function servicePrincipal(): Record<string, string> {
  return {
    "fs.azure.account.auth.type": "OAuth",
    "fs.azure.account.oauth.provider.type": "org.apache.hadoop.fs.azurebfs.oauth2.ClientCredsTokenProvider",
    "fs.azure.account.oauth2.client.id": "5f1c2b1e-7a58-4b58-9f51-0e6a0c0ffee1",
    "fs.azure.account.oauth2.client.secret": "{{secrets/lake/sp-secret}}",
    "fs.azure.account.oauth2.client.endpoint":
      "https://login.microsoftonline.com/00000000-0000-4000-8000-0000000000aa/oauth2/token",
  };
}
