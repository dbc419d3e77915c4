"""The people pages: who may change whom, what ends with a role, what somebody leaves behind."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from team.models import Territory, User
from team.sessions import end_sessions
from tests.factories import PASSWORD, complete_package, make_user, submitted

LIST = "/admin/team/user/"


def page(person: User) -> str:
    return reverse("admin:team_user_change", args=[person.pk])


def form_of(person: User, **changes: Any) -> dict[str, Any]:
    """What the change form posts for `person`, with some fields changed; None leaves one out."""
    values: dict[str, Any] = {
        "username": person.username,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "time_zone": person.time_zone,
        "reports_to": person.reports_to_id or "",
        "capacity": person.capacity,
        "slack_member_id": person.slack_member_id,
        "by_email": "on",
        "by_slack": "on",
    }
    for flag in ("is_sdr", "is_ae", "is_manager", "is_revops", "is_active"):
        if getattr(person, flag):
            values[flag] = "on"
    values |= changes
    return {key: value for key, value in values.items() if value is not None}


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.fixture
def as_revops(client: Client, revops: User) -> Client:
    client.force_login(revops)
    return client


def test_the_list_says_who_does_what_and_who_is_away(
    as_revops: Client, north: Territory, ae: User, backup: User
) -> None:
    now = timezone.now()
    backup.absences.create(starts_at=now, ends_at=now + timezone.timedelta(days=2))
    html = as_revops.get(LIST).content.decode()
    assert "North (primary)" in html
    assert "until 4 Mar 2026" in html
    assert "0 of 25" in html


def test_the_list_asks_no_more_for_forty_people_than_for_ten(
    as_revops: Client, north: Territory, manager: User, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14) as few:
        as_revops.get(LIST)
    for number in range(40):
        north.team.add(make_user(f"ae{number + 10}", "ae", reports_to=manager))
    with django_assert_max_num_queries(len(few)):
        as_revops.get(LIST)


def test_the_list_can_be_narrowed_to_a_role(
    as_revops: Client, sdr: User, ae: User, manager: User, director: User
) -> None:
    managers = as_revops.get(LIST, {"role": "manager"}).context["cl"].result_list
    assert [str(person) for person in managers] == ["Dora Quinn", "Mara Lindt"]
    assert list(as_revops.get(LIST, {"role": "sdr"}).context["cl"].result_list) == [sdr]


def test_an_admin_makes_a_person_with_a_role_who_can_sign_in(
    as_revops: Client, manager: User
) -> None:
    answer = as_revops.post(
        "/admin/team/user/add/",
        {
            "username": "lena",
            "first_name": "Lena",
            "last_name": "Berg",
            "email": "lena@desk.example",
            "time_zone": "Europe/Berlin",
            "usable_password": "true",
            "password1": "a-long-enough-secret",
            "password2": "a-long-enough-secret",
            "is_sdr": "on",
            "reports_to": manager.pk,
            "capacity": 25,
        },
    )
    assert answer.status_code == 302
    lena = User.objects.get(username="lena")
    assert (lena.is_sdr, lena.is_staff, lena.is_superuser) == (True, True, False)
    assert lena.check_password("a-long-enough-secret")
    assert lena.password_given, "the admin knows it, so she is asked for one of her own"


def test_a_password_set_for_somebody_is_theirs_to_change_and_ones_own_is_changed_elsewhere(
    as_revops: Client, revops: User, sdr: User
) -> None:
    fields = {"usable_password": "true", "password1": "x1" * 10, "password2": "x1" * 10}
    address = reverse("admin:auth_user_password_change", args=[sdr.pk])
    assert as_revops.post(address, fields).status_code == 302
    sdr.refresh_from_db()
    assert sdr.check_password("x1" * 10) and sdr.password_given
    own = as_revops.post(reverse("admin:auth_user_password_change", args=[revops.pk]), fields)
    assert own["Location"] == reverse("admin:password_change")
    revops.refresh_from_db()
    assert not revops.check_password("x1" * 10), "nobody without the present one changes it"


def test_a_time_zone_that_does_not_exist_is_refused_at_its_field(
    as_revops: Client, sdr: User
) -> None:
    answer = as_revops.post(page(sdr), form_of(sdr, time_zone="Mars/Phobos"))
    assert answer.status_code == 200
    assert "“Mars/Phobos” is not a time zone" in answer.content.decode()


def test_nobody_changes_their_own_roles(as_revops: Client, revops: User) -> None:
    as_revops.post(page(revops), form_of(revops, is_manager="on", is_revops=None, is_active=None))
    revops.refresh_from_db()
    assert (revops.is_manager, revops.is_revops, revops.is_active) == (False, True, True)
    assert "another admin has to change them" in as_revops.get(page(revops)).content.decode()


def test_an_admin_cannot_make_anybody_a_superuser(as_revops: Client, sdr: User) -> None:
    as_revops.post(page(sdr), form_of(sdr, is_superuser="on", is_staff="on", user_permissions="1"))
    sdr.refresh_from_db()
    assert not sdr.is_superuser
    assert not sdr.user_permissions.exists()


def test_an_admin_cannot_take_over_a_superuser(as_revops: Client) -> None:
    root = make_user("root", is_superuser=True)
    assert as_revops.post(page(root), form_of(root, username="mine")).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[root.pk])
    assert as_revops.get(password).status_code == 403
    passwords = {"usable_password": "true", "password1": "x" * 20, "password2": "x" * 20}
    assert as_revops.post(password, passwords).status_code == 403


def test_the_last_admin_stays(client: Client, revops: User) -> None:
    root = make_user("root", is_superuser=True)
    client.force_login(root)
    client.post(page(revops), form_of(revops, is_active=None))
    answer = client.post(page(root), form_of(root, is_active=None))
    root.refresh_from_db()
    assert root.is_active
    assert "This is the last active admin: name another one first." in answer.content.decode()


@pytest.mark.parametrize("who", ["sdr", "ae", "manager"])
def test_only_admins_change_people(
    client: Client, who: str, request: pytest.FixtureRequest, other_sdr: User
) -> None:
    person = request.getfixturevalue(who)
    client.force_login(person)
    assert client.post(page(other_sdr), form_of(other_sdr, is_ae="on")).status_code == 403
    assert client.post(page(person), form_of(person, is_revops="on")).status_code == 403
    assert client.get("/admin/team/user/add/").status_code == 403
    person.refresh_from_db()
    assert not person.is_revops


def test_a_manager_reads_the_directory_without_seeing_password_hashes(
    client: Client, manager: User, sdr: User
) -> None:
    client.force_login(manager)
    html = client.get(page(sdr)).content.decode()
    assert "Sam" in html
    assert "algorithm" not in html


def test_a_changed_role_ends_that_persons_sessions_and_no_other(
    as_revops: Client, sdr: User, ae: User
) -> None:
    theirs, others = Client(), Client()
    theirs.force_login(sdr)
    others.force_login(ae)
    as_revops.post(page(sdr), form_of(sdr, is_ae="on"))
    assert theirs.get(LIST).status_code == 302, "signed out"
    assert others.get(LIST).status_code == 403, "signed in, without the right to see people"


def test_a_changed_name_ends_no_session(as_revops: Client, sdr: User) -> None:
    theirs = Client()
    theirs.force_login(sdr)
    as_revops.post(page(sdr), form_of(sdr, first_name="Samuel"))
    assert theirs.get(LIST).status_code == 403


def test_ending_sessions_may_keep_one(db: None, sdr: User) -> None:
    first, second = Client(), Client()
    first.force_login(sdr)
    second.force_login(sdr)
    kept = first.session.session_key
    assert end_sessions(sdr, now=timezone.now(), keep=kept) == 1
    assert list(Session.objects.values_list("pk", flat=True)) == [kept]


def test_deactivating_says_what_is_left_behind_and_where(
    as_revops: Client, sdr: User, ae: User, account: Any, contact: Any
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    assert handoff.owner == ae
    answer = as_revops.post(page(ae), form_of(ae, is_active=None))
    words = said(answer)
    assert "Ana Silva still holds" in words
    assert "1 open handoff<" in words
    assert f"/admin/handoffs/handoff/?owner={ae.pk}&amp;state=open" in words
    assert "was the primary AE of North: choose another" in words
    ae.refresh_from_db()
    assert not ae.is_active


def test_the_link_to_what_is_left_leads_to_exactly_that(
    as_revops: Client, sdr: User, ae: User, account: Any, contact: Any
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    complete_package(sdr=sdr, account=account, contact=contact)
    shown = as_revops.get(f"/admin/handoffs/handoff/?owner={ae.pk}&state=open").context["cl"]
    assert list(shown.result_list) == [handoff]


def test_somebody_with_handoffs_is_deactivated_not_deleted(
    client: Client, sdr: User, account: Any, contact: Any
) -> None:
    client.force_login(make_user("root", is_superuser=True))
    complete_package(sdr=sdr, account=account, contact=contact)
    answer = client.post(reverse("admin:team_user_delete", args=[sdr.pk]), {"post": "yes"})
    assert answer.status_code == 302
    assert "Sam Ortiz cannot be deleted: it is used by 1 handoff" in said(answer)
    assert User.objects.filter(pk=sdr.pk).exists()


def test_an_admin_deletes_nobody(as_revops: Client, sdr: User) -> None:
    answer = as_revops.post(reverse("admin:team_user_delete", args=[sdr.pk]), {"post": "yes"})
    assert answer.status_code == 403


def test_a_circle_of_managers_is_refused(as_revops: Client, director: User, manager: User) -> None:
    answer = as_revops.post(page(director), form_of(director, reports_to=manager.pk))
    assert "report to each other in a circle" in answer.content.decode()


def test_a_password_reaches_nobody_through_the_list(as_revops: Client, sdr: User) -> None:
    for lookup in ("password__startswith", "reports_to__password__startswith"):
        answer = as_revops.get(LIST, {lookup: "md5"})
        assert answer.status_code in (302, 400)
    assert PASSWORD not in as_revops.get(page(sdr)).content.decode()


def test_people_come_from_a_file_after_a_preview(as_revops: Client, manager: User) -> None:
    sheet = "name,email,roles,manager\nLena Berg,lena@desk.example,sdr,manager@desk.example\n"
    upload = SimpleUploadedFile("people.csv", sheet.encode(), content_type="text/csv")
    preview = as_revops.post(f"{LIST}import/", {"import_file": upload, "format": "auto"})
    assert "Lena Berg" in preview.content.decode()
    assert not User.objects.filter(email="lena@desk.example").exists()
    as_revops.post(f"{LIST}process_import/", preview.context["confirm_form"].initial)
    lena = User.objects.get(email="lena@desk.example")
    assert (lena.is_sdr, lena.reports_to) == (True, manager)


@pytest.mark.parametrize("who", ["sdr", "ae", "manager"])
def test_only_admins_import_people(
    client: Client, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(f"{LIST}import/").status_code == 403
