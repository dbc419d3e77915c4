"""The address that other systems post to: checks, stores, answers; the worker does the rest."""

import hashlib
import logging
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.hooks import inbox, payloads
from accounts.models import EnrichmentSource
from team import signing

log = logging.getLogger("handoffdesk.hooks")

MOST_BYTES = 256 * 1024
# A source whose updates wait in such numbers sends faster than we read.
MOST_WAITING = 50_000
WAIT = 30  # seconds that a flooding source is asked to wait


@csrf_exempt
def enrichment(request: HttpRequest, source: str) -> JsonResponse:
    """Take one signed update of `source`: 202 once it is stored, or why not.

    403, 405, 404, 415, 413, 400, 401, 422, 409 and 429 each say in `detail` what to do.
    """
    if settings.HTTPS and not request.is_secure():  # sent on to https, it would go unnoticed
        return _refused(request, source, 403, "Post to https://: this came in the clear.")
    if request.method != "POST":
        answer = _refused(request, source, 405, "Post an update here.")
        answer["Allow"] = "POST"
        return answer
    known = EnrichmentSource.objects.filter(slug=source, is_enabled=True).first()
    if known is None:
        return _refused(request, source, 404, "There is no such source, or it is switched off.")
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return _refused(request, source, 415, "Send the body as it is, without compression.")
    body = _body(request)
    if body is None:
        return _refused(request, source, 413, f"The body may have {MOST_BYTES // 1024} kB.")
    now = timezone.now()
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        event_id = signing.verify(known.secrets_at(now), headers, body, now=now)
    except signing.Unverified as error:
        return _refused(request, source, error.status, str(error))
    if _is_too_much(known, int(now.timestamp()) // 60):
        answer = _refused(request, source, 429, "Too many updates. Wait, then send it again.")
        answer["Retry-After"] = str(WAIT)
        return answer
    try:
        text = body.decode()
        update = payloads.check(found := payloads.parse(text), now)
    except payloads.Unreadable as error:
        return _refused(request, source, error.status, str(error))
    kept = inbox.store(
        known,
        event_id=event_id,
        body=text,
        digest=hashlib.sha256(body).hexdigest(),
        kind=str(found["type"]),
        update=update,
        now=now,
    )
    if kept is inbox.Kept.ANOTHER:
        log.warning("security: an id was used again for another body: %s %r", source, event_id)
        return _refused(request, source, 409, "This id was used for another body.")
    return JsonResponse({"status": str(kept), "id": event_id}, status=202)


def _body(request: HttpRequest) -> bytes | None:
    """The body, or None where it is larger than anything we read."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MOST_BYTES:
        return None
    try:
        body: bytes = request.read(MOST_BYTES + 1)
    except OSError:  # the sender hung up half-way
        return b""
    return body if len(body) <= MOST_BYTES else None


def _is_too_much(source: EnrichmentSource, minute: int) -> bool:
    """Whether the source has used up its minute, or sends faster than the worker reads."""
    key = f"hooks:{source.pk}:{minute}"
    cache.add(key, 0, timeout=120)
    try:
        count = cache.incr(key)
    except ValueError:  # dropped by the cache in between
        count = 1
    full = f"hooks:{source.pk}:full"
    if count % 100 == 1 and inbox.waiting(source) > MOST_WAITING:
        cache.set(full, True, timeout=WAIT)
    return count > source.per_minute or bool(cache.get(full))


def _refused(request: HttpRequest, source: str, status: int, sentence: str) -> JsonResponse:
    """The answer in JSON, and a line in the log without anything of the body."""
    log.warning("refused: %r %s %s", source[:40], status, sentence if status != 422 else "a field")
    content: dict[str, Any] = {
        "error": _NAMES[status],
        "detail": sentence,
        "id": request.headers.get("webhook-id", "")[:255],
    }
    return JsonResponse(content, status=status)


_NAMES = {
    400: "bad_request",
    401: "unauthorized",
    403: "https_required",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_encoding",
    422: "unprocessable",
    429: "too_many_requests",
}
