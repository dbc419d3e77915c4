"""What an installation needs before its first handoff, and what of it is there; writes nothing."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from accounts.models import Contact
from handoffs.models import FrameworkVersion, Handoff, LeadSource
from sla import coverage
from sla.health import is_alive
from sla.policies import active_version
from team.models import Role, Territory, User
from team.wording import counted, listed

SILENT_BACKENDS = ("console", "dummy", "locmem", "filebased")


class Step(NamedTuple):
    """One thing that has to stand. `words` says how it stands, or what to do about it."""

    title: str
    done: bool
    words: str
    link: str
    link_words: str


def steps(now: datetime) -> list[Step]:
    """Every step in the order in which it is done, whether or not it is."""
    return [look(now) for look in _LOOKS]


def is_new() -> bool:
    """Whether nothing was ever handed over here."""
    return not Handoff.objects.exclude(submitted_at=None).exists()


def signature_missing(user: User) -> Step | None:
    """What a leader still has to sign while no standard is in force."""
    if not user.is_manager or FrameworkVersion.objects.active().exists():
        return None
    sides = [role for role in (Role.SDR, Role.AE) if user.leads(role)]
    drafts = FrameworkVersion.objects.filter(state=FrameworkVersion.State.DRAFT)
    if (
        not sides
        or drafts.filter(Q(signed_by_sdr_leader=user) | Q(signed_by_ae_leader=user)).exists()
    ):
        return None
    side = sides[0]
    half = drafts.filter(**{f"signed_by_{side.value}_leader": None}).exclude(
        signed_by_sdr_leader=None, signed_by_ae_leader=None
    )
    title = "No standard is signed yet"
    words = f"Nothing can be submitted before. Read one and sign it for the {side.label}s."
    link = reverse("admin:handoffs_frameworkversion_changelist")
    if waiting := half.select_related("framework").first():
        other = Role.AE if side == Role.SDR else Role.SDR
        title = f"{waiting}, is signed for the {other.label}s"
        words = f"Your signature for the {side.label}s is missing."
        link = reverse("admin:handoffs_frameworkversion_change", args=[waiting.pk])
    return Step(title, False, words, link, "The standard")


def _people(now: datetime) -> Step:
    lacking = list(_lacking_people())
    there = User.objects.active()
    words = (
        f"{counted(there.with_role(Role.SDR).count(), 'SDR')} and "
        f"{counted(there.with_role(Role.AE).count(), 'AE')}, each with somebody to report to."
        if not lacking
        else " ".join(lacking)
    )
    link = reverse("admin:team_user_changelist")
    return Step("People and their leaders", not lacking, words, link, "People")


def _lacking_people() -> Iterator[str]:
    for role in (Role.SDR, Role.AE):
        people = User.objects.with_role(role)
        if not people.exists():
            yield f"Add at least one {role.label}."
            continue
        alone = people.filter(Q(reports_to=None) | Q(reports_to__is_active=False))
        if names := [str(person) for person in alone[:3]]:
            verb = "reports" if len(names) == 1 else "report"
            yield (
                f"{listed(names)} {verb} to nobody, so no manager would hear of a missed promise."
            )


def _territory(now: datetime) -> Step:
    active = Territory.objects.filter(is_active=True)
    with_an_ae = active.filter(Q(primary__is_active=True) | Q(team__is_active=True)).distinct()
    link = reverse("admin:team_territory_changelist")
    title = "A territory with its hours"
    if not active.exists():
        words = "A territory says whose accounts these are and in which hours promises run."
        return Step(title, False, words, link, "Territories")
    empty = [str(one) for one in active.exclude(pk__in=with_an_ae.values("pk"))[:3]]
    if empty:
        return Step(title, False, f"{listed(empty)}: name an AE.", link, "Territories")
    return Step(title, True, f"{counted(active.count(), 'territory', 'territories')}.", link, "")


def _stand_ins(now: datetime) -> Step:
    bare = Territory.objects.filter(is_active=True, coverage=None)
    names = [str(territory) for territory in bare[:3]]
    words = (
        f"{listed(names)}: nobody takes over when the AE is away or late. Name a backup."
        if names
        else "Each territory names who takes over when its AE is away or late."
    )
    done = not names and Territory.objects.filter(is_active=True).exists()
    if not names and not done:
        words = "Comes with the first territory."
    link = reverse("admin:team_territory_changelist")
    return Step("Somebody stands in", done, words, link, "Territories")


def _standard(now: datetime) -> Step:
    title = "A standard signed by both sides"
    link = reverse("admin:handoffs_frameworkversion_changelist")
    active = FrameworkVersion.objects.active().select_related("framework").first()
    if active is not None:
        return Step(title, True, f"{active} is in force.", link, "The standard")
    drafts = FrameworkVersion.objects.filter(state=FrameworkVersion.State.DRAFT)
    signed = drafts.select_related("framework").exclude(
        signed_by_sdr_leader=None, signed_by_ae_leader=None
    )
    if version := signed.order_by("-pk").first():
        waits = [_signers(role) for role in _unsigned(version)]
        words = f"{version}, waits for {listed(waits)}."
        if not waits:
            words = f"Both leaders have signed {version}. Activate it."
        link = reverse("admin:handoffs_frameworkversion_change", args=[version.pk])
        return Step(title, False, words, link, str(version.framework))
    words = (
        "BANT, MEDDIC and SPICED are there as drafts. "
        f"{_capital(_signers(Role.SDR))} and {_signers(Role.AE)} each sign in, read the same one "
        "and sign it; then you activate it. Nothing can be submitted before."
    )
    return Step(title, False, words, link, "The standard")


def _unsigned(version: FrameworkVersion) -> list[Role]:
    return [
        role
        for role in (Role.SDR, Role.AE)
        if getattr(version, f"signed_by_{role.value}_leader_id") is None
    ]


def _signers(role: Role) -> str:
    """Who may sign for a side: by name while that is a person or two."""
    led = {"reports__is_active": True, f"reports__is_{role.value}": True}
    leaders = User.objects.active().filter(is_manager=True, **led).distinct()[:3]
    names = [str(person) for person in leaders]
    if not 0 < len(names) < 3:
        return f"a leader of the {role.label}s"
    return f"{' or '.join(names)} (for the {role.label}s)"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _tiers(now: datetime) -> Step:
    title = "A promise for each lead source"
    link = reverse("admin:sla_policyversion_changelist")
    bare = [str(source.label) for source in LeadSource if active_version(source, None) is None]
    if bare:
        return Step(title, False, f"No policy is active for {listed(bare)}.", link, "SLA policies")
    words = "Each lead source came with promises that are active. Adjust them whenever you like."
    return Step(title, True, words, link, "SLA policies")


def _reach(now: datetime) -> Step:
    title = "A missed promise reaches somebody"
    link = reverse("coverage")
    lines = coverage.check(now)
    holes = [line for line in lines if line.problem]
    if not lines:
        return Step(title, False, "Comes with the first territory.", link, "Who is told")
    if holes:
        first = holes[0]
        words = f"{first.lead_source.label} in {first.territory}: {first.problem}"
        return Step(title, False, words, link, "Who is told")
    return Step(title, True, "Tried for each lead source in each territory.", link, "Who is told")


def _contacts(now: datetime) -> Step:
    title = "Accounts and contacts"
    there = Contact.objects.exists()
    words = (
        "There are contacts to hand over."
        if there
        else "Import a sheet from your CRM, or let an SDR add the first one in the form."
    )
    return Step(title, there, words, reverse("admin:accounts_contact_changelist"), "Contacts")


def _mail(now: datetime) -> Step:
    silent = any(name in settings.EMAIL_BACKEND for name in SILENT_BACKENDS)
    words = (
        "EMAIL_URL is not set on the server: mails are printed there instead of sent. A first "
        "handoff goes without."
        if silent
        else "Mails leave through the server’s EMAIL_URL."
    )
    return Step("Mail leaves", not silent, words, "", "")


def _worker(now: datetime) -> Step:
    alive = is_alive(now)
    words = (
        "Clocks are watched and messages sent."
        if alive
        else "No worker runs: nobody is reminded and nothing is sent. Start manage.py run_worker."
    )
    return Step("The worker runs", alive, words, reverse("health"), "Health")


def _first(now: datetime) -> Step:
    new = is_new()
    words = (
        "An SDR opens “New handoff”; the page names what is missing until it may go."
        if new
        else "The first one was handed over."
    )
    return Step("The first handoff", not new, words, "", "")


_LOOKS: tuple[Callable[[datetime], Step], ...] = (
    _people,
    _territory,
    _stand_ins,
    _standard,
    _tiers,
    _reach,
    _contacts,
    _worker,
    _first,
    _mail,
)
