"""My work: each person lands on what needs them now, by role; what each sees is in `work`."""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from handoffs.masking import Reader
from handoffs.views.team_load import load_of
from handoffs.views.work import ae, leads, sdr, setup
from handoffs.views.work.blocks import Block, Desk
from team.doors import person
from team.models import User
from team.pages import page


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What needs this person now; without a role, what to do to get one."""
    user, now = person(request), timezone.now()
    if not user.is_staff:
        return page(request, "handoffs/no_role.html", title="Welcome to Handoff Desk")
    desk = Desk(Reader(user), now)
    blocks: list[Block] = []
    if user.is_sdr:
        blocks += sdr.blocks(desk)
    if user.is_ae:
        blocks += ae.blocks(desk)
    if user.is_manager or user.is_revops or user.is_superuser:
        blocks += leads.blocks(desk)
    context = {
        # Whoever has two roles has one list of talks
        "blocks": list({block.key: block for block in reversed(blocks)}.values())[::-1],
        "tiles": setup.tiles(now) if user.is_revops or user.is_superuser else [],
        "imports": setup.last_imports(user) if user.is_revops or user.is_superuser else [],
        "team": load_of(desk.reader.team, now) if user.is_manager else [],
        "greeting": _greeting(user, now),
        "may_start": user.is_sdr or user.is_manager,
        "now": now,
    }
    return page(request, "handoffs/home.html", context, title="My work")


def _greeting(user: User, now: datetime) -> str:
    hour = timezone.localtime(now).hour
    part = "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"Good {part}, {user.first_name or user.username}"
