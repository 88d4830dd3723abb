"""Clusters: life cycle and its waiters, edits, pins, events, many pages."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service.compute import (
    AutoScale,
    AzureAttributes,
    AzureAvailability,
    EventType,
    ListClustersSortBy,
    ListClustersSortByField,
    State,
)

w = WorkspaceClient()
version = w.clusters.select_spark_version(long_term_support=True)
node = w.clusters.select_node_type(local_disk=True)
cluster = w.clusters.create(
    cluster_name="etl",
    spark_version=version,
    node_type_id=node,
    autoscale=AutoScale(min_workers=1, max_workers=4),
    autotermination_minutes=30,
    spark_conf={"spark.speculation": "true"},
    custom_tags={"team": "data"},
    azure_attributes=AzureAttributes(availability=AzureAvailability.ON_DEMAND_AZURE, first_on_demand=1),
).result()
assert cluster.state == State.RUNNING
assert cluster.autoscale.max_workers == 4 and cluster.spark_conf == {"spark.speculation": "true"}
assert cluster.default_tags["ClusterName"] == "etl"

w.clusters.edit(
    cluster_id=cluster.cluster_id, cluster_name="etl 2", spark_version=version, node_type_id=node, num_workers=2
).result()
assert w.clusters.get(cluster.cluster_id).cluster_name == "etl 2"
w.clusters.restart(cluster.cluster_id).result()
w.clusters.delete(cluster.cluster_id).result()
assert w.clusters.get(cluster.cluster_id).state == State.TERMINATED
w.clusters.ensure_cluster_is_running(cluster.cluster_id)
assert w.clusters.get(cluster.cluster_id).state == State.RUNNING
w.clusters.pin(cluster.cluster_id)
w.clusters.unpin(cluster.cluster_id)
kinds = {event.type for event in w.clusters.events(cluster.cluster_id)}
assert {EventType.CREATING, EventType.RUNNING, EventType.EDITED, EventType.TERMINATING} <= kinds, kinds

every = len(list(w.clusters.events(cluster.cluster_id)))
assert every > 4 and every == len(list(w.clusters.events(cluster.cluster_id, page_size=3))), every
assert every == len(list(w.clusters.events(cluster.cluster_id, limit=3))), every

made = {
    w.clusters.create(cluster_name=f"many {n}", spark_version=version, node_type_id=node, num_workers=1).cluster_id
    for n in range(30)
}
# By name: the usual order is by state, which these clusters change while the pages are read.
by_name = ListClustersSortBy(field=ListClustersSortByField.CLUSTER_NAME)
listed = [found.cluster_id for found in w.clusters.list(page_size=10, sort_by=by_name)]
assert len(listed) == len(set(listed)) == 31 and made < set(listed)

w.clusters.permanent_delete(cluster.cluster_id)
for call in (lambda: w.clusters.get(cluster.cluster_id), lambda: w.clusters.start("0000-000000-none")):
    try:
        call()
        raise AssertionError("found a cluster that is not there")
    except (ResourceDoesNotExist, InvalidParameterValue):
        pass
