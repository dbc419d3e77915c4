"""What reports send by themselves: the invitation to the monthly review, the weekly digest.

Both look who has not got theirs yet, so they may run at any time and any number of times.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse

from messaging import outbox
from messaging.preferences import media_for
from reports import board, facts, metrics
from reports.judging import verdict
from reports.models import Fact
from reports.periods import Period, month_of
from reports.review import EVERYBODY
from reports.scope import scope_of
from sla.models import Breach
from team.models import Role, User
from team.zones import zone_named

FROM_HOUR = 7  # of the reader's own day


def invite_to_review(now: datetime) -> int:
    """Tell every leader that last month can be reviewed, once; how many messages were posted."""
    period = month_of(now, zone_named(settings.TIME_ZONE)).before()
    if now - period.end > timedelta(days=7):
        return 0  # a desk set up in the middle of a month starts with the next
    facts.catch_up()
    if not Fact.objects.filter(submitted_at__lt=period.end).exists():
        return 0
    lines = [f"- {line}" for line in _figures(period, now)]
    link = settings.BASE_URL + reverse("report_review", args=[period.key])
    subject = f"The joint review of {period.name} is open"
    body = "\n".join(
        [
            f"The figures of {period.name}, for SDRs and AEs together:",
            "",
            *lines,
            "",
            "Open the review together, write down what you agree on, and sign it:",
            link,
            "",
        ]
    )
    leaders = [user for user in _managers() if user.leads(Role.SDR) or user.leads(Role.AE)]
    return sum(_post(user, f"review:{period.key}", subject, body, now) for user in leaders)


def weekly(now: datetime) -> int:
    """Every manager's week in figures, on Monday morning of their own zone, once."""
    facts.catch_up()
    return sum(_week(user, now) for user in _managers())


def _week(user: User, now: datetime) -> int:
    local = now.astimezone(user.zone)
    if local.weekday() != 0 or local.hour < FROM_HOUR:
        return 0
    end = local.replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - timedelta(days=7)
    period = Period(start, end, "last week")
    scope = scope_of(user)
    scoped = Fact.objects.filter(scope.condition())

    def within(name: str) -> Q:
        return Q(**{f"{name}__gte": period.start, f"{name}__lt": period.end})

    counts = scoped.aggregate(
        submitted=Count("pk", filter=within("submitted_at")),
        accepted=Count("pk", filter=within("accepted_at")),
        rejected=Count("pk", filter=within("decided_at") & Q(outcome="rejected")),
        contacted=Count("pk", filter=within("contacted_at")),
        won=Count("pk", filter=within("qualified_at")),
        waiting=Count(
            "pk",
            filter=Q(submitted_at__lte=now - timedelta(hours=48), contacted_at=None)
            & Q(closed_at=None),
        ),
    )
    missed = Breach.objects.filter(
        within("fell_due_at"), clock__handoff__in=scoped.values("pk")
    ).aggregate(all=Count("pk"), unexplained=Count("pk", filter=Q(cause="")))
    if not any(counts.values()) and not missed["all"]:
        return 0
    body = "\n".join(
        [
            f"Your team from {_day(start.date())} to {_day((end - timedelta(days=1)).date())}:",
            "",
            f"- {counts['submitted']} handed over, {counts['accepted']} accepted, "
            f"{counts['rejected']} rejected",
            f"- {counts['contacted']} prospects heard from us for the first time, "
            f"{counts['won']} became an opportunity",
            f"- {missed['all']} promises were missed; {missed['unexplained']} of them wait for "
            "a cause",
            f"- {counts['waiting']} open handoffs have had no contact for 48 hours or more",
            "",
            f"What needs you: {settings.BASE_URL}{reverse('attention')}",
            f"All figures: {settings.BASE_URL}{reverse('reports')}",
            "",
        ]
    )
    return _post(user, f"week:{start:%Y-%m-%d}", "Your team’s week in figures", body, now)


def _figures(period: Period, now: datetime) -> list[str]:
    lines = []
    for metric in board.METRICS:
        rate = metrics.rate_of(metric.counting(now), period, EVERYBODY)
        name = "Within SLA" if metric.key == "contact" else metric.name
        share = "nothing yet" if rate.value is None else f"{rate.value:.0%}"
        word = "" if metric.key == "contact" else f" ({verdict(metric.key, rate).word.lower()})"
        lines.append(f"{name}: {share}, {rate.numerator} of {rate.denominator}{word}")
    return lines


def _managers() -> list[User]:
    return list(User.objects.with_role(Role.MANAGER).order_by("pk"))


def _post(user: User, cause: str, subject: str, body: str, now: datetime) -> int:
    posted = 0
    for medium in media_for(user, escalation=False):
        message = outbox.post(
            event_key=f"{cause}:{user.pk}",
            medium=medium,
            recipient=user.email,
            person=user,
            kind=cause.split(":")[0],
            subject=subject,
            body=body,
            now=now,
        )
        posted += message.created_at == now
    return posted


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
