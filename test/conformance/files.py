"""Files on a Unity Catalog volume."""

import io
import os

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, NotFound
from databricks.sdk.service.catalog import VolumeType

w = WorkspaceClient()
w.catalogs.create(name="main")
w.schemas.create(name="ops", catalog_name="main")
w.volumes.create(catalog_name="main", schema_name="ops", name="scripts", volume_type=VolumeType.MANAGED)
assert [volume.full_name for volume in w.volumes.list("main", "ops")] == ["main.ops.scripts"]
assert w.volumes.read("main.ops.scripts").volume_type == VolumeType.MANAGED

root = "/Volumes/main/ops/scripts"
content = os.urandom(2_500_000)
w.files.create_directory(f"{root}/init/a b")
w.files.upload(f"{root}/init/a b/ü #1.bin", io.BytesIO(content))
assert w.files.download(f"{root}/init/a b/ü #1.bin").contents.read() == content
assert w.files.get_metadata(f"{root}/init/a b/ü #1.bin").content_length == len(content)
try:
    w.files.upload(f"{root}/init/a b/ü #1.bin", io.BytesIO(b"x"), overwrite=False)
    raise AssertionError("overwrote without being told to")
except AlreadyExists:
    pass

for number in range(12):
    w.files.upload(f"{root}/many/{number:02}", io.BytesIO(b"x"))
listed = [entry.name for entry in w.files.list_directory_contents(f"{root}/many", page_size=5)]
assert listed == [f"{number:02}" for number in range(12)], listed

w.dbfs.copy(f"dbfs:{root}/init", "/from-volume", recursive=True)
with w.dbfs.download("/from-volume/a b/ü #1.bin") as file:
    assert file.read() == content

w.files.delete(f"{root}/init/a b/ü #1.bin")
w.files.delete_directory(f"{root}/init/a b")
try:
    w.files.get_directory_metadata(f"{root}/init/a b")
    raise AssertionError("still there")
except NotFound:
    pass
w.volumes.delete("main.ops.scripts")
