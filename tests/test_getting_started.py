"""From an empty installation to its first handoff: the steps, the quick start, who may use them."""

import re
import socket
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Contact
from config.start import quick, views
from config.start.steps import Step, is_new, steps
from handoffs import lifecycle
from handoffs.completeness import gaps
from handoffs.models import FrameworkVersion
from sla import health
from team.audit import AuditEntry
from team.models import Role, Territory, User, WorkCalendar
from team.passwords import CLEAR
from tests.factories import complete_package, make_account, make_contact, make_user
from tests.test_security import sign_in

pytestmark = pytest.mark.django_db

SHEET = {
    "time_zone": "Europe/Berlin",
    "country": "de",
    "opens": "9",
    "closes": "17.30",
    "territory": "Everywhere",
    "ae_leader_name": "Mara Lindt",
    "ae_leader_email": "mara@desk.example",
    "ae_name": "Ana Silva",
    "ae_email": "ana@desk.example",
    "backup_name": "",
    "backup_email": "",
    "sdr_leader_name": "Sven Ohl",
    "sdr_leader_email": "sven@desk.example",
    "sdr_name": "Sam Ortiz",
    "sdr_email": "sam@desk.example",
}

CONFIRM = {"_form_submitted": "true"}


@pytest.fixture
def admin() -> User:
    return make_user("rita", "revops")


