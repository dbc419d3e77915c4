"""Standard Webhooks (standardwebhooks.com): signs what we send and verifies what we are sent.

The reference library computes the signature. What arrives is taken apart here, because the
library answers a malformed header with whatever error Python happens to raise.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

# "Verifying signatures" of the specification asks for a tolerance against replays.
TOLERANCE = timedelta(minutes=5)
SECRET_BYTES = 32  # the specification asks for 24 to 64
MOST_SIGNATURES = 20
_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,255}")  # one word, without a full stop
_SECONDS = re.compile(r"[0-9]{1,11}")


class Unverified(Exception):
    """A delivery is not taken. The text is a sentence; `status` is the answer, 400 or 401."""

    def __init__(self, sentence: str, status: int = 401) -> None:
        super().__init__(sentence)
        self.status = status


def new_secret() -> str:
    """A secret as the specification writes it: whsec_ and 32 random bytes in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def sign(
    valid_secrets: Iterable[str], *, message_id: str, body: str, now: datetime
) -> dict[str, str]:
    """The three headers for `body`, with a signature by each secret that is valid now."""
    now = now.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message_id, now, body) for secret in valid_secrets
        ),
    }


def verify(
    valid_secrets: Iterable[str], headers: Mapping[str, str], body: bytes, *, now: datetime
) -> str:
    """The id of a delivery that one of the secrets has signed; else Unverified.

    `headers` answers to the names in small letters. The id names the delivery for good: a repeat
    comes with the same one.
    """
    message_id = headers.get("webhook-id") or ""
    if not _ID.fullmatch(message_id):
        raise Unverified(
            "The header webhook-id has to hold 1 to 255 characters, without spaces and full stops.",
            400,
        )
    at = _instant(headers.get("webhook-timestamp") or "")
    if at is None:
        raise Unverified("The header webhook-timestamp has to hold whole seconds since 1970.")
    if not abs(now - at) <= TOLERANCE:
        raise Unverified("The timestamp is outside 5 minutes. Sign it anew and send it again.")
    given = _signatures(headers.get("webhook-signature") or "")
    if not given:
        raise Unverified("The header webhook-signature has to hold a signature such as v1,….")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Unverified("The body is not UTF-8.", 400) from None
    expected = [_signature(Webhook(key).sign(message_id, at, text)) for key in valid_secrets]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise Unverified("No signature fits. Check the secret.")
    return message_id


def _instant(text: str) -> datetime | None:
    if not _SECONDS.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _signatures(header: str) -> list[bytes]:
    """The v1 signatures of the header; what is malformed or of another version is left out."""
    found = []
    for part in header.split(" ")[:MOST_SIGNATURES]:
        version, _, encoded = part.partition(",")
        if version == "v1" and encoded.isascii():
            try:
                found.append(base64.b64decode(encoded, validate=True))
            except ValueError:
                continue
    return found


def _signature(signed: str) -> bytes:
    return base64.b64decode(signed.partition(",")[2])
