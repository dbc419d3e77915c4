"""By which medium somebody is told; what they are told is not decided here."""

from messaging.channels import default_channel
from messaging.models import Message
from team.models import User


def media_for(
    person: User, escalation: bool, channel_is_on: bool | None = None
) -> list[Message.Medium]:
    """The media `person` chose that are set up. Escalations come by e-mail and Slack regardless.

    Slack means a mention in the usual channel, where one is on. Whoever chose Slack alone is
    told by e-mail while no channel is on; whoever chose neither hears escalations only.
    `channel_is_on` saves the look for one.
    """
    slack_is_on = escalation or person.by_slack
    if slack_is_on:
        slack_is_on = default_channel() is not None if channel_is_on is None else channel_is_on
    media = []
    if escalation or person.by_email or (person.by_slack and not slack_is_on):
        media.append(Message.Medium.EMAIL)
    if slack_is_on:
        media.append(Message.Medium.SLACK)
    return media
