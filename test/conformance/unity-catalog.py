"""Catalogs, schemas and volumes, as much of Unity Catalog as volumes need."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.catalog import VolumeType

w = WorkspaceClient()
w.catalogs.create(name="main", comment="all of it")
w.schemas.create(name="ops", catalog_name="main")
made = w.volumes.create(catalog_name="main", schema_name="ops", name="scripts", volume_type=VolumeType.MANAGED)
assert made.full_name == "main.ops.scripts" and made.volume_type == VolumeType.MANAGED, made
external = w.volumes.create(
    catalog_name="main",
    schema_name="ops",
    name="outside",
    volume_type=VolumeType.EXTERNAL,
    storage_location="abfss://data@account.dfs.core.windows.net/outside",
)
assert w.volumes.read(external.full_name).storage_location.endswith("/outside")
assert {volume.name for volume in w.volumes.list("main", "ops")} == {"scripts", "outside"}
assert [schema.full_name for schema in w.schemas.list("main")] == ["main.ops"]
assert w.catalogs.get("main").comment == "all of it"
assert w.volumes.update("main.ops.scripts", comment="changed").comment == "changed"
try:
    w.schemas.delete("main.ops")
    raise AssertionError("deleted a schema that was not empty")
except BadRequest:
    pass
w.volumes.delete("main.ops.scripts")
try:
    w.volumes.read("main.ops.scripts")
    raise AssertionError("still there")
except NotFound:
    pass
w.catalogs.delete("main", force=True)
assert list(w.catalogs.list()) == []
