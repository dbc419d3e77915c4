"""Rulings as precedents: found beside the criterion, without what their reader may not see."""

import pytest
from django.test import Client

from accounts.models import Account, Contact
from handoffs import feedback, lifecycle
from handoffs.models import Criterion, Handoff, Reason
from team.models import User
from tests.factories import make_user, submitted

pytestmark = pytest.mark.django_db

ARGUMENT = "Priya Nair said that Acme Robotics has forty-five thousand approved."
BECAUSE = "An amount in their plan is a budget, as Priya Nair told us at Acme Robotics."


@pytest.fixture
def ruled(sdr: User, ae: User, manager: User, account: Account, contact: Contact) -> Handoff:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    budget = Criterion.objects.get(version=handoff.framework_version, code="budget")
    reason = Reason.objects.get(code="no_budget")
    note = "There is no budget behind it, only a wish."
    handoff = lifecycle.reject(handoff, by=ae, reason=reason, note=note, criterion=budget)
    case = feedback.contest(handoff, by=sdr, argument=ARGUMENT)
    feedback.rule(case, by=manager, ruling="overturned", because=BECAUSE)
    return handoff


def rulings_for(client: Client, user: User, query: str = "") -> str:
    client.force_login(user)
    answer = client.get(f"/rulings/{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_both_sides_read_the_whole_ruling(
    client: Client, ruled: Handoff, sdr: User, manager: User
) -> None:
    for user in (sdr, manager):
        page = rulings_for(client, user)
        assert BECAUSE in page
        assert ARGUMENT in page
        assert "The rejection was wrong" in page
        assert f"/handoffs/{ruled.pk}/" in page


def test_others_learn_from_it_without_company_and_names(
    client: Client, ruled: Handoff, other_ae: User, other_sdr: User
) -> None:
    for user in (other_ae, other_sdr):
        page = rulings_for(client, user)
        assert "An amount in their plan is a budget, as P••• N••• told us at the company." in page
        for hidden in ("Acme", "Priya", "Nair", f"/handoffs/{ruled.pk}/"):
            assert hidden not in page


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("?criterion=budget", True),
        ("?ruling=overturned", True),
        ("?ruling=upheld", False),
        ("?q=plan+amount", True),
        ("?q=wish", True),
        ("?q=unicorn", False),
    ],
)
def test_they_are_searched_by_criterion_ruling_and_words(
    client: Client, ruled: Handoff, other_ae: User, query: str, is_found: bool
) -> None:
    page = rulings_for(client, other_ae, query)
    assert ("An amount in their plan" in page) is is_found
    assert ("No ruling fits" in page) is not is_found


def test_a_search_tells_nothing_that_is_hidden(
    client: Client, ruled: Handoff, other_ae: User, sdr: User
) -> None:
    for hidden in ("Priya", "Nair", "Acme", "Robotics"):
        assert "No ruling fits" in rulings_for(client, other_ae, f"?q={hidden}")
        assert "An amount in their plan" in rulings_for(client, sdr, f"?q={hidden}")


@pytest.mark.parametrize("query", ["?criterion=nonsense", "?ruling=x", "?reason=0", "?q=%00"])
def test_a_filter_that_cannot_be_is_refused_in_words(
    client: Client, ruled: Handoff, sdr: User, query: str
) -> None:
    client.force_login(sdr)
    answer = client.get(f"/rulings/{query}")
    assert answer.status_code == 400
    assert "field-error" in answer.content.decode()


def test_an_empty_list_teaches(client: Client, ae: User) -> None:
    assert "No rejection was contested yet" in rulings_for(client, ae)
    client.force_login(make_user("newcomer"))
    assert client.get("/rulings/").status_code == 403


def test_whoever_rejects_reads_how_the_criterion_was_ruled_on(
    client: Client, ruled: Handoff, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    another = submitted(sdr=sdr, account=account, contact=contact)
    client.force_login(ae)
    form = client.get(f"/handoffs/{another.pk}/reject/").content.decode()
    assert "How “Budget” was ruled before" in form
    assert "/rulings/?criterion=budget" in form
    assert "How “Timeline”" not in form


def test_whoever_rules_reads_the_earlier_rulings(
    client: Client,
    ruled: Handoff,
    sdr: User,
    ae: User,
    manager: User,
    account: Account,
    contact: Contact,
) -> None:
    another = submitted(sdr=sdr, account=account, contact=contact)
    budget = Criterion.objects.get(version=another.framework_version, code="budget")
    note = "There is no budget behind it either."
    another = lifecycle.reject(another, by=ae, reason="no_budget", note=note, criterion=budget)
    feedback.contest(another, by=sdr, argument="She named the sum and the month of it.")
    client.force_login(manager)
    assert BECAUSE in client.get(f"/handoffs/{another.pk}/rule/").content.decode()


def test_the_set_up_leads_to_them(client: Client, ruled: Handoff, revops: User) -> None:
    client.force_login(revops)
    reasons = client.get("/admin/handoffs/reason/").content.decode()
    reason = Reason.objects.get(code="no_budget")
    assert f"/rulings/?reason={reason.pk}" in reasons
    assert "1 ruling" in reasons
    version = ruled.framework_version_id
    page = client.get(f"/admin/handoffs/frameworkversion/{version}/change/").content.decode()
    assert page.count("/rulings/?criterion=budget") == 1
    assert "no ruling yet" in page


def test_the_cost_does_not_grow_with_the_rulings(
    client: Client,
    ruled: Handoff,
    sdr: User,
    ae: User,
    manager: User,
    other_ae: User,
    account: Account,
    contact: Contact,
    django_assert_max_num_queries: object,
) -> None:
    rulings_for(client, other_ae)
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(20) as asked:  # type: ignore[operator]
            rulings_for(client, other_ae)
        counts.append(len(asked))
        for _ in range(3):
            more = submitted(sdr=sdr, account=account, contact=contact)
            more = lifecycle.reject(more, by=ae, reason="no_budget", note="There is only a wish.")
            case = feedback.contest(more, by=sdr, argument=ARGUMENT)
            feedback.rule(case, by=manager, ruling="upheld", because=BECAUSE)
    assert counts[0] == counts[1]
