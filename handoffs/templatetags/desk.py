"""Words and marks that our own pages share: moments, time left, chips. No queries here."""

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from handoffs.masking import Veil
from handoffs.models import Answer, Criterion, Handoff
from handoffs.time_left import TimeLeft, span

register = template.Library()

STATUS_COLOURS = {
    Handoff.Status.DRAFT: "",
    Handoff.Status.SUBMITTED: "is-info",
    Handoff.Status.RETURNED: "is-warn",
    Handoff.Status.ACCEPTED: "is-good",
    Handoff.Status.REJECTED: "is-bad",
    Handoff.Status.WITHDRAWN: "",
    Handoff.Status.QUALIFIED: "is-good",
    Handoff.Status.DISQUALIFIED: "",
}
ANSWER_COLOURS = {
    "confirmed": "is-good",
    "stated": "is-info",
    "estimated": "is-warn",
    "disproved": "is-bad",
}
FRESHNESS_COLOURS = {
    "fresh": "is-good",
    "ageing": "is-warn",
    "stale": "is-bad",
    "never": "is-bad",
    "wrong": "is-bad",
}


@register.filter
def moment(value: datetime | None) -> str | SafeString:
    """An instant in the viewer's zone, with the zone named: “Mon 2 Mar, 10:00 CET”."""
    return _time(value, "{:%a} {day} {:%b}{year}, {:%H:%M} {zone}")


@register.filter
def short_moment(value: datetime | None) -> str | SafeString:
    """For columns whose head names the zone: “Mon 2 Mar, 10:00”."""
    return _time(value, "{:%a} {day} {:%b}{year}, {:%H:%M}")


@register.filter
def day(value: date | None) -> str:
    """A day: “2 Mar”, with the year unless it is this one."""
    if value is None:
        return ""
    return f"{value.day} {value:%b}" + (
        "" if value.year == timezone.localdate().year else f" {value:%Y}"
    )


@register.filter
def ago(value: datetime | None, now: datetime) -> str:
    """How long ago an instant was, in words."""
    return f"{span(now - value)} ago" if value else ""


@register.simple_tag
def zone_name() -> str:
    """The abbreviation of the viewer's time zone, now."""
    return timezone.localtime().tzname() or ""


@register.filter
def status_chip(handoff: Handoff) -> SafeString:
    return chip(handoff.get_status_display(), STATUS_COLOURS[Handoff.Status(handoff.status)])


@register.filter
def time_chip(left: TimeLeft) -> SafeString:
    """Time left as a chip: its word and how much."""
    if left.due is None:
        return chip(left.word, "")
    words = f"{left.word}: {left.words}" if left.state == "is-warn" else left.words
    return chip(words[0].upper() + words[1:], left.state)


@register.filter
def answer_colour(status: str) -> str:
    return ANSWER_COLOURS.get(status, "")


@register.filter
def answer_value(answer: Answer) -> str:
    """The answer as it reads best: amounts with separators, all else as typed."""
    value = answer.value
    if answer.criterion.answer_type == Criterion.AnswerType.AMOUNT and value.isdigit():
        return f"{int(value):,}"
    return value


@register.filter
def freshness_colour(state: str) -> str:
    return FRESHNESS_COLOURS.get(state, "")


@register.simple_tag
def chip(words: object, colour: str = "") -> SafeString:
    return format_html('<span class="chip {}">{}</span>', colour, words)


@register.filter
def veiled(value: object, veil: Veil) -> str:
    """Free text through the veil."""
    return veil.text(value)


@register.filter
def veiled_name(value: object, veil: Veil) -> str:
    return veil.name(value)


def _time(value: datetime | None, form: str) -> str | SafeString:
    if value is None:
        return ""
    local = timezone.localtime(value)
    year = "" if local.year == timezone.localtime().year else f" {local:%Y}"
    text = (
        form.replace("{day}", str(local.day))
        .replace("{year}", year)
        .replace("{zone}", local.tzname() or "")
        .format(local, local, local)
    )
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)
