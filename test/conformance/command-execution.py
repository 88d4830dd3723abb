"""Contexts and commands on a running cluster, with dbutils and mounts behind them."""

import json

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.compute import CommandStatus, Language, ResultType

w = WorkspaceClient()
cluster = w.clusters.create(
    cluster_name="operations", spark_version="15.4.x-scala2.12", node_type_id="Standard_DS3_v2", num_workers=0
).result()
context = w.command_execution.create_and_wait(cluster_id=cluster.cluster_id, language=Language.PYTHON)


def run(command):
    done = w.command_execution.execute_and_wait(
        cluster_id=cluster.cluster_id, context_id=context.id, language=Language.PYTHON, command=command
    )
    assert done.status == CommandStatus.FINISHED, done
    return done.results


assert run("x = 6\nprint('six')").data == "six"
assert run("x * 7").data.endswith("42")
error = run("undefined_name")
assert error.result_type == ResultType.ERROR and "NameError" in error.summary and "undefined_name" in error.cause

w.secrets.create_scope("mounts")
w.secrets.put_secret("mounts", "key", string_value="the-account-key")
results = run(
    """
import json
from concurrent.futures import ThreadPoolExecutor

def mount(name):
    dbutils.fs.mount(
        source=f"wasbs://{name}@account.blob.core.windows.net",
        mount_point=f"/mnt/{name}",
        extra_configs={"fs.azure.account.key.account.blob.core.windows.net": dbutils.secrets.get("mounts", "key")},
    )
    return name

with ThreadPoolExecutor(max_workers=8) as pool:
    made = list(pool.map(mount, ["raw", "curated", "models"]))
print(json.dumps([m for m in dbutils.fs.mounts() if m.mountPoint.startswith("/mnt")]))
"""
)
mounts = json.loads(results.data)
assert ["/mnt/raw", "wasbs://raw@account.blob.core.windows.net", ""] in mounts and len(mounts) == 3, mounts
assert "Directory already mounted: /mnt/raw" in run("mount('raw')").cause
assert "the-account-key" not in run("print(dbutils.secrets.get('mounts', 'key'))").data

assert w.command_execution.context_status(cluster.cluster_id, context.id).id == context.id
endless = w.command_execution.execute(
    cluster_id=cluster.cluster_id, context_id=context.id, language=Language.PYTHON, command="while True: pass"
)
w.command_execution.cancel_and_wait(
    cluster_id=cluster.cluster_id, context_id=context.id, command_id=endless.response.id
)
w.command_execution.destroy(cluster.cluster_id, context.id)

# The SDK's own dbutils runs its mount calls on a cluster, by the same API.
w.config.cluster_id = cluster.cluster_id
remote = {mount.mountPoint: mount.source for mount in w.dbutils.fs.mounts()}
assert remote["/mnt/curated"] == "wasbs://curated@account.blob.core.windows.net", remote
assert remote["/"] == "DatabricksRoot", remote
w.dbutils.fs.unmount("/mnt/curated")
assert "/mnt/curated" not in {mount.mountPoint for mount in w.dbutils.fs.mounts()}
