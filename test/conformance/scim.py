"""Users, groups and service principals, over several pages."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp, PatchSchema

w = WorkspaceClient()
me = w.current_user.me()
assert me.user_name and any(group.display == "admins" for group in me.groups), me
assert {"admins", "users"} <= {group.display_name for group in w.groups.list()}

users = [w.users.create(user_name=f"user{n}@example.com", display_name=f"User {n}") for n in range(120)]
listed = {user.user_name for user in w.users.list()}
assert {user.user_name for user in users} < listed, len(listed)
found = list(w.users.list(filter='userName eq "user7@example.com"'))
assert [user.id for user in found] == [users[7].id], found

principal = w.service_principals.create(display_name="robot")
assert w.service_principals.get(principal.id).application_id == principal.application_id
for made in (w.users.get(users[3].id), w.service_principals.get(principal.id)):
    assert [group.display for group in made.groups] == ["users"], made
inner = w.groups.create(display_name="inner", members=[ComplexValue(value=users[0].id)])
outer = w.groups.create(display_name="outer", members=[ComplexValue(value=inner.id)])
w.groups.patch(
    outer.id,
    schemas=[PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
    operations=[Patch(op=PatchOp.ADD, value={"members": [{"value": principal.id}]})],
)
members = {member.value for member in w.groups.get(outer.id).members}
assert members == {inner.id, principal.id}, members
w.users.update(users[1].id, user_name=users[1].user_name, display_name="Renamed", active=True)
assert w.users.get(users[1].id).display_name == "Renamed"
w.users.delete(users[2].id)
try:
    w.users.get(users[2].id)
    raise AssertionError("still there")
except NotFound:
    pass
