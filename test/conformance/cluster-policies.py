"""Cluster policies."""

import json

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, NotFound

w = WorkspaceClient()
definition = {"autotermination_minutes": {"type": "fixed", "value": 20, "hidden": True}}
policy = w.cluster_policies.create(name="thrifty", definition=json.dumps(definition)).policy_id
got = w.cluster_policies.get(policy)
assert got.name == "thrifty" and json.loads(got.definition) == definition
definition["num_workers"] = {"type": "range", "maxValue": 2}
w.cluster_policies.edit(policy, name="thriftier", definition=json.dumps(definition))
assert [found.name for found in w.cluster_policies.list() if found.policy_id == policy] == ["thriftier"]
cluster = w.clusters.create(
    cluster_name="under policy",
    spark_version="15.4.x-scala2.12",
    node_type_id="Standard_DS3_v2",
    num_workers=1,
    policy_id=policy,
    apply_policy_default_values=True,
    autotermination_minutes=20,
).result()
assert w.clusters.get(cluster.cluster_id).policy_id == policy
try:
    w.clusters.create(
        cluster_name="too big",
        spark_version="15.4.x-scala2.12",
        node_type_id="Standard_DS3_v2",
        num_workers=5,
        policy_id=policy,
        autotermination_minutes=20,
    )
    raise AssertionError("the policy was not held")
except DatabricksError:
    pass
w.cluster_policies.delete(policy)
try:
    w.cluster_policies.get(policy)
    raise AssertionError("still there")
except NotFound:
    pass
