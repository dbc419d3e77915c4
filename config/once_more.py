"""What was undone because two transactions waited for each other is done once more.

PostgreSQL ends such a wait (a deadlock, a serialization failure) by undoing one of the two. Its
whole request runs again, once, and only where nothing of it has been committed: so nothing is
done by halves, and nothing twice.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse

log = logging.getLogger("handoffdesk.request")

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
COLLIDED = ("40P01", "40001")  # PostgreSQL’s deadlock_detected, serialization_failure
# Writes nothing by itself
READS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")
# What Django keeps on a request of the person who asks; it was read before the transaction
OF_THE_FIRST_TIME = ("_cached_user",)


class OnceMore:
    """Runs a request again that collided with another one: see docs/decisions/0017-once-more.md."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE:
            return self.get_response(request)
        watch = Watch()
        with connection.execute_wrapper(watch):
            response = self.get_response(request)
        if response.status_code != 503 or not watch.all_undone or not _can_be_read_again(request):
            return response
        log.info("collided, done once more [%s]", getattr(request, "id", ""))
        for name in OF_THE_FIRST_TIME:
            vars(request).pop(name, None)
        return self.get_response(request)


class Watch:
    """Sees every statement of a request: whether one collided, and whether any was committed."""

    def __init__(self) -> None:
        self.collided = False
        self.committed = False

    @property
    def all_undone(self) -> bool:
        return self.collided and not self.committed

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        try:
            done = execute(sql, params, many, context)
        except OperationalError as error:
            self.collided |= getattr(error.__cause__, "sqlstate", None) in COLLIDED
            raise
        if not self.committed and not sql.startswith(READS):
            connection.on_commit(self._note)  # at once where no transaction is open
        return done

    def _note(self) -> None:
        self.committed = True


def _can_be_read_again(request: HttpRequest) -> bool:
    """Whether what was sent is kept; an upload may have been moved away, a stream is read up."""
    kept = hasattr(request, "_body") or hasattr(request, "_post")
    return kept and not getattr(request, "_files", None)
