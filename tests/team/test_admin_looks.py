"""What the admin's own pages look like to people: empty lists that teach, times with their zone."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from accounts.models import Account, EnrichmentSource
from handoffs.models import CaseStudy, CompetitorNote, Framework, FrameworkVersion, Reason
from messaging.models import Channel, Endpoint, MessageTemplate
from sla.models import Policy, PolicyVersion
from team.admin_base import DeskAdmin
from team.models import Territory, User, WorkCalendar

pytestmark = pytest.mark.django_db

SETTINGS = [
    *(WorkCalendar, Territory, Reason, Framework, FrameworkVersion, CompetitorNote, CaseStudy),
    *(Policy, PolicyVersion, MessageTemplate, Channel, Endpoint, EnrichmentSource),
]
# “Fits these triggers”, “Answers these objections”: the label says it
SAYS_IT_ALL = {"triggers", "objections", "DELETE"}


def test_an_empty_list_says_what_fills_it(client: Client, revops: User) -> None:
    client.force_login(revops)
    page = client.get("/admin/accounts/departure/").content.decode()
    assert "Press “They left” on a contact" in page
    assert "yielded" not in page


def test_an_empty_list_offers_the_import_to_whoever_may(
    client: Client, revops: User, ae: User
) -> None:
    for user, may in ((revops, True), (ae, False)):
        client.force_login(user)
        page = client.get("/admin/accounts/contact/").content.decode()
        assert "You see no contacts yet" in page
        assert ("Import a file" in page) == may


def test_a_search_that_finds_nothing_leads_back(
    client: Client, revops: User, account: Account
) -> None:
    client.force_login(revops)
    page = client.get("/admin/accounts/account/", {"q": "zzz"}).content.decode()
    assert "Nothing fits “zzz”" in page
    assert 'href="?">Show everything' in page


def test_every_list_of_ours_has_words_for_being_empty() -> None:
    ours = [page for page in admin.site._registry.values() if isinstance(page, DeskAdmin)]
    hidden = {"Framework", "Policy", "User", "MessageTemplate"}  # shown elsewhere, or never empty
    silent = {
        page.model.__name__ for page in ours if page.empty_words == DeskAdmin.empty_words
    } - hidden
    assert silent == set()


def test_every_setting_says_what_it_does(rf: RequestFactory, revops: User) -> None:
    request = rf.get("/")
    request.user = revops
    silent = set()
    for model in SETTINGS:
        page = admin.site.get_model_admin(model)
        forms = [page.get_form(request)()]
        inlines = page.get_inline_instances(request)
        forms += [one.get_formset(request)().empty_form for one in inlines]
        for form in forms:
            silent |= {
                (model.__name__, name)
                for name, field in form.fields.items()
                if not (field.help_text or field.widget.is_hidden or name in SAYS_IT_ALL)
            }
    assert silent == set()


def test_lists_name_the_zone_of_their_times(client: Client, revops: User) -> None:
    revops.time_zone = "Europe/Berlin"
    revops.save()
    MessageTemplate.objects.first().save()
    client.force_login(revops)
    page = client.get("/admin/messaging/messagetemplate/").content.decode()
    assert "2 Mar 2026, 11:00 CET" in page


def test_how_a_password_is_kept_is_shown_to_nobody(client: Client, revops: User, sdr: User) -> None:
    client.force_login(revops)
    page = client.get(f"/admin/team/user/{sdr.pk}/change/").content.decode()
    assert "argon2" not in page
    assert "md5" not in page


def test_a_territory_reads_as_people_write_it_and_links_only_to_what_may_be_opened(
    client: Client, north: Territory, ae: User, manager: User
) -> None:
    north.countries = ["DE", "SE"]
    north.save()
    page, person = f"/admin/team/territory/{north.pk}/change/", f"/admin/team/user/{ae.pk}/change/"
    client.force_login(ae)
    shown = client.get(page).content.decode()
    assert "DE, SE" in shown
    assert str(ae) in shown
    assert person not in shown
    assert client.get(person).status_code == 403
    client.force_login(manager)
    assert person in client.get(page).content.decode()


def test_the_name_of_the_product_leads_to_my_work(client: Client, ae: User) -> None:
    client.force_login(ae)
    page = client.get("/admin/accounts/account/").content.decode()
    assert 'href="/admin/"' in page
    assert client.get("/admin/", follow=True).redirect_chain == [("/", 302)]


def test_a_field_that_is_only_shown_has_our_words_beside_it(
    client: Client, manager: User, ae: User
) -> None:
    client.force_login(manager)
    page = client.get(f"/admin/team/user/{ae.pk}/change/").content.decode()
    assert "Off: cannot sign in." in page
    assert "Designates whether" not in page
