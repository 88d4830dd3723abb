"""Access control on clusters, pools and jobs."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

w = WorkspaceClient()
w.users.create(user_name="reader@example.com")
w.groups.create(display_name="engineers")
cluster = w.clusters.create(
    cluster_name="shared", spark_version="15.4.x-scala2.12", node_type_id="Standard_DS3_v2", num_workers=1
).cluster_id


def direct(kind, key):
    found = {}
    for entry in w.permissions.get(kind, key).access_control_list:
        name = entry.user_name or entry.group_name or entry.service_principal_name
        levels = [level.permission_level for level in entry.all_permissions if not level.inherited]
        if levels:
            found[name] = levels
    return found


w.permissions.set(
    "clusters",
    cluster,
    access_control_list=[
        AccessControlRequest(user_name="reader@example.com", permission_level=PermissionLevel.CAN_ATTACH_TO),
        AccessControlRequest(group_name="engineers", permission_level=PermissionLevel.CAN_RESTART),
    ],
)
held = direct("clusters", cluster)
assert held["reader@example.com"] == [PermissionLevel.CAN_ATTACH_TO], held
w.permissions.update(
    "clusters",
    cluster,
    access_control_list=[
        AccessControlRequest(user_name="reader@example.com", permission_level=PermissionLevel.CAN_MANAGE)
    ],
)
held = direct("clusters", cluster)
assert held["engineers"] == [PermissionLevel.CAN_RESTART], held
assert PermissionLevel.CAN_MANAGE in held["reader@example.com"], held
levels = w.permissions.get_permission_levels("clusters", cluster).permission_levels
assert {level.permission_level for level in levels} >= {PermissionLevel.CAN_ATTACH_TO, PermissionLevel.CAN_MANAGE}
inherited = [
    level.inherited
    for entry in w.permissions.get("clusters", cluster).access_control_list
    if entry.group_name == "admins"
    for level in entry.all_permissions
]
assert inherited == [True], inherited
