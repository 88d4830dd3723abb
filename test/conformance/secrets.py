"""Secret scopes, values and ACLs."""

import base64

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists
from databricks.sdk.service.workspace import AclPermission, AzureKeyVaultSecretScopeMetadata, ScopeBackendType

w = WorkspaceClient()
w.secrets.create_scope("conformance")
try:
    w.secrets.create_scope("conformance")
    raise AssertionError("made one scope twice")
except ResourceAlreadyExists:
    pass
w.secrets.put_secret("conformance", "text", string_value="pä$$")
w.secrets.put_secret("conformance", "bytes", bytes_value=base64.b64encode(b"\x00\xff").decode())
assert sorted(secret.key for secret in w.secrets.list_secrets("conformance")) == ["bytes", "text"]
assert base64.b64decode(w.secrets.get_secret("conformance", "text").value).decode() == "pä$$"
assert w.dbutils.secrets.getBytes("conformance", "bytes") == b"\x00\xff"
try:
    w.secrets.put_secret("conformance", "long", string_value="x" * (128 * 1024 + 1))
    raise AssertionError("took more than 128 KB")
except BadRequest:
    pass
try:
    w.secrets.create_scope(
        "vault",
        scope_backend_type=ScopeBackendType.AZURE_KEYVAULT,
        backend_azure_keyvault=AzureKeyVaultSecretScopeMetadata(
            resource_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v",
            dns_name="https://v.vault.azure.net/",
        ),
    )
    raise AssertionError("made a Key Vault scope with a personal token")
except BadRequest as error:
    assert "userAADToken" in str(error), error

w.secrets.put_acl("conformance", "users", AclPermission.READ)
acls = {acl.principal: acl.permission for acl in w.secrets.list_acls("conformance")}
assert acls["users"] == AclPermission.READ and AclPermission.MANAGE in acls.values(), acls
w.secrets.delete_acl("conformance", "users")
w.secrets.delete_secret("conformance", "text")
w.secrets.delete_scope("conformance")
try:
    list(w.secrets.list_secrets("conformance"))
    raise AssertionError("still there")
except NotFound:
    pass
