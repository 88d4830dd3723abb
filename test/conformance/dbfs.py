"""Files on DBFS, among them one of many blocks, through the SDK's own readers and writers."""

import io
import os

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, ResourceAlreadyExists

w = WorkspaceClient()
content = os.urandom(3 * 1024 * 1024 + 11)

w.dbfs.upload("/databricks/init/cluster a/big.bin", io.BytesIO(content))
with w.dbfs.download("/databricks/init/cluster a/big.bin") as file:
    assert file.read() == content

try:
    w.dbfs.upload("/databricks/init/cluster a/big.bin", io.BytesIO(b"x"))
    raise AssertionError("overwrote without being told to")
except ResourceAlreadyExists:
    pass
w.dbfs.upload("/databricks/init/small ü.sh", io.BytesIO(b"#!/bin/bash\n"), overwrite=True)

w.dbfs.copy("/databricks/init", "/copied", recursive=True)
copied = {entry.path: entry.file_size for entry in w.dbfs.list("/copied", recursive=True)}
assert copied == {"/copied/cluster a/big.bin": len(content), "/copied/small ü.sh": 12}, copied

w.dbfs.move("/copied/small ü.sh", "/moved.sh")
assert w.dbfs.get_status("/moved.sh").file_size == 12
assert not w.dbfs.exists("/copied/small ü.sh")
assert w.dbfs.get_status("/copied").is_dir

w.dbfs.delete("/copied", recursive=True)
try:
    w.dbfs.get_status("/copied")
    raise AssertionError("still there")
except NotFound as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error.error_code
