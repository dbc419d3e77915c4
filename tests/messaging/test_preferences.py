"""People choose what reaches them where, except for escalations."""

import pytest

from messaging.models import Channel
from messaging.preferences import media_for
from team.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("by_email", "by_slack", "channel_is_on", "expected"),
    [
        (True, True, True, ["email", "slack"]),
        (True, False, True, ["email"]),
        (False, True, True, ["slack"]),
        (False, True, False, ["email"]),
        (False, False, True, []),
        (True, True, False, ["email"]),
    ],
)
def test_a_notice_comes_by_what_they_chose(
    ae: User, channel: Channel, by_email: bool, by_slack: bool, channel_is_on: bool, expected: list
) -> None:
    ae.by_email, ae.by_slack = by_email, by_slack
    Channel.objects.update(is_enabled=channel_is_on)
    assert media_for(ae, escalation=False) == expected


@pytest.mark.parametrize("channel_is_on", [True, False])
def test_an_escalation_comes_by_everything_that_is_on(
    ae: User, channel: Channel, channel_is_on: bool
) -> None:
    ae.by_email = ae.by_slack = False
    Channel.objects.update(is_enabled=channel_is_on)
    assert media_for(ae, escalation=True) == (["email", "slack"] if channel_is_on else ["email"])
