"""The page “Settings file”: download it, try one, put it in."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from config.portable.file import LARGEST, parsed, take_in, written
from config.portable.parts import SAME, Outcome, Unreadable
from config.start.views import insist_on_an_admin
from team.audit import note
from team.doors import person, with_role
from team.models import Deed
from team.pages import page


@require_http_methods(["GET", "POST"])
@with_role
def settings_file(request: HttpRequest) -> HttpResponse:
    """Take a file in: first tried, with what would become of each part; then done."""
    user = person(request)
    insist_on_an_admin(user)
    if request.method == "GET":
        return _page(request, {})
    trial = "put_in" not in request.POST
    try:
        content = _content(request)
        found = take_in(parsed(content), by=user, trial=trial)
    except Unreadable as refused:
        return _page(request, {"refused": str(refused)}, status=422)
    context = {"trial": trial, "content": content.decode("utf-8-sig"), **_sorted(found)}
    return _page(request, context)


@require_GET
@with_role
def settings_download(request: HttpRequest) -> HttpResponse:
    """The settings of this installation as one file."""
    insist_on_an_admin(person(request))
    now = timezone.now()
    answer = JsonResponse(written(now), json_dumps_params={"indent": 2, "ensure_ascii": False})
    name = f"handoff-desk-settings-{now:%Y-%m-%d}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    note(Deed.EXPORTED, by=person(request), name="Settings file", words="The settings as JSON.")
    return answer


def _content(request: HttpRequest) -> bytes:
    """What was chosen, or what was tried before and stands in the page."""
    upload = request.FILES.get("file")
    if upload is None:
        text = request.POST.get("content", "")
        if not text.strip():
            raise Unreadable("Choose the file first.")
        return text.encode()
    if (upload.size or 0) > LARGEST:
        raise Unreadable("The file is larger than 2 MB, so it is no settings file.")
    return bytes(upload.read())


def _sorted(found: list[Outcome]) -> dict[str, Any]:
    news = [outcome for outcome in found if outcome.verdict != SAME]
    return {"news": news, "same": len(found) - len(news), "read": True}


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return page(request, "start/settings.html", context, title="Settings file", status=status)
