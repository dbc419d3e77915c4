"""What holds for every page of the admin, whichever app it belongs to."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from config.permissions import BY_ROLE
from team.admin_base import DeskAdmin, DeskStackedInline, DeskTabularInline
from team.models import Role, Territory, User
from tests.factories import make_user

# Buttons that are links: they lead somewhere and write nothing.
LINKS = {"new_framework", "new_handoff", "new_policy", "try_it", "where_it_applies"}
QUERIES = 24  # no list asks more than this, whatever it shows


def registered() -> Iterator[Any]:
    yield from admin.site._registry.values()


def named(page: Any) -> str:
    return f"{page.opts.app_label}_{page.opts.model_name}"


PAGES = [pytest.param(page, id=named(page)) for page in registered()]


def changelist(page: Any) -> str:
    return reverse(f"admin:{named(page)}_changelist")


def may(role: Role, verb: str, page: Any) -> bool:
    return f"{page.opts.app_label}.{verb}_{page.opts.model_name}" in BY_ROLE[role]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_on_the_guarded_classes(page: Any) -> None:
    assert isinstance(page, DeskAdmin)
    for inline in page.inlines:
        assert issubclass(inline, (DeskTabularInline, DeskStackedInline)), inline


def test_no_page_of_a_library_is_registered() -> None:
    ours = {"team", "accounts", "messaging", "handoffs", "sla", "reports", "privacy"}
    assert {page.opts.app_label for page in registered()} <= ours


@pytest.mark.parametrize("page", PAGES)
def test_every_button_asks_for_a_right_and_writes_by_post_only(page: Any) -> None:
    shown = [*page._get_base_actions_list(), *page._get_base_actions_detail()]
    for action in [*shown, *page._get_base_actions_row()]:
        rights = getattr(action.method, "allowed_permissions", ())
        assert rights, f"{action.action_name} asks for no permission"
        # A right with a dot makes a system check read a table that a new database lacks.
        assert not any("." in right for right in rights), action.action_name
        name = action.method.original_function_name
        assert action.dialog or name in LINKS, f"{action.action_name} writes on a GET"


@pytest.mark.parametrize("page", PAGES)
def test_every_list_opens_for_those_whose_role_allows_it_and_nobody_else(
    page: Any, client: Client, db: None
) -> None:
    for role in Role:
        client.force_login(make_user(f"only_{role.value}", role.value))
        expected = 200 if may(role, "view", page) or may(role, "change", page) else 403
        assert client.get(changelist(page)).status_code == expected, role
    make_user("nobody")
    client.force_login(User.objects.get(username="nobody"))
    assert client.get(changelist(page)).status_code in (302, 403)
    client.logout()
    assert client.get(changelist(page)).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_nobody_adds_or_changes_what_their_role_does_not_allow(
    page: Any, client: Client, db: None
) -> None:
    for role in Role:
        client.force_login(make_user(f"only_{role.value}", role.value))
        if not may(role, "add", page):
            answer = client.get(reverse(f"admin:{named(page)}_add"))
            assert answer.status_code == 403, role
        bogus = reverse(f"admin:{named(page)}_change", args=["999999"])
        assert client.get(bogus).status_code in (403, 404), role


@pytest.mark.parametrize("page", PAGES)
def test_a_row_that_cannot_be_is_not_found(page: Any, client: Client, db: None) -> None:
    client.force_login(make_user("root", is_superuser=True))
    for identifier in ("abc", "0", str(10**30), "%00"):
        address = reverse(f"admin:{named(page)}_change", args=[identifier])
        assert client.get(address).status_code == 404, identifier


@pytest.mark.parametrize("page", PAGES)
def test_every_list_keeps_its_ceiling_of_queries(
    page: Any, client: Client, north: Territory, django_assert_max_num_queries: Any
) -> None:
    client.force_login(make_user("root", is_superuser=True))
    client.get(changelist(page))
    with django_assert_max_num_queries(QUERIES):
        assert client.get(changelist(page)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_no_list_breaks_on_an_address_that_makes_no_sense(
    page: Any, client: Client, db: None
) -> None:
    client.force_login(make_user("root", is_superuser=True))
    for query in ("?q=%00", "?q=" + "x" * 100_000, "?p=abc", "?o=99.x", "?nothing=1"):
        assert client.get(changelist(page) + query).status_code < 500, query[:20]
