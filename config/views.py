"""Pages that belong to no app: error pages and the two health checks."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import loader
from django.templatetags.static import static
from django.views.decorators.http import require_safe

WORDS = {
    400: ("This request could not be read", "Go back and try again."),
    403: (
        "This is not yours to do",
        "Your role does not include this. Ask your manager or a RevOps admin if it should.",
    ),
    404: ("Nothing here", "It may have been moved, or it belongs to somebody else’s desk."),
    409: ("Somebody was faster", "Go back, look at the present state and try again."),
    413: ("Too much at once", "The largest form that can be sent is 2.5 MB."),
    429: ("Too many tries", "Wait a few minutes, then try again."),
    500: ("Something broke on our side", "It was written down. Nothing you had saved is lost."),
    503: (
        "Busy right now",
        "The database does not answer. Go back, your text is still in the form; try again in a "
        "few seconds.",
    ),
}


def answer(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
    """A page of our own for `status`, without any use of the database."""
    title, words = WORDS[status]
    template = loader.get_template("errors/page.html")
    context = {
        "status": status,
        "title": title,
        "words": sentence or words,
        "request_id": getattr(request, "id", ""),
        "typed": _typed(request) if status in (403, 409) else [],
    }
    return HttpResponse(template.render(context), status=status)


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed into the form that could not be taken, so that it can be copied."""
    hidden = {"csrfmiddlewaretoken", "password", "password1", "password2"}
    return [(n, str(v)) for n, v in request.POST.items() if n not in hidden and v]


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    too_large = type(exception).__name__ in {"RequestDataTooBig", "TooManyFieldsSent"}
    return answer(request, 413 if too_large else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, 403, str(exception or ""))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """The page for what nobody caught; a database that is away is said as such.

    The session and the person are read by middleware, out of reach of `ClearAnswers`.
    """
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return unavailable(request)
    return answer(request, 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database is away, busy or read-only: nothing was saved, and it is worth another try."""
    response = answer(request, 503)
    response["Retry-After"] = "10"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form came from an old page: say so and give the text back."""
    return answer(
        request, 403, "This page was open for too long. Reload it; what you typed is below."
    )


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """No crawler has business here."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it beside files and data, where no page can name the icon."""
    return HttpResponseRedirect(static("desk/favicon.svg"))
