"""Posts signed JSON to another system, as Standard Webhooks says, and tells each failure's kind.

Each try is signed anew; the id stays the same, so that the other side can drop repeats.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError

from messaging.models import Endpoint, Message
from messaging.transports.base import TransportError
from team import outward, signing

DEFAULT_WAIT = 60.0  # seconds, where they say to wait but not how long
COME_BACK_CODES = frozenset({408, 425})
WORDS_LENGTH = 200


def send(endpoint: Endpoint, message: Message, now: datetime) -> None:
    """Post `message` to `endpoint`, or raise TransportError."""
    headers = signing.sign(
        endpoint.secrets_at(now), message_id=id_of(message), body=message.body, now=now
    )
    headers |= {"Content-Type": "application/json", "User-Agent": "Handoff-Desk"}
    try:
        answer = outward.ask("POST", endpoint.url, headers=headers, content=message.body.encode())
    except ValidationError as error:
        raise TransportError(" ".join(error.messages), permanent=True) from error
    except outward.NoAnswer as error:
        raise TransportError(str(error), down=True, permanent=error.refused) from error
    _judge(answer)


def id_of(message: Message) -> str:
    """The id of a delivery, the same at each try: from the Message-ID, which is its cause's."""
    return f"msg_{message.message_id.strip('<>').partition('@')[0]}"


def body_of(kind: str, at: datetime, data: Mapping[str, object]) -> str:
    """The JSON of one event, as the specification lays it out."""
    content = {"type": kind, "timestamp": at.isoformat(), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _judge(answer: outward.Answer) -> None:
    """Return where they took it; raise TransportError where not."""
    code = answer.status
    if 200 <= code < 300:
        return
    words = " ".join(answer.body.decode("utf-8", "replace").split())[:WORDS_LENGTH]
    told = f"They said: {code} {words}".rstrip()
    if code == 410:
        raise TransportError(told, closed=True)
    if code == 429 or (code == 503 and "retry-after" in answer.headers):
        raise TransportError(told, retry_after=_seconds(answer.headers))
    if 300 <= code < 500 and code not in COME_BACK_CODES:
        raise TransportError(told, permanent=True)
    raise TransportError(told, down=code >= 500)


def _seconds(headers: Mapping[str, str]) -> float:
    value = headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 9 else DEFAULT_WAIT
