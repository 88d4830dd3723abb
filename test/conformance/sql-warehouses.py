"""SQL warehouses."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.sql import CreateWarehouseRequestWarehouseType, State

w = WorkspaceClient()
made = w.warehouses.create(
    name="reports",
    cluster_size="2X-Small",
    max_num_clusters=1,
    auto_stop_mins=10,
    warehouse_type=CreateWarehouseRequestWarehouseType.PRO,
).result()
assert made.state == State.RUNNING, made
assert [warehouse.name for warehouse in w.warehouses.list()] == ["reports"]
w.warehouses.edit(made.id, name="reports 2", cluster_size="Small").result()
assert (w.warehouses.get(made.id).name, w.warehouses.get(made.id).cluster_size) == ("reports 2", "Small")
w.warehouses.stop(made.id).result()
assert w.warehouses.get(made.id).state == State.STOPPED
w.warehouses.start(made.id).result()
w.warehouses.delete(made.id)
try:
    w.warehouses.get(made.id)
    raise AssertionError("still there")
except DatabricksError:
    pass
