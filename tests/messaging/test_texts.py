"""Texts that an admin edits: {field} from an allow-list, and errors that say where."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from messaging import texts
from messaging.catalogue import BODY_ONLY, CATALOGUE, FIELDS, SAMPLES
from messaging.models import MessageTemplate

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_shipped_text_is_there_and_reads_well(key: str) -> None:
    subject, body = texts.render(key, SAMPLES)
    assert subject.startswith(CATALOGUE[key].subject.split("{")[0])
    assert "{" not in subject + body
    assert "}" not in subject + body
    assert SAMPLES["link"] in body
    assert set(CATALOGUE[key].fields) <= set(FIELDS) == set(SAMPLES)
    texts.check_subject(key, CATALOGUE[key].subject)
    texts.check_body(key, CATALOGUE[key].body)


def test_an_admins_words_are_used() -> None:
    MessageTemplate.objects.filter(key="handoff_submitted").update(
        subject="{company}!", body="From {sdr}\nNote: {note}\nBye"
    )
    assert texts.render("handoff_submitted", {"company": "Acme", "sdr": "Sam"}) == (
        "Acme!",
        "From Sam\nBye\n",
    )


def test_a_value_is_never_read_again_for_fields() -> None:
    body = texts.fill("handoff_returned", "x", "{question}", {"question": "{link} {{7*7}} {%x%}"})
    assert body[1] == "{link} {{7*7}} {%x%}\n"


def test_a_value_cannot_break_the_subject_line() -> None:
    subject, _ = texts.fill("handoff_submitted", "{company}", "", {"company": "A\r\nBcc: b@c.d"})
    assert subject == "A Bcc: b@c.d"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello {ownr}", "Line 1, character 7: “{ownr}” is not a field of this text."),
        ("One\n{company} and {password}", "Line 2, character 15: “{password}” is not a field"),
        ("{{ password }}", "Line 1, character 1: Write one brace on each side"),
        ("{% include 'x' %}", "Line 1, character 1: “{% include 'x' %}” is not a field"),
        ("Hello {company", "Line 1, character 7: “{” is never closed."),
        ("Hello {company and {sdr}", "Line 1, character 7: “{” is never closed."),
        ("Hello company}", "Line 1, character 14: “}” closes a brace that was never opened."),
        ("{company.name}", "Line 1, character 1: “{company.name}” is not a field"),
        ("{company!r:>99}", "Line 1, character 1: “{company!r:>99}” is not a field"),
        ("{}", "Line 1, character 1: “{}” is not a field"),
    ],
)
def test_a_text_that_cannot_be_filled_says_where(text: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        texts.check_body("handoff_submitted", text)
    assert said in refused.value.message


def test_free_text_stays_out_of_the_subject() -> None:
    for name in BODY_ONLY:
        with pytest.raises(ValidationError, match="not a field of this text"):
            texts.check_subject("handoff_returned", f"{{{name}}}")


def test_a_broken_or_missing_text_falls_back_to_the_shipped_one() -> None:
    MessageTemplate.objects.filter(key="handoff_submitted").update(body="{oops")
    MessageTemplate.objects.filter(key="handoff_answered").delete()
    assert "has handed" in texts.render("handoff_submitted", SAMPLES)[1]
    assert texts.render("handoff_answered", SAMPLES)[0] == "Ana Silva has answered on Acme Robotics"


def test_shipping_again_keeps_what_was_edited() -> None:
    MessageTemplate.objects.filter(key="handoff_submitted").update(subject="Mine")
    assert texts.ship() == 0
    assert MessageTemplate.objects.get(key="handoff_submitted").subject == "Mine"


@pytest.mark.django_db(transaction=True)
def test_the_texts_come_back_after_a_flush() -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert MessageTemplate.objects.count() == len(CATALOGUE)
