"""The tour of the demo: who sees it, where its lines lead, how it is put away."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.tour.stops import SIGN_INS, is_in_the_demo, stops
from team.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
TITLE = "What to look at in this demo"


def test_every_line_of_the_tour_leads_to_a_page_of_theirs(client: Client) -> None:
    call_command("demo", "--handoffs", "30", "--months", "2", verbosity=0)
    for username in SIGN_INS:
        user = User.objects.get(username=username)
        client.force_login(user)
        shown = client.get("/").content.decode()
        tour = shown[shown.index(TITLE) :].partition("</section>")[0]
        links = re.findall(r'class="row-main" href="([^"]+)"', tour)
        assert len(links) >= 2, username
        assert links == [stop.link for stop in stops(user, timezone.now())]
        for link in links:
            assert client.get(link, follow=True).status_code == 200, (username, link)


def test_the_tour_is_put_away_for_good(client: Client) -> None:
    user = make_user("ae", "ae", name="Ana Silva", email="ana.silva@desk.example")
    client.force_login(user)
    assert TITLE in client.get("/").content.decode()
    assert client.get(reverse("tour_close")).status_code == 405

    answer = client.post(reverse("tour_close"))

    assert answer.headers["Location"] == "/"
    assert answer.cookies["tour_closed"]["max-age"] == 365 * 24 * 60 * 60
    assert TITLE not in client.get("/").content.decode()


def test_outside_the_demo_there_is_no_tour(client: Client) -> None:
    user = make_user("ae", "ae", name="Ana Silva", email="ana@company.example")
    assert not is_in_the_demo(user)
    client.force_login(user)
    assert TITLE not in client.get("/").content.decode()
