"""Instance pools."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.compute import InstancePoolAzureAttributes, InstancePoolAzureAttributesAvailability

w = WorkspaceClient()
pool = w.instance_pools.create(
    instance_pool_name="warm",
    node_type_id="Standard_DS3_v2",
    min_idle_instances=0,
    max_capacity=10,
    idle_instance_autotermination_minutes=15,
    custom_tags={"team": "data"},
    azure_attributes=InstancePoolAzureAttributes(availability=InstancePoolAzureAttributesAvailability.ON_DEMAND_AZURE),
).instance_pool_id
details = w.instance_pools.get(pool)
assert (details.instance_pool_name, details.max_capacity, details.custom_tags) == ("warm", 10, {"team": "data"})
w.instance_pools.edit(pool, "warmer", "Standard_DS3_v2", max_capacity=20)
assert {found.instance_pool_name for found in w.instance_pools.list()} == {"warmer"}
cluster = w.clusters.create(
    cluster_name="pooled", spark_version="15.4.x-scala2.12", instance_pool_id=pool, num_workers=1
).result()
assert w.clusters.get(cluster.cluster_id).instance_pool_id == pool
w.clusters.permanent_delete(cluster.cluster_id)
w.instance_pools.delete(pool)
try:
    w.instance_pools.get(pool)
    raise AssertionError("still there")
except NotFound:
    pass
