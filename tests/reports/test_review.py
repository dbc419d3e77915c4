"""The joint monthly review: written together, signed by two, frozen, restated; and its mail."""

import re
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from handoffs.models import Handoff
from messaging.models import Message
from reports import digest
from reports import review as reviews
from reports.models import Review, ReviewAction, ReviewRow
from team.models import Role, User
from tests.factories import make_user
from tests.reports.stories import Desk, instant

pytestmark = pytest.mark.django_db
ADDRESS = "/reports/review/2026-03/"


@pytest.fixture
def leaders(other_manager: User, other_ae: User, manager: User, sdr: User) -> tuple[User, User]:
    """Mara leads SDRs (and AEs), Otto leads AEs."""
    return manager, other_manager


def test_two_people_sign_in_the_browser_and_a_late_correction_shows(
    client: Client, march: dict[str, Handoff], desk: Desk, leaders: tuple[User, User], ae: User
) -> None:
    mara, otto = leaders
    client.force_login(mara)
    page = client.get(ADDRESS)
    assert page.status_code == 200
    assert not Review.objects.exists()  # looking writes nothing
    change = f"{ADDRESS}change/"
    client.post(change, {"do": "notes", "version": "1", "notes": "Too many no-shows in week 10."})
    said = {"do": "action", "what": "Agree on what a confirmed budget is.", "owner": otto.pk}
    assert client.post(change, said | {"due_on": "2026-06-15"}).status_code == 302

    # Both sides, two different people
    assert client.post(change, {"do": "sign", "side": "sdr"}).status_code == 302
    refused = client.post(change, {"do": "sign", "side": "ae"})
    assert refused.status_code == 422
    assert "two different people" in refused.content.decode()
    late_note = client.post(change, {"do": "notes", "version": "2", "notes": "More."})
    assert late_note.status_code == 422
    client.force_login(otto)
    assert client.post(change, {"do": "sign", "side": "ae"}).status_code == 302

    review = Review.objects.get()
    assert review.is_signed
    assert review.digest == reviews.digest(review)
    shown = review.rows.get(key="show").figures
    assert (shown["numerator"], shown["denominator"], shown["open"]) == (7, 10, False)
    assert reviews.restatements(review, instant("05-20 10:00")) == []

    # A late correction: the signed figure stays, the restatement says so
    desk.hold(march["no outcome recorded"], "05-20 11:00")
    page = client.get(ADDRESS).content.decode()
    assert "Restated since it was signed" in page
    assert "signed 7 of 10, now 8 of 10" in page
    assert review.rows.get(key="show").figures == shown

    for key in ("metrics", "causes", "reasons"):
        file = client.get(f"{ADDRESS}?file={key}.csv")
        assert file["Content-Type"].startswith("text/csv"), key
    assert client.get(f"{ADDRESS}?file=shoe.csv").status_code == 404

    # The next month asks about what this one agreed on; its owner ticks it off
    following = client.get("/reports/review/2026-04/").content.decode()
    assert "Agree on what a confirmed budget is." in following
    action = ReviewAction.objects.get()
    client.force_login(ae)
    assert client.get(ADDRESS).status_code == 200
    assert client.post(change, {"do": "notes", "notes": "Mine."}).status_code == 403
    assert client.post(change, {"do": "done", "action": action.pk}).status_code == 422
    client.force_login(otto)
    assert client.post(change, {"do": "done", "action": action.pk}).status_code == 302
    action.refresh_from_db()
    assert action.done_by == otto


def test_the_handoffs_behind_a_figure_of_the_review_are_of_all_teams(
    client: Client, march: dict[str, Handoff], other_ae: User, revops: User
) -> None:
    client.force_login(revops)
    page = client.get(ADDRESS).content.decode()
    links = [
        link.replace("&amp;", "&") for link in re.findall(r'href="(/reports/handoffs/[^"]+)"', page)
    ]
    assert any("metric=show" in link for link in links)
    assert any("table=reasons" in link for link in links)
    for link in links:
        assert client.get(link).status_code == 200
    show = next(link for link in links if "metric=show" in link)
    assert len(client.get(show).context["sheet"].object_list) == 10

    # Another team counts the same, opens none of it, and cannot narrow it down to a person
    client.force_login(other_ae)
    sdr = march["no outcome recorded"].sdr_id
    answer = client.get(f"{show}&sdr={sdr}")
    assert answer.status_code == 200
    assert len(answer.context["sheet"].object_list) == 0
    assert answer.context["hidden"] == 10
    assert client.get("/reports/handoffs/?metric=show&teams=all&month=x").status_code == 404


