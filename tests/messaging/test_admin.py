"""The outbox, the texts and the channels in the admin: who sees what, and what a POST does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from messaging.catalogue import CATALOGUE
from messaging.models import Channel, Message, MessageTemplate
from team.models import User
from tests.faults.fake_slack import FakeSlack
from tests.messaging.helpers import NOW, deliver, mail, state_of

pytestmark = pytest.mark.django_db
OUTBOX = "/admin/messaging/message/"
CONFIRM = {"_form_submitted": "on"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="team.backends.PasswordBackend")
    return client


def dead(**fields: object) -> Message:
    return mail(to="", **fields)  # type: ignore[arg-type]


def page_of(message: Message) -> str:
    return reverse("admin:messaging_message_change", args=[message.pk])


def action_of(message: Message, name: str) -> str:
    return reverse(f"admin:messaging_message_{name}", args=[message.pk])


def test_revops_sees_every_message_with_its_reason(revops: User, ae: User) -> None:
    message = dead(person=ae)
    client = signed_in(revops)
    assert "Ana Silva has no e-mail address." in client.get(OUTBOX).text
    page = client.get(page_of(message)).text
    assert "Read it, then accept it." in page
    assert "Given up" in page
    assert action_of(message, "resend") in page


def test_a_waiting_message_says_when_it_is_tried_next(revops: User) -> None:
    message = mail()
    Message.objects.filter(pk=message.pk).update(
        state="retry", attempts=2, next_try_at=NOW + timedelta(minutes=32)
    )
    assert "waiting, next try 2 Mar 10:32 UTC (try 3 of 8)" in signed_in(revops).get(OUTBOX).text


def test_a_manager_sees_what_went_to_their_team_only(
    manager: User, ae: User, other_ae: User
) -> None:
    mine, theirs = mail("event:1", person=ae), mail("event:2", to="x@y.de", person=other_ae)
    client = signed_in(manager)
    page = client.get(OUTBOX).text
    assert mine.recipient in page
    assert theirs.recipient not in page
    assert client.get(page_of(theirs)).status_code == 404
    assert client.post(action_of(theirs, "resend"), CONFIRM).status_code == 404


@pytest.mark.parametrize("who", ["sdr", "ae"])
def test_sales_people_do_not_see_the_outbox(request: pytest.FixtureRequest, who: str) -> None:
    message = dead()
    client = signed_in(request.getfixturevalue(who))
    assert client.get(OUTBOX).status_code == 403
    assert client.post(action_of(message, "resend"), CONFIRM).status_code in (403, 404)
    assert state_of(message) == Message.State.DEAD


def test_nobody_edits_or_deletes_a_message(revops: User) -> None:
    message = mail()
    client = signed_in(revops)
    client.post(page_of(message), {"body": "Changed", "state": "sent"})
    assert client.get(f"{OUTBOX}add/").status_code == 403
    assert client.post(f"{OUTBOX}{message.pk}/delete/", {"post": "yes"}).status_code == 403
    assert state_of(message) == Message.State.PENDING
    assert message.body == "Read it, then accept it."


def test_sending_again_takes_a_post(revops: User) -> None:
    message = dead()
    client = signed_in(revops)
    assert client.get(action_of(message, "resend")).status_code == 200
    assert state_of(message) == Message.State.DEAD
    response = client.post(action_of(message, "resend"), CONFIRM, headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == page_of(message)
    assert state_of(message) == Message.State.PENDING
    assert message.error == "Sent again by Rita Vance."


@pytest.mark.parametrize(("name", "state"), [("it_arrived", "sent"), ("send_it_again", "pending")])
def test_a_message_whose_fate_is_unknown_is_settled(revops: User, name: str, state: str) -> None:
    message = mail()
    Message.objects.filter(pk=message.pk).update(state="unknown")
    client = signed_in(revops)
    page = client.get(page_of(message)).text
    assert action_of(message, "it_arrived") in page
    assert action_of(message, "resend") not in page
    assert client.post(action_of(message, name), CONFIRM).status_code == 302
    assert state_of(message) == state


def test_what_was_settled_meanwhile_is_not_settled_again(revops: User) -> None:
    message = mail()
    response = signed_in(revops).post(action_of(message, "it_arrived"), CONFIRM, follow=True)
    assert "Nobody is waiting to hear" in response.text
    assert state_of(message) == Message.State.PENDING


def test_several_are_sent_again_at_once_but_never_an_unknown_one(revops: User) -> None:
    failed, unknown, waiting = dead(), mail("event:2"), mail("event:3")
    Message.objects.filter(pk=unknown.pk).update(state="unknown")
    chosen = [failed.pk, unknown.pk, waiting.pk]
    data = {"action": "resend_selected", "_selected_action": chosen, "index": "0"}
    response = signed_in(revops).post(OUTBOX, data, follow=True)
    assert "1 will be sent again." in response.text
    assert "2 left as they are" in response.text
    assert [state_of(row) for row in (failed, unknown, waiting)] == [
        "pending",
        "unknown",
        "pending",
    ]


@pytest.mark.parametrize("key", ["handoff_returned", "sla_manager"])
def test_a_texts_page_explains_its_fields_and_shows_a_preview(revops: User, key: str) -> None:
    text = MessageTemplate.objects.get(key=key)
    page = signed_in(revops).get(f"/admin/messaging/messagetemplate/{text.pk}/change/").text
    assert "{company} the account’s name" in page
    assert "Acme Robotics" in page
    assert "Preview with sample values" in page


def test_a_text_with_an_unknown_field_is_refused_with_its_place(revops: User) -> None:
    text = MessageTemplate.objects.get(key="handoff_returned")
    data = {"subject": "{question}?", "body": "Fine\r\n{{ settings.SECRET_KEY }}"}
    page = signed_in(revops).post(f"/admin/messaging/messagetemplate/{text.pk}/change/", data).text
    assert "Line 1, character 1: “{question}” is not a field of this text." in page
    assert "Line 2, character 1: Write one brace on each side" in page
    assert "{{ settings.SECRET_KEY }}" in page
    text.refresh_from_db()
    assert text.subject == CATALOGUE["handoff_returned"].subject


def test_a_good_text_is_saved_and_can_go_back(revops: User) -> None:
    text = MessageTemplate.objects.get(key="handoff_returned")
    client, page = signed_in(revops), f"/admin/messaging/messagetemplate/{text.pk}/change/"
    client.post(page, {"subject": "Hi {actor}", "body": "One\r\n{link}"})
    text.refresh_from_db()
    assert (text.subject, text.body) == ("Hi {actor}", "One\n{link}")
    back = reverse("admin:messaging_messagetemplate_back_to_shipped", args=[text.pk])
    assert client.get(back).status_code == 200
    client.post(back, CONFIRM)
    text.refresh_from_db()
    assert text.subject == CATALOGUE["handoff_returned"].subject


def test_the_preview_follows_the_typing_and_saves_nothing(revops: User, manager: User) -> None:
    text = MessageTemplate.objects.get(key="handoff_returned")
    url = reverse("admin:messaging_messagetemplate_preview", args=[text.pk])
    client = signed_in(revops)
    fragment = client.post(url, {"subject": "<b>{company}", "body": "{question}"}).text
    assert "&lt;b&gt;Acme Robotics" in fragment
    assert "Who signs the budget" in fragment
    assert "is never closed" in client.post(url, {"subject": "x", "body": "{"}).text
    assert client.get(url).status_code == 405
    assert signed_in(manager).post(url, {"subject": "x"}).status_code == 403
    text.refresh_from_db()
    assert text.subject == CATALOGUE["handoff_returned"].subject


def test_a_webhook_is_never_shown_again(revops: User) -> None:
    client = signed_in(revops)
    url = "https://hooks.slack.com/services/T000/B000/secretXYZ9"
    data = {"name": "#deals", "webhook_url": url, "is_enabled": "on"}
    assert client.post("/admin/messaging/channel/add/", data).status_code == 302
    channel = Channel.objects.get(name="#deals")
    page = client.get(f"/admin/messaging/channel/{channel.pk}/change/").text
    assert "secretXYZ9" not in page
    assert "ends in …XYZ9" in page
    client.post(f"/admin/messaging/channel/{channel.pk}/change/", {"webhook_url": ""})
    channel.refresh_from_db()
    assert (channel.webhook_url, channel.is_enabled) == (url, False)
    assert channel.off_reason == "Switched off by Rita Vance."


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("#x", "http://169.254.169.254/latest", "Enter the incoming webhook that Slack shows"),
        ("#x", "", "Enter the incoming webhook that Slack shows"),
        ("#x @y", "https://hooks.slack.com/services/a", "no space before an @"),
    ],
)
def test_a_channel_that_cannot_be_posted_to_is_refused(
    revops: User, name: str, url: str, said: str
) -> None:
    data = {"name": name, "webhook_url": url, "is_enabled": "on"}
    assert said in signed_in(revops).post("/admin/messaging/channel/add/", data).text
    assert not Channel.objects.exists()


def test_switching_a_channel_on_again_forgets_why_it_was_off(
    revops: User, channel: Channel
) -> None:
    Channel.objects.update(is_enabled=False, off_reason="410", off_at=NOW, free_at=NOW)
    data = {"webhook_url": "", "is_enabled": "on"}
    signed_in(revops).post(f"/admin/messaging/channel/{channel.pk}/change/", data)
    channel.refresh_from_db()
    assert (channel.is_enabled, channel.off_reason, channel.off_at) == (True, "", None)


def test_a_test_message_goes_through_the_outbox(
    revops: User, channel: Channel, slack: FakeSlack
) -> None:
    url = reverse("admin:messaging_channel_send_test", args=[channel.pk])
    client = signed_in(revops)
    client.get(url)
    assert not Message.objects.exists()
    client.post(url, CONFIRM)
    assert deliver()["sent"] == 1
    assert slack.texts == [
        "Rita Vance is testing whether Handoff Desk reaches this channel.",
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("q=" + "x" * 201, "at most 200 characters and 8 words"),
        ("q=a+b+c+d+e+f+g+h+i", "at most 200 characters and 8 words"),
        ("q=%00", "cannot be read"),
        ("state__exact=%00", "cannot be read"),
        ("id__in=1,1000000000000000000000000000000", "cannot be read"),
    ],
)
def test_a_request_that_no_person_types_gets_a_sentence(
    revops: User, query: str, said: str
) -> None:
    response = signed_in(revops).get(f"{OUTBOX}?{query}", follow=True)
    assert response.status_code == 200
    assert said in response.text


@pytest.mark.parametrize("pk", ["x", "", "1" * 31, "-1", "1.5", "%00"])
def test_a_page_or_selection_with_a_broken_id_is_no_error(revops: User, pk: str) -> None:
    client = signed_in(revops)
    assert client.get(f"{OUTBOX}{pk or 'x'}/change/").status_code == 404
    data = {"action": "resend_selected", "_selected_action": [pk], "index": "0"}
    assert "The selection has changed" in client.post(OUTBOX, data, follow=True).text


def test_the_list_costs_the_same_for_many_messages(
    revops: User, ae: User, django_assert_max_num_queries: object
) -> None:
    for number in range(30):
        mail(f"event:{number}", person=ae)
    client = signed_in(revops)
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        assert client.get(OUTBOX).status_code == 200
