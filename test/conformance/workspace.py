"""Notebooks, files and folders: import, export, listing, deletion."""

import base64
import io

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

w = WorkspaceClient()
me = w.current_user.me().user_name
home = f"/Users/{me}/conformance"
w.workspace.mkdirs(home)

source = b"# Databricks notebook source\nprint(1)\n\n# COMMAND ----------\n\nprint(2)"
w.workspace.upload(f"{home}/from upload", io.BytesIO(source), language=Language.PYTHON)
w.workspace.import_(
    f"{home}/from import",
    content=base64.b64encode(b"select 1").decode(),
    format=ImportFormat.SOURCE,
    language=Language.SQL,
)
w.workspace.upload(f"{home}/data.json", io.BytesIO(b"{}"), format=ImportFormat.AUTO)
w.workspace.upload(f"{home}/auto.py", io.BytesIO(source), format=ImportFormat.AUTO)

found = {entry.path.removeprefix(home + "/"): entry for entry in w.workspace.list(home, recursive=True)}
assert set(found) == {"from upload", "from import", "data.json", "auto"}, set(found)
assert found["from import"].language == Language.SQL
assert found["data.json"].object_type == ObjectType.FILE and found["data.json"].size == 2
assert found["auto"].object_type == ObjectType.NOTEBOOK
assert found["auto"].object_id > 2**53

assert w.workspace.download(f"{home}/from upload").read() == source
assert w.workspace.download(f"{home}/data.json", format=ExportFormat.AUTO).read() == b"{}"
exported = w.workspace.export(f"{home}/from upload", format=ExportFormat.JUPYTER)
w.workspace.import_(f"{home}/again", content=exported.content, format=ImportFormat.JUPYTER)
assert w.workspace.download(f"{home}/again").read() == source

archive = w.workspace.export(home, format=ExportFormat.DBC)
w.workspace.import_(f"{home}-copy", content=archive.content, format=ImportFormat.DBC)
assert w.workspace.download(f"{home}-copy/from upload").read() == source

try:
    w.workspace.delete(home)
    raise AssertionError("deleted a folder that was not empty")
except BadRequest as error:
    assert error.error_code == "DIRECTORY_NOT_EMPTY", error.error_code
try:
    w.workspace.upload(f"{home}/large", io.BytesIO(b"#" * (10 * 1024 * 1024 + 1)), language=Language.PYTHON)
    raise AssertionError("took more than 10 MB")
except BadRequest as error:
    assert error.error_code == "MAX_NOTEBOOK_SIZE_EXCEEDED", error.error_code
w.workspace.delete(home, recursive=True)
try:
    w.workspace.get_status(home)
    raise AssertionError("still there")
except NotFound:
    pass
