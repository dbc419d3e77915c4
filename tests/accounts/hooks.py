"""Signed deliveries for tests, as a vendor would post them."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.hooks import inbox
from accounts.models import EnrichmentSource, InboundEvent
from team import signing


def headers_for(
    source: EnrichmentSource, event_id: str, body: str, at: datetime | None = None
) -> dict[str, str]:
    return signing.sign([source.secret], message_id=event_id, body=body, now=at or timezone.now())


def post(source: EnrichmentSource, event_id: str, body: str | bytes, **options: Any) -> Any:
    """Post `body` signed by `source`; `headers` replace or add to the signed ones."""
    text = body if isinstance(body, str) else body.decode("utf-8", "ignore")
    headers = headers_for(source, event_id, text, options.pop("at", None))
    headers |= options.pop("headers", {})
    response: HttpResponse = Client(raise_request_exception=False).post(
        f"/hooks/enrichment/{source.slug}/",
        body,
        content_type="application/json",
        headers={name: value for name, value in headers.items() if value is not None},
        **options,
    )
    return response


def event(kind: str, occurred_at: datetime | str | None = None, **data: Any) -> str:
    at = occurred_at if isinstance(occurred_at, str) else (occurred_at or timezone.now())
    text = at if isinstance(at, str) else at.isoformat()
    return json.dumps({"type": kind, "occurred_at": text, "data": data})


def receive(source: EnrichmentSource, event_id: str, body: str) -> InboundEvent:
    """Post it, let the worker come by, and see what became of it."""
    assert post(source, event_id, body).status_code == 202
    inbox.process_due()
    return InboundEvent.objects.get(source=source, event_id=event_id)


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)
