"""Notification destinations."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.settings import Config, EmailConfig, SlackConfig

w = WorkspaceClient()
mail = w.notification_destinations.create(
    display_name="on call", config=Config(email=EmailConfig(addresses=["oncall@example.com"]))
)
w.notification_destinations.create(
    display_name="chat", config=Config(slack=SlackConfig(url="https://hooks.slack.com/services/x"))
)
assert {found.display_name for found in w.notification_destinations.list()} == {"on call", "chat"}
assert w.notification_destinations.get(mail.id).config.email.addresses == ["oncall@example.com"]
w.notification_destinations.update(mail.id, display_name="night shift")
assert w.notification_destinations.get(mail.id).display_name == "night shift"
w.notification_destinations.delete(mail.id)
try:
    w.notification_destinations.get(mail.id)
    raise AssertionError("still there")
except NotFound:
    pass
