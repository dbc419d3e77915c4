"""The monthly calibration: blind scores of both sides, and how much more than chance they agree."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Contact
from handoffs import calibration
from handoffs.calibration import Table, table_of
from handoffs.models import CalibrationRound, CalibrationScore, Handoff, HandoffEvent
from handoffs.refusal import TransitionRefused
from messaging.models import Message
from team.models import User
from tests.factories import complete_package

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 10, 9, tzinfo=UTC)


# --- Kappa, by hand ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "agreement", "kappa"),
    [
        (Table(20, 5, 10, 15), 0.7, 0.4),
        (Table(45, 15, 25, 15), 0.6, 0.1304),
        (Table(25, 35, 5, 35), 0.6, 0.2593),
        (Table(5, 0, 0, 5), 1.0, 1.0),
        (Table(0, 5, 5, 0), 0.0, -1.0),
        (Table(9, 1, 0, 0), 0.9, 0.0),
    ],
)
def test_kappa_is_what_a_hand_reckons(table: Table, agreement: float, kappa: float) -> None:
    """The second: 60 of 100 agree; by chance 0.6 x 0.7 + 0.4 x 0.3 = 0.54; 0.06 / 0.46 = 0.1304.

    The third: by chance 0.6 x 0.3 + 0.4 x 0.7 = 0.46; 0.14 / 0.54 = 0.2593.
    """
    assert table.agreement == pytest.approx(agreement)
    assert table.kappa() == pytest.approx(kappa, abs=1e-4)


def test_where_everybody_always_says_the_same_there_is_no_kappa() -> None:
    assert Table(10, 0, 0, 0).kappa() is None
    assert Table(0, 0, 0, 10).kappa() is None


def test_pairs_are_counted_by_who_said_what() -> None:
    pairs = [(True, True), (True, False), (True, False), (False, True), (False, False)]
    assert table_of(pairs) == Table(both=1, sdr_only=2, ae_only=1, neither=1)


# --- A round -------------------------------------------------------------------------------------


@pytest.fixture
def packages(
    sdr: User, account: Account, contact: Contact, other_sdr: User, other_ae: User
) -> list[Handoff]:
    """Twelve submitted in February, one in January, one in March."""
    found = []
    for when in (
        *[FEBRUARY + timedelta(hours=n) for n in range(12)],
        datetime(2026, 1, 31, 23, 59, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
    ):
        handoff = complete_package(sdr=sdr, account=account, contact=contact)
        HandoffEvent.objects.create(handoff=handoff, kind="submitted", occurred_at=when)
        found.append(handoff)
    return found


@pytest.fixture
def leaders(manager: User, other_manager: User, ae: User, other_sdr: User) -> tuple[User, User]:
    """Otto leads SDRs, Mara AEs alone."""
    User.objects.filter(reports_to=manager, is_sdr=True).update(reports_to=other_manager)
    User.objects.filter(reports_to=other_manager, is_ae=True).update(reports_to=None)
    return other_manager, manager


def opened() -> CalibrationRound:
    found = calibration.open_round(NOW)
    assert found is not None
    return found


def score_all(
    one: CalibrationRound, by: User, *, but_not: dict[int, set[str]] | None = None
) -> None:
    """Everything met, except the criteria (codes) in `but_not` by case number."""
    for case in one.cases.all():
        wrong = (but_not or {}).get(case.number, set())
        met = {c.pk: c.code not in wrong for c in one.version.criteria.all()}
        calibration.score(case, by=by, met=met, at=NOW)


def test_ten_packages_of_last_month_are_drawn_once_and_the_leaders_told(
    packages: list[Handoff], leaders: tuple[User, User], director: User
) -> None:
    one = opened()
    drawn = set(one.cases.values_list("handoff", flat=True))
    assert one.month == date(2026, 3, 1)
    assert len(drawn) == 10
    assert drawn <= {handoff.pk for handoff in packages[:12]}
    told = Message.objects.filter(kind="calibration_open")
    assert {message.person for message in told} == set(leaders)
    assert calibration.open_round(NOW + timedelta(days=1)) is None
    assert told.count() == 2


def test_fewer_than_ten_packages_make_no_round(
    packages: list[Handoff], leaders: tuple[User, User]
) -> None:
    assert calibration.open_round(datetime(2026, 2, 20, tzinfo=UTC)) is None
    assert not CalibrationRound.objects.exists()


def test_a_criterion_read_in_two_ways_stands_first(
    packages: list[Handoff], leaders: tuple[User, User]
) -> None:
    """Timeline: 4 both, 4 only the SDRs', 2 neither. Agreed 0.6; chance 0.32 + 0.12 = 0.44."""
    one = opened()
    theirs = {number: {"timeline"} for number in (1, 2, 3, 4, 5, 6)}
    ours = {number: {"timeline"} for number in (5, 6)}
    score_all(one, leaders[0], but_not=ours)
    score_all(one, leaders[1], but_not=theirs)
    first, *others = calibration.readings(one)
    assert (first.criterion.code, first.table) == ("timeline", Table(4, 4, 0, 2))
    assert first.kappa == pytest.approx((0.6 - 0.44) / 0.56)
    assert first.verdict == ("unclear", "is-bad")
    assert first.disputed == [1, 2, 3, 4]
    assert {row.verdict[0] for row in others} == {"read alike"}


