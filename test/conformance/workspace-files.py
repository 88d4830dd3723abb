"""Workspace files as raw bytes. The SDK has no method for them; its own transport calls what Databricks' CLI calls."""

import os
import urllib.parse

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, NotFound

w = WorkspaceClient()
content = os.urandom(11 * 1024 * 1024)


def write(path, data, overwrite=False):
    quoted = urllib.parse.quote(path.lstrip("/"), safe="")
    query = {"overwrite": "true" if overwrite else "false"}
    w.api_client.do("POST", f"/api/2.0/workspace-files/import-file/{quoted}", query=query, data=data)


def read(path):
    quoted = urllib.parse.quote(path.lstrip("/"), safe="")
    return w.api_client.do("GET", f"/api/2.0/workspace-files/{quoted}", raw=True)["contents"].read()


try:
    write("/Shared/init/a b.bin", content)
    raise AssertionError("wrote into a folder that is not there")
except NotFound as error:
    assert "parent folder (/Shared/init) does not exist" in str(error), error
w.workspace.mkdirs("/Shared/init")
write("/Shared/init/a b.bin", content)
assert read("/Shared/init/a b.bin") == content
assert w.workspace.get_status("/Shared/init/a b.bin").size == len(content)
try:
    write("/Shared/init/a b.bin", b"x")
    raise AssertionError("overwrote without being told to")
except DatabricksError as error:
    assert error.error_code == "RESOURCE_ALREADY_EXISTS", error.error_code
write("/Shared/init/a b.bin", b"x", overwrite=True)
assert w.workspace.download("/Shared/init/a b.bin").read() == b"x"
write("/Shared/init/notebook.py", b"# Databricks notebook source\nprint(1)")
assert w.workspace.get_status("/Shared/init/notebook").object_type.value == "NOTEBOOK"
