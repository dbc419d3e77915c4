"""Far pages of a long list are the ones a plain list has."""

import pytest
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.test import Client

from accounts.models import Contact
from handoffs import lifecycle
from team import paging
from team.models import User
from team.paging import DeepPaginator
from tests.factories import make_account, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def contacts() -> None:
    for name in ("Ember", "Fjord", "Gale"):
        account = make_account(name=name, domain=f"{name.lower()}.example")
        for number in range(7):
            make_contact(account, email=f"p{number}@{name.lower()}.example", title=f"T{number % 3}")


@pytest.mark.parametrize(
    "order", [("pk",), ("-pk",), ("title", "-pk"), ("-account__name", "title", "pk")]
)
def test_every_page_has_the_rows_of_a_plain_list(
    contacts: None, order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "DEEP", 0)
    rows = Contact.objects.select_related("account").order_by(*order)
    plain, deep = Paginator(rows, 4), DeepPaginator(rows, 4)
    assert deep.num_pages == 6
    for number in plain.page_range:
        found = deep.page(number)
        assert isinstance(found.object_list, QuerySet)  # actions and editable lists go on from it
        assert list(found) == list(plain.page(number)), number


def test_the_last_page_of_a_list_is_reached_from_the_end(
    client: Client, revops: User, sdr: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "DEEP", 0)
    made = [lifecycle.create_draft(sdr=sdr, by=sdr) for _ in range(27)]
    client.force_login(revops)
    answer = client.get("/admin/handoffs/handoff/?p=2")
    assert answer.status_code == 200
    shown = list(answer.context["cl"].result_list)
    oldest = sorted(one.pk for one in made)[:2]
    assert [one.pk for one in shown] == oldest[::-1]