def test_with_nine_cases_scored_by_both_nothing_is_said(
    packages: list[Handoff], leaders: tuple[User, User]
) -> None:
    one = opened()
    score_all(one, leaders[0])
    for case in one.cases.all()[:9]:
        met = {c.pk: True for c in one.version.criteria.all()}
        calibration.score(case, by=leaders[1], met=met, at=NOW)
    assert {row.verdict[0] for row in calibration.readings(one)} == {"too few scores"}


def test_a_score_is_whole_said_once_and_in_time(
    packages: list[Handoff], leaders: tuple[User, User], ae: User
) -> None:
    one = opened()
    case = one.cases.get(number=1)
    met = {c.pk: True for c in one.version.criteria.all()}
    with pytest.raises(TransitionRefused, match="for each criterion"):
        calibration.score(case, by=leaders[0], met={}, at=NOW)
    with pytest.raises(TransitionRefused, match="Only who leads"):
        calibration.score(case, by=ae, met=met, at=NOW)
    calibration.score(case, by=leaders[0], met=met, at=NOW)
    with pytest.raises(TransitionRefused, match="already"):
        calibration.score(case, by=leaders[0], met=met, at=NOW)
    with pytest.raises(TransitionRefused, match="month is over"):
        calibration.score(case, by=leaders[1], met=met, at=datetime(2026, 4, 1, tzinfo=UTC))


# --- The pages -----------------------------------------------------------------------------------


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_nobody_and_no_company_is_named_on_the_page_that_scores(
    packages: list[Handoff], leaders: tuple[User, User]
) -> None:
    opened()
    page = client_of(leaders[0]).get(reverse("calibration_score")).content.decode()
    assert "Case 1 of 10" in page
    assert "By the time our quote is out" in page
    for name in ("Priya", "Nair", "Acme", "Dell", "Sam Ortiz", "PriceFox", "+4930"):
        assert name not in page


def test_scoring_leads_from_case_to_case_and_then_to_what_came_of_it(
    packages: list[Handoff], leaders: tuple[User, User]
) -> None:
    one = opened()
    client = client_of(leaders[1])
    score_all(one, leaders[0])
    criteria = {f"c{c.pk}": "yes" for c in one.version.criteria.all()}
    for number in range(1, 11):
        page = client.get(reverse("calibration"))
        assert f"case {number} of 10" in page.content.decode()
        assert page.context["readings"] == []  # blind until the last one
        case = one.cases.get(number=number)
        answer = client.post(reverse("calibration_score"), {"case": case.pk, **criteria})
        assert answer.status_code == 302
    page = client.get(reverse("calibration")).content.decode()
    assert "read alike" in page
    assert reverse("admin:handoffs_frameworkversion_change", args=[one.version_id]) in page


def test_a_page_that_is_sent_twice_scores_once(
    packages: list[Handoff], leaders: tuple[User, User]
) -> None:
    one = opened()
    client = client_of(leaders[0])
    typed = {"case": one.cases.get(number=1).pk}
    typed |= {f"c{c.pk}": "no" for c in one.version.criteria.all()}
    client.post(reverse("calibration_score"), typed)
    again = client.post(reverse("calibration_score"), typed)
    assert again.status_code == 422
    assert "out of date" in again.content.decode()
    assert CalibrationScore.objects.values("case").distinct().count() == 1


def test_what_is_left_out_is_named(packages: list[Handoff], leaders: tuple[User, User]) -> None:
    one = opened()
    case = one.cases.get(number=1)
    answer = client_of(leaders[0]).post(reverse("calibration_score"), {"case": case.pk})
    assert answer.status_code == 422
    assert "Say for each criterion whether it is met" in answer.content.decode()


def test_without_a_round_it_teaches(manager: User) -> None:
    assert "No month to calibrate on yet" in (
        client_of(manager).get(reverse("calibration")).content.decode()
    )


def test_a_case_they_differ_on_is_one_click_away_still_without_names(
    packages: list[Handoff], leaders: tuple[User, User]
) -> None:
    one = opened()
    score_all(one, leaders[0])
    client = client_of(leaders[1])
    address = f"{reverse('calibration')}?month=2026-03&case=3"
    assert "case" not in client.get(address).context  # not before they have scored it themselves
    score_all(one, leaders[1], but_not={3: {"timeline"}})
    overview = client.get(reverse("calibration")).content.decode()
    assert "?month=2026-03&amp;case=3#t-package" in overview
    response = client.get(address)
    page = response.content.decode()
    assert "Case 3, as both sides read it" in page
    said = {row[0].code: row[2] for row in response.context["rows"]}
    assert said["timeline"] == [("SDR leader", [True]), ("AE leader", [False])]
    assert said["budget"] == [("SDR leader", [True]), ("AE leader", [True])]
    for name in ("Priya", "Nair", "Acme", "Sam Ortiz", "PriceFox"):
        assert name not in page
    for nonsense in ("0", "11", "x", "３"):
        assert "case" not in client.get(f"{reverse('calibration')}?case={nonsense}").context
