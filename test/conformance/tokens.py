"""Personal access tokens."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PermissionDenied

w = WorkspaceClient()
made = w.tokens.create(comment="conformance", lifetime_seconds=3600)
assert [token.comment for token in w.tokens.list()] == ["conformance"]
other = WorkspaceClient(host=w.config.host, token=made.token_value)
assert other.current_user.me().user_name == w.current_user.me().user_name
w.tokens.delete(made.token_info.token_id)
try:
    other.current_user.me()
    raise AssertionError("a deleted token still works")
except PermissionDenied:
    pass
