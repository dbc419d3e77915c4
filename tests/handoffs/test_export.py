"""The package on its way to the CRM: nothing is left out, and a file read back says the same."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import export, lifecycle, meetings
from handoffs.models import Handoff
from handoffs.snapshot import TEXTS
from team.models import User
from team.sheets import formulas, reading
from team.sheets.limits import MEGABYTE, Limits
from tests.factories import accepted, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def won(
    sdr: User, ae: User, account: Account, contact: Contact, clock: time_machine.Traveller
) -> Handoff:
    Account.objects.filter(pk=account.pk).update(hubspot_id="HS-1")
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    member = handoff.committee.get()
    member.contact = make_contact(account, email="mark.dell@acme-robotics.example")
    member.save()
    handoff.triggers.update(source_url="https://news.example/series-b")
    clock.shift(timedelta(days=3))
    meeting = handoff.coming_meeting()
    assert meeting is not None
    meetings.hold(meeting, by=ae)
    return lifecycle.create_opportunity(
        Handoff.objects.get(pk=handoff.pk), by=ae, amount=Decimal("45000"), external_id="006-1"
    )


def everything_said(handoff: Handoff) -> list[str]:
    """Every word and value that somebody wrote into the eight sections."""
    said = [getattr(handoff, name) for name in TEXTS]
    said += [handoff.account.name, handoff.account.domain, handoff.account.hubspot_id]
    said += [handoff.contact.name, handoff.contact.title, handoff.contact.email]
    for answer in handoff.answers.all():
        said += [answer.value, answer.evidence, answer.said_by, answer.said_on.isoformat()]
    for quote in handoff.quotes.all():
        said += [quote.text, quote.speaker, quote.topic]
    for objection in handoff.objections.all():
        said += [objection.said, objection.competitor, objection.left_note]
    for member in handoff.committee.all():
        said += [member.name, member.title, member.contact.email]
    for trigger in handoff.triggers.all():
        said += [trigger.detail, trigger.source_url, trigger.happened_on.isoformat()]
    return said


def every_text(data: Any) -> str:
    """All values of nested data, one per line."""
    if isinstance(data, dict):
        return "\n".join(every_text(value) for value in data.values())
    if isinstance(data, list):
        return "\n".join(every_text(value) for value in data)
    return str(data)


@pytest.mark.parametrize("form", [export.row_of, export.document_of])
def test_nothing_that_was_said_stays_behind(won: Handoff, form: Any) -> None:
    exported = every_text(form(won))
    assert [words for words in everything_said(won) if words not in exported] == []
    assert f"/handoffs/{won.pk}/" in exported


def test_what_the_sdr_found_nothing_of_is_said_too(won: Handoff) -> None:
    won.objections.all().delete()
    won.committee.all().delete()
    Handoff.objects.filter(pk=won.pk).update(no_objections=True, nobody_else=True)
    row = export.row_of(Handoff.objects.get(pk=won.pk))
    assert (row["objections"], row["committee"]) == ("None raised", "Nobody else mentioned")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_that_is_read_back_says_the_same(
    client: Client, won: Handoff, ae: User, form: str
) -> None:
    notes = "=1+1 is what they wrote\n'quoted', “so”; and\twith a tab"
    Handoff.objects.filter(pk=won.pk).update(call_notes=notes, next_step_who="@Priya, then we")
    won.refresh_from_db()
    client.force_login(ae)
    answer = client.get(f"/handoffs/{won.pk}/opportunity.{form}")
    limits = Limits(size=MEGABYTE, rows=10, columns=200)
    table = reading.open_table(BytesIO(answer.content), f"opportunity.{form}", limits)
    (row,) = table.rows
    read = dict(zip(table.headers, map(formulas.original, row.cells), strict=True))
    assert read == export.row_of(won)
    assert read["call_notes"] == notes
    assert timezone.now().isoformat() == read["created_at"]


def test_excel_recognizes_the_letters(client: Client, won: Handoff, ae: User) -> None:
    client.force_login(ae)
    content = client.get(f"/handoffs/{won.pk}/opportunity.csv").content
    assert content.startswith(b"\xef\xbb\xbf")
