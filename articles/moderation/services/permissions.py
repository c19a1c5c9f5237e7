"""The permissions of moderators."""

DECIDE = "moderation.decide"
SUSPEND = "moderation.add_suspension"
LIFT = "moderation.change_suspension"