def test_who_may_sign_and_when(
    leaders: tuple[User, User], director: User, revops: User, ae: User
) -> None:
    review, may = reviews.open_review("2026-03"), instant("05-20 10:00")
    mara, otto = leaders
    assert reviews.why_not_sign(review, mara, Role.SDR, may) == ""
    assert reviews.why_not_sign(review, otto, Role.AE, may) == ""
    assert "leads SDRs" in reviews.why_not_sign(review, otto, Role.SDR, may)
    for stranger in (director, revops, ae):
        assert reviews.why_not_sign(review, stranger, Role.AE, may)
    early = reviews.why_not_sign(review, mara, Role.SDR, instant("03-20 10:00"))
    assert early == "A month is signed when it is over."
    with pytest.raises(ValidationError, match="when it is over"):
        reviews.sign(review, by=mara, side=Role.SDR, at=instant("03-20 10:00"))
    assert not Review.objects.exists()


def test_what_was_signed_cannot_be_changed(leaders: tuple[User, User]) -> None:
    mara, otto = leaders
    review = reviews.open_review("2026-02")
    reviews.sign(review, by=mara, side=Role.SDR, at=instant("03-02 10:00"))
    row = ReviewRow.objects.first()
    assert row is not None
    with pytest.raises(ValidationError, match="signed"):
        row.save()
    with pytest.raises(ValidationError, match="signed"):
        row.delete()
    with pytest.raises(ValidationError, match="signed"):
        reviews.act(
            reviews.open_review("2026-02"),
            by=otto,
            what="Look at the no-shows of last week.",
            owner=otto,
            due=date(2026, 4, 1),
            at=instant("03-02 10:00"),
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(month="2026-02").update(signed_by_ae_leader=mara)


def test_two_writers_do_not_lose_each_others_notes(leaders: tuple[User, User]) -> None:
    mara, otto = leaders
    review = reviews.open_review("2026-02")
    reviews.note(review, by=mara, text="Mara saw this.", version=1)
    with pytest.raises(ValidationError, match="meanwhile"):
        reviews.note(review, by=otto, text="Otto saw that.", version=1)
    assert Review.objects.get().notes == "Mara saw this."


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"what": "do it"}, "Say in a sentence"),
        ({"owner": "99999"}, "Choose who will do it"),
        ({"owner": "x"}, "Choose who will do it"),
        ({"due_on": "tomorrow"}, "Enter a day"),
        ({"due_on": "2020-01-01"}, "from today on"),
        ({"do": "dance"}, "use one of the buttons"),
    ],
)
def test_an_action_that_says_too_little_is_refused_at_its_field(
    client: Client, leaders: tuple[User, User], wrong: dict[str, str], field: str
) -> None:
    mara, _ = leaders
    client.force_login(mara)
    said = {"do": "action", "what": "Agree on what confirmed means.", "owner": str(mara.pk)}
    answer = client.post("/reports/review/2026-02/change/", said | {"due_on": "2026-03-20"} | wrong)
    assert answer.status_code == 422
    assert field in answer.content.decode()
    assert not ReviewAction.objects.exists()


def test_a_month_that_is_none_is_not_found(client: Client, manager: User) -> None:
    client.force_login(manager)
    for wrong in ("2026-13", "march", "1999-01"):
        assert client.get(f"/reports/review/{wrong}/").status_code == 404
    assert client.get("/reports/review/").headers["Location"] == "/reports/review/2026-02/"


def test_leaders_are_invited_once_and_managers_hear_weekly(
    desk: Desk, leaders: tuple[User, User], director: User
) -> None:
    lonely = make_user("lonely", "manager", name="Lou Nely", reports_to=director)
    desk.taken("03-23 10:00", slot="03-25 10:00")
    now = desk.at("04-01 06:00")
    assert digest.invite_to_review(now) == 2
    assert digest.invite_to_review(desk.at("04-01 09:00")) == 0
    mail = Message.objects.filter(kind="review").first()
    assert mail is not None and "/reports/review/2026-03/" in mail.body
    assert not Message.objects.filter(person=lonely).exists()

    assert digest.weekly(desk.at("03-30 06:59")) == 0  # a Monday, not yet seven
    assert digest.weekly(desk.at("03-30 07:00")) == 2  # Mara, and Dora above her
    assert digest.weekly(desk.at("03-30 08:00")) == 0
    assert digest.weekly(desk.at("03-31 08:00")) == 0
    week = Message.objects.filter(kind="week").first()
    assert week is not None
    assert "1 handed over, 1 accepted, 0 rejected" in week.body
