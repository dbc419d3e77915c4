"""Our own error pages, and what they say when the database is away."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from team.models import User


class Away:
    """A database that does not answer."""

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        raise OperationalError("the server is away")


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_to_whoever_is_signed_in(ae: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(ae)
    with connection.execute_wrapper(Away()):
        answer = client.get(reverse("queue"))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "The database does not answer" in answer.content.decode()


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_ours(ae: User) -> None:
    client = Client()
    client.force_login(ae)
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()


@pytest.mark.django_db
def test_an_old_form_gives_the_text_back(ae: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ae)
    answer = client.post(reverse("queue"), {"note": "A sentence that must not be lost."})
    assert answer.status_code == 403
    assert "A sentence that must not be lost." in answer.content.decode()


@pytest.mark.django_db
def test_a_database_that_is_away_is_asked_once_and_the_answer_keeps_its_headers(ae: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(ae)
    tries: list[str] = []

    def away(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        tries.append(sql)
        raise OperationalError("the server is away")

    with connection.execute_wrapper(away):
        answer = client.get(reverse("queue"))
    assert answer.status_code == 503
    assert len(tries) == 1
    assert answer["Cache-Control"] == "no-store"
    assert "Permissions-Policy" in answer
