"""Ten exports an hour for each person: the next one is told when to come back."""

from datetime import timedelta

import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Contact
from team.audit import note
from team.export_limit import seconds_to_wait
from team.models import AuditEntry, Deed, User


def export(client: Client) -> int:
    answer = client.post(reverse("admin:accounts_contact_export"), {"format": "0"})
    return answer.status_code


def test_the_eleventh_export_within_an_hour_is_refused_with_when_to_come_back(
    revops: User, sdr: User, contact: Contact, client: Client
) -> None:
    client.force_login(revops)
    assert [export(client) for _ in range(10)] == [200] * 10
    answer = client.post(reverse("admin:accounts_contact_export"), {"format": "0"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "Export again in 60 minutes" in answer.content.decode()
    assert AuditEntry.objects.filter(deed="exported").count() == 10
    assert client.get(reverse("admin:accounts_contact_export")).status_code == 200

    client.force_login(sdr)
    assert export(client) == 200
    client.force_login(revops)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        client.force_login(revops)
        assert export(client) == 200


def test_the_wait_ends_when_the_tenth_last_is_an_hour_old(revops: User) -> None:
    now = timezone.now()
    for minutes in range(10):
        note(Deed.EXPORTED, by=revops, words="x", at=now - timedelta(minutes=minutes))
    assert seconds_to_wait(revops, now) == 51 * 60
    assert seconds_to_wait(revops, now + timedelta(minutes=51)) == 0
