"""Global init scripts and their order."""

import base64

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

w = WorkspaceClient()


def encoded(text):
    return base64.b64encode(text.encode()).decode()


first = w.global_init_scripts.create(name="first", script=encoded("echo 1"), enabled=True).script_id
second = w.global_init_scripts.create(name="second", script=encoded("echo 2")).script_id
w.global_init_scripts.create(name="zeroth", script=encoded("echo 0"), position=0)
listed = [(s.name, s.position, s.enabled) for s in w.global_init_scripts.list()]
assert listed == [("zeroth", 0, False), ("first", 1, True), ("second", 2, False)], listed

w.global_init_scripts.update(second, name="second", script=encoded("echo two"), position=0, enabled=True)
details = w.global_init_scripts.get(second)
assert (details.position, details.enabled, details.script) == (0, True, encoded("echo two")), details
w.global_init_scripts.delete(first)
try:
    w.global_init_scripts.get(first)
    raise AssertionError("still there")
except NotFound:
    pass