@pytest.fixture
def as_admin(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def start(client: Client, **other: str) -> Any:
    return client.post(reverse("quick_start"), {**SHEET, **other})


def all_choose_their_own_passwords() -> None:
    User.objects.update(password_given=False)


def open_steps() -> list[str]:
    return [step.title for step in steps(timezone.now()) if not step.done]


def test_an_empty_installation_names_everything_that_is_missing(as_admin: Client) -> None:
    assert open_steps() == [
        "People and their leaders",
        "A territory with its hours",
        "Somebody stands in",
        "A standard signed by both sides",
        "A missed promise reaches somebody",
        "Accounts and contacts",
        "The worker runs",
        "The first handoff",
        "Mail leaves",
    ]
    assert "9 steps to your first handoff" in as_admin.get("/").content.decode()
    shown = as_admin.get(reverse("getting_started")).content.decode()
    assert "1 of 10" in shown and "Make all of this" in shown


def test_the_quick_start_makes_people_hours_and_territory(as_admin: Client, admin: User) -> None:
    shown = start(as_admin, backup_name="Ben Okafor", backup_email="ben@desk.example")

    assert shown.status_code == 200
    territory = Territory.objects.get()
    assert (territory.name, territory.countries) == ("Everywhere", [])
    assert str(territory.primary) == "Ana Silva" and str(territory.manager) == "Mara Lindt"
    assert [str(row.backup) for row in territory.coverage.all()] == ["Ben Okafor"]
    assert territory.calendar.weekly_hours()["fri"] == [("09:00", "17:30")]
    assert territory.calendar.holidays.filter(name="Labor Day").exists()
    mara, sven = User.objects.get(username="mara"), User.objects.get(username="sven")
    assert mara.leads(Role.AE) and sven.leads(Role.SDR)
    assert set(AuditEntry.objects.values_list("name", flat=True)) >= {"Everywhere", "Sam Ortiz"}
    assert "Somebody stands in" not in open_steps()
    assert "A missed promise reaches somebody" not in open_steps()


def test_who_leads_a_side_is_led_to_the_standard_that_waits_for_them(as_admin: Client) -> None:
    start(as_admin)
    all_choose_their_own_passwords()
    words = "No standard is signed yet"
    for name, sees in (("sven", True), ("mara", True), ("sam", False)):
        as_admin.force_login(User.objects.get(username=name))
        assert (words in as_admin.get("/").content.decode()) == sees
    sven = User.objects.get(username="sven")
    FrameworkVersion.objects.get(framework__code="bant").sign(by=sven, side=Role.SDR)
    as_admin.force_login(sven)
    assert words not in as_admin.get("/").content.decode()
    as_admin.force_login(User.objects.get(username="mara"))
    assert "BANT, version 1, is signed for the SDRs" in as_admin.get("/").content.decode()


def test_the_step_of_the_standard_names_who_has_to_sign_and_leads_there(as_admin: Client) -> None:
    def step() -> Step:
        return next(one for one in steps(timezone.now()) if one.title.startswith("A standard"))

    assert "A leader of the SDRs and a leader of the AEs each sign in" in step().words
    start(as_admin)
    assert "Sven Ohl (for the SDRs) and Mara Lindt (for the AEs) each sign in" in step().words
    sven, mara = User.objects.get(username="sven"), User.objects.get(username="mara")
    bant = FrameworkVersion.objects.get(framework__code="bant")
    bant.sign(by=sven, side=Role.SDR)
    assert step().words == "BANT, version 1, waits for Mara Lindt (for the AEs)."
    bant.sign(by=mara, side=Role.AE)
    assert step().words == "Both leaders have signed BANT, version 1. Activate it."
    assert step().link == reverse("admin:handoffs_frameworkversion_change", args=[bant.pk])


def test_the_passwords_shown_open_the_door_and_stand_nowhere_else(as_admin: Client) -> None:
    shown = start(as_admin)
    passwords = re.findall(r'data-label="Password"><code>([^<]+)', shown.content.decode())
    assert len(passwords) == 4 and len(set(passwords)) == 4
    signs = [password.replace("-", "") for password in passwords]
    assert set("".join(signs)) <= set(CLEAR), "each can be read aloud"
    assert {len(CLEAR) ** len(password) >= 2**128 for password in signs} == {True}
    assert User.objects.get(username="ana").check_password(passwords[1])
    assert "no-store" in shown["Cache-Control"]
    assert not AuditEntry.objects.filter(changes__icontains=passwords[1]).exists()


def test_who_was_given_a_password_chooses_another_before_anything_else(
    as_admin: Client,
) -> None:
    passwords = re.findall(r'data-label="Password"><code>([^<]+)', start(as_admin).content.decode())
    given, own = passwords[1], "sunlit meadow kettle"
    page = reverse("admin:password_change")
    ana = Client()
    assert sign_in(ana, "ana", given) == 302
    for address in ("/", "/queue/", reverse("admin:index")):
        assert ana.get(address)["Location"] == page
    assert "Choose a password of your own first" in ana.get(page).content.decode()
    answer = ana.post(page, {"old_password": given, **both(given)})
    assert "This one was made for you" in answer.content.decode()
    done = ana.post(page, {"old_password": given, **both(own)}, follow=True)
    assert "Your password is changed" in done.content.decode()
    assert ana.get("/").status_code == 200
    again = Client()
    assert sign_in(again, "ana", own) == 302 and again.get("/").status_code == 200


def both(password: str) -> dict[str, str]:
    return {"new_password1": password, "new_password2": password}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("country", "UK", "The United Kingdom is GB"),
        ("time_zone", "Mars/Olympus", "is not a time zone"),
        ("closes", "08:00", "Closes before it opens"),
        ("opens", "nine", "“nine”"),
        ("sdr_leader_email", "MARA@desk.example", "signed by two different people"),
        ("ae_email", "rita@desk.example", "Somebody with this address can sign in"),
        ("backup_name", "Ben Okafor", "Fill in both, or leave both empty"),
        ("ae_name", "", "required"),
        ("territory", "T" * 81, "80"),
        ("ae_email", f"ana@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.example", "254"),
    ],
)
def test_what_is_not_sound_is_refused_at_its_field_and_nothing_is_made(
    as_admin: Client, admin: User, field: str, value: str, sentence: str
) -> None:
    User.objects.filter(pk=admin.pk).update(email="rita@desk.example")
    answer = start(as_admin, **{field: value})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert sentence in text and "Nothing was made yet" in text
    assert 'value="Sam Ortiz"' in text, "what was typed stays"
    assert User.objects.count() == 1 and not Territory.objects.exists()
    assert not WorkCalendar.objects.exists()


