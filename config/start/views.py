"""The page “Getting started”: what is missing before the first handoff, and the quick start."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from config.start.quick import QuickStart, TooLate, is_open, make
from config.start.steps import steps
from team.doors import person, with_role
from team.models import User
from team.pages import page

TOO_LATE = (
    "There are people or a territory already. Whoever has no password yet is given one on their "
    "page under People."
)
UNCHOSEN = "UTC"  # what a new person has, see team.models.User


@require_GET
@with_role
def getting_started(request: HttpRequest) -> HttpResponse:
    """How far it is to the first handoff."""
    insist_on_an_admin(person(request))
    form = QuickStart(initial={"time_zone": person(request).time_zone})
    if person(request).time_zone == UNCHOSEN:
        form.fields["time_zone"].widget.attrs["data-of-the-browser"] = ""
    return _page(request, form)


@never_cache
@require_http_methods(["POST"])
@with_role
def quick_start(request: HttpRequest) -> HttpResponse:
    """Make the first people, hours and territory; their passwords are shown this once."""
    user = person(request)
    insist_on_an_admin(user)
    if not is_open():
        return _page(request, None, TOO_LATE, status=409)
    form = QuickStart(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        made = make(form.cleaned_data, by=user, now=timezone.now())
    except TooLate:
        return _page(request, None, TOO_LATE, status=409)
    return page(request, "start/made.html", {"made": made}, title="These people can sign in")


def insist_on_an_admin(user: User) -> None:
    """Raise PermissionDenied for everybody but RevOps and superusers."""
    if not (user.is_revops or user.is_superuser):
        raise PermissionDenied("Only RevOps admins set the product up.")


def _page(
    request: HttpRequest, form: QuickStart | None, refused: str = "", status: int = 200
) -> HttpResponse:
    found = steps(timezone.now())
    context = {
        "steps": found,
        "done": sum(step.done for step in found),
        "form": form if is_open() else None,
        "refused": refused,
    }
    return page(request, "start/start.html", context, title="Getting started", status=status)
