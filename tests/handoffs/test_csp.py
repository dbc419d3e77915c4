"""The content security policy: strict, and it fits what the pages really carry."""

import base64
import hashlib
import re

import pytest
from django.test import Client

from accounts.models import Account, Contact
from team.models import User
from tests.factories import submitted

pytestmark = pytest.mark.django_db


def directives(header: str) -> dict[str, list[str]]:
    parts = [part.split() for part in header.split(";") if part.strip()]
    return {name: values for name, *values in parts}


@pytest.fixture
def pages(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> dict[str, tuple[dict[str, list[str]], str]]:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    answers = {"/admin/login/": client.get("/admin/login/")}
    client.force_login(ae)
    for address in (
        "/",
        "/queue/",
        f"/handoffs/{handoff.pk}/",
        f"/handoffs/{handoff.pk}/reject/",
        "/admin/accounts/account/",
    ):
        answers[address] = client.get(address)
    return {
        address: (directives(answer["Content-Security-Policy"]), answer.content.decode())
        for address, answer in answers.items()
    }


Pages = dict[str, tuple[dict[str, list[str]], str]]


def test_scripts_come_from_files_of_our_own_only(pages: Pages) -> None:
    for address, (policy, page) in pages.items():
        assert policy["default-src"] == ["'none'"], address
        assert policy["script-src"] == ["'self'"], address
        for tag in re.findall(r"<script\b[^>]*>", page):
            assert "src=" in tag or "application/json" in tag, (address, tag)
        assert not re.search(r"\son\w+=\"", page), address


def test_the_policy_names_every_style_block(pages: Pages) -> None:
    for address, (policy, page) in pages.items():
        for block in re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy["style-src-elem"], (
                f"{address}: put 'sha256-{digest}' into STYLE_BLOCKS of config/settings.py"
            )


def test_nothing_comes_from_another_host(pages: Pages) -> None:
    for address, (_, page) in pages.items():
        for link in re.findall(r"(?:src|href)=\"((?:https?:)?//[^\"]+)\"", page):
            pytest.fail(f"{address} points to {link}")


def test_pages_of_signed_in_people_are_not_kept(client: Client, ae: User) -> None:
    client.force_login(ae)
    response = client.get("/queue/")
    assert response["Cache-Control"] == "no-store"
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
