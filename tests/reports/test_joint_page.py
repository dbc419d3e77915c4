"""The joint page in the hands of each role: figures, filters, what stands behind them, exports."""

import io
import re

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Contact
from handoffs.models import Handoff
from team.models import User
from tests.factories import submitted
from tests.reports.stories import Desk

pytestmark = pytest.mark.django_db
MARCH = "month=2026-03"


@pytest.fixture
def signed_in(client: Client, manager: User, march: dict[str, Handoff]) -> Client:
    """Mara, on 20 May: a sign-in of March would have run out."""
    client.force_login(manager)
    return client


def text_of(html: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.decode()).split())


def test_before_the_first_handoff_the_page_says_what_will_fill_it(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    client.force_login(ae)
    hint = "Nothing was handed over yet."
    assert hint in text_of(client.get("/reports/").content)
    submitted(sdr=sdr, account=account, contact=contact)
    assert hint not in text_of(client.get("/reports/").content)


def test_the_joint_page_tells_the_month(
    signed_in: Client, march: dict[str, Handoff], ae: User, other_sdr: User, revops: User
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as first:
        found = signed_in.get(f"/reports/?{MARCH}")
    assert found.status_code == 200
    words = text_of(found.content)
    # The manager’s zone is UTC, so the month has the edge of April instead of that of March
    assert "7 held of 10 meetings whose time has come" in words
    assert "1 rejected of 18 decided" in words
    assert "below 20 the figure says little" in words
    assert "style=" not in found.content.decode().split('id="desk"')[1].split("</main>")[0]
    for dimension in ("sdr", "ae", "manager", "territory", "lead_source", "framework_version"):
        with CaptureQueriesContext(connection) as queries:
            answer = signed_in.get(f"/reports/?{MARCH}&by={dimension}")
        assert answer.status_code == 200
        assert len(queries) <= 30, (dimension, len(queries))
    assert len(first) <= 80  # with the reading of the log

    # SDRs and AEs see the same page of their team; another team sees none of it
    signed_in.force_login(ae)
    assert "1 rejected of 18 decided" in text_of(signed_in.get(f"/reports/?{MARCH}").content)
    signed_in.force_login(other_sdr)
    assert "0 rejected of 0 decided" in text_of(signed_in.get(f"/reports/?{MARCH}").content)
    signed_in.force_login(revops)
    assert "1 rejected of 18 decided" in text_of(signed_in.get(f"/reports/?{MARCH}").content)


def test_behind_every_number_stand_its_handoffs(
    signed_in: Client, march: dict[str, Handoff], ae: User, backup: User
) -> None:
    for metric, part, count in (
        ("show", "numerator", 7),
        ("show", "denominator", 10),
        ("show", "rest", 3),
        ("opportunity", "later", 1),  # the edge of April was won on 1 April
        ("opportunity", "activity", 4),
        ("contact", "waiting", 1),
        ("rejection", "numerator", 1),
    ):
        answer = signed_in.get(f"/reports/handoffs/?metric={metric}&part={part}&{MARCH}")
        assert answer.context["sheet"].paginator.count == count, (metric, part)
        assert answer.context["hidden"] == 0
    # The rates of the last table lead there as well, and the list leaves as a file
    page = signed_in.get(f"/reports/?{MARCH}&by=ae").content.decode()
    assert f"{MARCH}&amp;by=ae&amp;ae={ae.pk}&amp;metric=rejection&amp;part=denominator" in page
    narrowed = f"/reports/handoffs/?{MARCH}&ae={ae.pk}&metric=rejection&part=denominator"
    assert signed_in.get(narrowed).context["sheet"].paginator.count == 18
    rows = signed_in.get(f"{narrowed}&file=handoffs.csv").content.decode().splitlines()
    assert rows[0].startswith("Handoff,Account,Status")
    assert sum(row[:1].isdigit() for row in rows) == 18
    # The two views name what makes the difference
    edge = march["first hour of April"].account
    assert edge is not None
    assert f"{edge.name}</a>" in page.split("Which handoffs make the difference")[1]
    # Ben sees that the team’s figures rest on handoffs that are not his
    signed_in.force_login(backup)
    answer = signed_in.get(f"/reports/handoffs/?metric=show&part=numerator&{MARCH}")
    assert answer.context["sheet"].paginator.count + answer.context["hidden"] == 7
    assert answer.context["hidden"] == 7


def test_what_cannot_be_understood_is_said_at_its_field(client: Client, manager: User) -> None:
    client.force_login(manager)
    signed_in = client
    for wrong in ("month=2026-13", "month=x", "by=shoe", "sdr=999999", "territory=a", "source=tv"):
        answer = signed_in.get(f"/reports/?{wrong}")
        assert answer.status_code == 400, wrong
        assert b"field-error" in answer.content
    assert signed_in.get("/reports/handoffs/?metric=shoe").status_code == 404
    assert signed_in.get("/reports/table/shoe.csv").status_code == 404
    assert signed_in.get("/reports/table/along.exe").status_code == 404
    signed_in.logout()
    assert signed_in.get("/reports/").status_code == 302


def test_filters_narrow_every_figure(
    signed_in: Client, march: dict[str, Handoff], ae: User, backup: User, sdr: User
) -> None:
    for narrow, decided in ((f"ae={ae.pk}", 18), (f"ae={backup.pk}", 0), ("source=mql", 0)):
        words = text_of(signed_in.get(f"/reports/?{MARCH}&{narrow}").content)
        assert f"of {decided} decided" in words, narrow


def test_tables_leave_as_csv_and_xlsx_without_formulas(
    signed_in: Client, march: dict[str, Handoff], desk: Desk
) -> None:
    User.objects.filter(pk=desk.sdr.pk).update(first_name="=1+1", last_name="")
    rows = signed_in.get(f"/reports/table/along.csv?{MARCH}&by=sdr").content.decode().splitlines()
    assert rows[0].startswith("SDR,Meeting to opportunity,Meeting to opportunity: counted")
    assert rows[1].startswith("'=1+1,")
    for key in ("metrics", "differences", "trend-show", "trend-contact"):
        file = signed_in.get(f"/reports/table/{key}.xlsx?{MARCH}")
        assert file["Content-Type"].startswith("application/vnd.openxmlformats")
        sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
        assert sheet is not None and sheet.max_row > 2