def test_the_same_name_twice_gets_two_user_names(as_admin: Client) -> None:
    start(as_admin, ae_email="rita@other.example")
    assert User.objects.get(email="rita@other.example").username == "rita2"


@pytest.mark.parametrize(
    ("email", "username"),
    [("ana.o'brien@desk.example", "ana.obrien"), ('"!#$"@desk.example', "person")],
)
def test_a_user_name_takes_of_an_address_what_it_can_hold(
    as_admin: Client, email: str, username: str
) -> None:
    assert start(as_admin, ae_email=email).status_code == 200
    assert User.objects.get(email=email).username == username


def test_a_second_click_makes_nothing_and_says_where_passwords_are_set(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = iter([True, False, False])  # open when the second one looked, made when it came to it
    monkeypatch.setattr(quick, "is_open", lambda: next(seen))
    monkeypatch.setattr(views, "is_open", quick.is_open)
    answer = start(as_admin)
    assert answer.status_code == 409
    assert "is given one on their page under People" in answer.content.decode()
    assert User.objects.count() == 1 and not WorkCalendar.objects.exists()


def test_it_is_for_admins_and_only_while_there_is_nobody(as_admin: Client, sdr: User) -> None:
    assert start(as_admin).status_code == 409
    assert not quick.is_open()
    as_admin.force_login(sdr)
    assert start(as_admin).status_code == 403
    assert as_admin.get(reverse("getting_started")).status_code == 403
    assert "to your first handoff" not in as_admin.get("/").content.decode()


def test_who_reports_to_nobody_is_named(as_admin: Client) -> None:
    start(as_admin)
    User.objects.filter(username="sam").update(reports_to=None)
    first = steps(timezone.now())[0]
    assert not first.done
    assert first.words.startswith("Sam Ortiz reports to nobody, so no manager would hear")


def test_the_newcomers_way_ends_with_a_handoff_and_the_hint_goes(
    as_admin: Client, admin: User, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    start(as_admin, backup_name="Ben Okafor", backup_email="ben@desk.example")
    all_choose_their_own_passwords()
    mara, sven = User.objects.get(username="mara"), User.objects.get(username="sven")
    sam, ana = User.objects.get(username="sam"), User.objects.get(username="ana")
    bant = FrameworkVersion.objects.get(framework__code="bant")
    for who, button in ((sven, "sign_for_sdrs"), (mara, "sign_for_aes"), (admin, "activate")):
        as_admin.force_login(who)
        address = reverse(f"admin:handoffs_frameworkversion_{button}", args=[bant.pk])
        as_admin.post(address, CONFIRM)
    health.beat(timezone.now())
    as_admin.force_login(sam)
    shown = as_admin.get(reverse("handoff_new")).content.decode()
    assert "No company is here yet: add the first" in shown
    company = {"new-name": "Acme", "new-domain": "acme.example", "new_account": "1"}
    as_admin.post(reverse("handoff_new"), {**company, "lead_source": "meeting"})
    assert Account.objects.get().country == "", "it is not asked for, and still finds its AE"
    account = make_account(country="")
    assert "The company is not in the list" in as_admin.get(reverse("handoff_new")).content.decode()
    contact = make_contact(account)
    assert Contact.objects.exists()
    draft = complete_package(sdr=sam, account=account, contact=contact)
    assert gaps(draft) == []

    handed = lifecycle.submit(draft, by=sam)

    assert handed.owner == ana and handed.submitted_at is not None
    assert open_steps() == [] and not is_new()
    assert "to your first handoff" not in as_admin.get("/").content.decode()


def test_a_desk_of_ones_own_is_never_served_from_the_demo() -> None:
    somebody = make_user("sdr", "sdr")
    somebody.set_password("demo")
    somebody.save()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(CommandError, match="holds the demo"):
        call_command("serve", "--no-demo", address)
