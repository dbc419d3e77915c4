"""Pages that belong to no app: error pages, and what crawlers and browsers ask for."""

import errno
import logging
import re
import sys

from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, RawPostDataException
from django.http.multipartparser import MultiPartParserError
from django.template import loader
from django.templatetags.static import static
from django.views.decorators.http import require_safe

log = logging.getLogger("handoffdesk.sign_in")

# What the database says, and what that means to whoever wanted to save
TROUBLE = (
    (
        ("read-only", "readonly"),
        "Nothing can be saved right now, reading works. What you typed is below: copy it, and try "
        "again in some minutes.",
    ),
    (
        ("is full", "no space left", "quota exceeded"),
        "There is no room left on the server, so nothing was saved; reading works. What you typed "
        "is below: copy it, and tell a RevOps admin.",
    ),
    (
        ("deadlock", "could not serialize"),
        "Somebody saved the same things at the same moment, so this was not done. What you typed "
        "is below; go back, look at what is there, and send it again.",
    ),
    (
        ("is locked", "lock timeout"),
        "Too many people are saving at once, so nothing was saved. What you typed is below; go "
        "back and send it again in a few seconds.",
    ),
)

OF_ITS_STATE = ("read-only", "idle-in-transaction timeout")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

# Never shown again, not even to whoever typed it
SECRET = re.compile(r"password|secret|token|code|otp|key|webhook", re.IGNORECASE)
# What asking for a form can raise when the form cannot be read
UNREADABLE = (
    SuspiciousOperation,
    BadRequest,
    MultiPartParserError,
    RawPostDataException,
    OSError,
    UnicodeError,
)
LONGEST_SHOWN = 50_000  # characters of all that was typed

WORDS = {
    400: ("This request could not be read", "Go back and try again."),
    403: (
        "This is not yours to do",
        "Your role does not include this. Ask your manager or a RevOps admin if it should.",
    ),
    404: ("Nothing here", "It may have been moved, or it belongs to somebody else’s desk."),
    409: ("Somebody was faster", "Go back, look at the present state and try again."),
    413: (
        "Too much at once",
        "The largest form that can be sent is 2.5 MB and 2,000 fields. Go back, your text is still "
        "in the form; make it shorter, then send it again.",
    ),
    429: ("Too many tries", "Wait a few minutes, then try again."),
    500: ("Something broke on our side", "It was written down. Nothing you had saved is lost."),
    503: (
        "Busy right now",
        "The database does not answer. Go back, your text is still in the form; try again in a "
        "few seconds.",
    ),
}


def answer(
    request: HttpRequest, status: int, sentence: str = "", *, signing_in: bool = False
) -> HttpResponse:
    """A page of our own for `status`, without any use of the database."""
    title, words = WORDS[status]
    template = loader.get_template("errors/page.html")
    context = {
        "status": status,
        "title": title,
        "words": sentence or words,
        "request_id": getattr(request, "id", ""),
        # Of a sign-in nothing is worth copying, and there is no work to go back to
        "typed": [] if signing_in else _typed(request),
        "back": "Back to the sign-in page" if signing_in else "",
    }
    return HttpResponse(template.render(context), status=status)


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed into the form that could not be taken, so that it can be copied."""
    typed: list[tuple[str, str]] = []
    left = LONGEST_SHOWN
    for name, value in _form(request):
        if value and not SECRET.search(name) and left > 0:
            typed.append((name[:200], value[:left]))
            left -= len(value)
    return typed


def _form(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        return [(name, str(value)) for name, value in request.POST.items()]
    except UNREADABLE:
        return []


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    too_large = isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent))
    return answer(request, 413 if too_large else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, 403, str(exception or ""))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """The page for what nobody caught; a database that is away is said as such.

    The session and the person are read by middleware, out of reach of `ClearAnswers`.
    """
    error = sys.exc_info()[1]
    if error is not None and is_trouble(error):
        return unavailable(request, error)
    return answer(request, 500)


def is_trouble(error: BaseException) -> bool:
    """Whether the database is away, busy, full or read-only, rather than asked for nonsense.

    A disk that is full is trouble of the same kind: for an upload that is larger than memory takes.
    """
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return True
    if isinstance(error, (OperationalError, InterfaceError)):
        return True
    # What PostgreSQL says of the state of a transaction Django passes on as internal errors
    return isinstance(error, InternalError) and any(sign in str(error) for sign in OF_ITS_STATE)


def unavailable(request: HttpRequest, error: BaseException | None = None) -> HttpResponse:
    """The database is away, busy, full or read-only: nothing was saved, and says what to do."""
    said = str(error).lower()
    words = (words for signs, words in TROUBLE if any(sign in said for sign in signs))
    response = answer(request, 503, next(words, ""))
    response["Retry-After"] = "10"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form came from an old page: say so and give the text back."""
    return answer(
        request, 403, "This page was open for too long. Reload it; what you typed is below."
    )


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, str] | None
) -> HttpResponse:
    """Who mistyped too often waits; django-axes asks for this page."""
    log.warning("A sign-in was asked to wait.")
    answered = answer(request, 429, signing_in=True)
    answered["Retry-After"] = "60"
    return answered


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """No crawler has business here."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it beside files and data, where no page can name the icon."""
    return HttpResponseRedirect(static("desk/favicon.svg"))
