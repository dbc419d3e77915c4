"""My work of RevOps: how the set-up stands, in numbers that lead somewhere."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse

from handoffs.models import FrameworkVersion, Handoff
from handoffs.views.work.blocks import queue
from team.models import Absence, Import, Territory, User

IMPORTS = 5  # the last ones; the others are one click away
IMPORT_COLOURS = {
    Import.State.CHECKED: "is-warn",
    Import.State.REFUSED: "is-bad",
    Import.State.FAILED: "is-bad",
    Import.State.DONE: "is-good",
}


class LastImport(NamedTuple):
    """A file that somebody brought, as My work lists it."""

    run: Import
    tone: str


class Tile(NamedTuple):
    """A number that leads somewhere."""

    title: str
    value: str
    words: str
    link: str
    tone: str = ""


def last_imports(user: User) -> list[LastImport]:
    """The newest imports that `user` may look at."""
    runs = Import.objects.visible_to(user).select_related("by").defer("report")[:IMPORTS]
    return [LastImport(run, IMPORT_COLOURS.get(Import.State(run.state), "")) for run in runs]


def tiles(now: datetime) -> list[Tile]:
    """What RevOps looks after."""
    active = FrameworkVersion.objects.active().select_related("framework").first()
    unsigned = Q(signed_by_sdr_leader=None) ^ Q(signed_by_ae_leader=None)
    half_signed = FrameworkVersion.objects.filter(unsigned, state="draft").count()
    away = Absence.objects.at(now).count()
    unassigned = Handoff.objects.unassigned().count()
    uncovered = Territory.objects.filter(is_active=True, coverage=None).count()
    return [
        Tile(
            "Unassigned",
            str(unassigned),
            "handoffs that routing could place with nobody",
            queue("owner=none&state=submitted"),
            "is-bad" if unassigned else "",
        ),
        Tile(
            "The standard",
            str(active) if active else "None",
            _of_the_standard(active, half_signed),
            reverse("admin:handoffs_frameworkversion_changelist"),
            "is-bad" if not active else "is-warn" if half_signed else "",
        ),
        Tile(
            "Without a backup",
            str(uncovered),
            "territories have nobody to stand in",
            reverse("admin:team_territory_changelist"),
            "is-warn" if uncovered else "",
        ),
        Tile(
            "Away now",
            str(away),
            "people; their handoffs go to their cover",
            reverse("admin:team_absence_changelist"),
        ),
        Tile(
            "People",
            str(User.objects.active().count()),
            "can sign in",
            reverse("admin:team_user_changelist"),
        ),
    ]


def _of_the_standard(active: FrameworkVersion | None, half_signed: int) -> str:
    if half_signed:
        versions = "a new version waits" if half_signed == 1 else f"{half_signed} versions wait"
        return f"{versions} for the other leader’s signature"
    if active is None:
        return "Nothing can be submitted until one is signed and active."
    return "is in force"
