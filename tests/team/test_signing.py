"""Standard Webhooks: what the reference library signs is taken, what is malformed is refused."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from team import signing
from team.signing import Unverified

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BODY = '{"type": "contact.updated"}'


def signed(secret: str, **changes: str) -> dict[str, str]:
    return signing.sign([secret], message_id="msg_1", body=BODY, now=NOW) | changes


def refusal(headers: dict[str, str], body: bytes = BODY.encode(), *secrets: str) -> Unverified:
    with pytest.raises(Unverified) as caught:
        signing.verify(secrets or [signing.new_secret()], headers, body, now=NOW)
    return caught.value


def test_the_example_of_the_specification_is_verified() -> None:
    """The pair of payload and signature that the specification prints."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    assert signing.verify([secret], headers, b'{"test": 2432232314}', now=at) == (
        "msg_p5jXN8AQM9LWM0D4loKWxJek"
    )


def test_the_reference_library_takes_what_we_sign(clock: object) -> None:
    secret = signing.new_secret()
    headers = signing.sign([secret], message_id="msg_1", body=BODY, now=datetime.now(UTC))
    assert Webhook(secret).verify(BODY, headers) == {"type": "contact.updated"}


def test_a_secret_has_32_random_bytes() -> None:
    one, other = signing.new_secret(), signing.new_secret()
    assert one != other
    assert len(base64.b64decode(one.removeprefix("whsec_"))) == 32


def test_either_secret_is_good_while_one_is_replaced() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    for secret in (old, new):
        assert signing.verify([new, old], signed(secret), BODY.encode(), now=NOW) == "msg_1"
    both = signing.sign([new, old], message_id="msg_1", body=BODY, now=NOW)
    assert signing.verify([old], both, BODY.encode(), now=NOW) == "msg_1"
    assert refusal(signed(old), BODY.encode(), new).status == 401


@pytest.mark.parametrize("seconds", [-300, -299, 0, 300])
def test_five_minutes_either_way_are_tolerated(seconds: int) -> None:
    secret = signing.new_secret()
    at = NOW + timedelta(seconds=seconds)
    headers = signing.sign([secret], message_id="msg_1", body=BODY, now=at)
    assert signing.verify([secret], headers, BODY.encode(), now=NOW) == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 301, -600])
def test_a_replay_is_refused_though_its_signature_is_right(seconds: int) -> None:
    secret = signing.new_secret()
    at = NOW + timedelta(seconds=seconds)
    headers = signing.sign([secret], message_id="msg_1", body=BODY, now=at)
    refused = refusal(headers, BODY.encode(), secret)
    assert "outside 5 minutes" in str(refused) and refused.status == 401


@pytest.mark.parametrize(
    "stamp", ["", "-1", "nan", "1e400", "9" * 30, "99999999999", "0x10", " 1", "1.5", "١٢٣", "abc"]
)
def test_a_timestamp_that_is_none_is_refused(stamp: str) -> None:
    secret = signing.new_secret()
    headers = signed(secret, **{"webhook-timestamp": stamp})
    assert refusal(headers, BODY.encode(), secret).status == 401


@pytest.mark.parametrize(
    "message_id", ["", "x" * 256, "x" * 300, "a.b", "a\nb", "a b", "ä", "\x00"]
)
def test_an_id_that_is_none_is_refused(message_id: str) -> None:
    secret = signing.new_secret()
    headers = signed(secret, **{"webhook-id": message_id})
    assert refusal(headers, BODY.encode(), secret).status == 400


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1,",
        "v1,a",
        "v1,a,b",
        "v1,!!!!",
        "v2,YWJj",
        ",",
        " ",
        "v1 ,YWJj",
        "v1,ä",
        "v1a,YQ",
    ],
)
def test_a_malformed_signature_is_refused_and_breaks_nothing(signature: str) -> None:
    secret = signing.new_secret()
    headers = signed(secret, **{"webhook-signature": signature})
    assert refusal(headers, BODY.encode(), secret).status == 401


def test_a_right_signature_among_others_is_found() -> None:
    secret = signing.new_secret()
    headers = signed(secret)
    headers["webhook-signature"] = f"v1,YWJj v2,a v1a,b {headers['webhook-signature']} v1"
    assert signing.verify([secret], headers, BODY.encode(), now=NOW) == "msg_1"


def test_another_body_or_id_or_time_is_refused() -> None:
    secret = signing.new_secret()
    assert refusal(signed(secret), BODY.encode() + b" ", secret).status == 401
    assert refusal(signed(secret, **{"webhook-id": "msg_2"}), BODY.encode(), secret).status == 401
    later = str(int(NOW.timestamp()) + 1)
    headers = signed(secret, **{"webhook-timestamp": later})
    assert refusal(headers, BODY.encode(), secret).status == 401


def test_a_body_that_is_not_utf8_is_refused() -> None:
    secret = signing.new_secret()
    assert refusal(signed(secret), b"\xff\xfe", secret).status == 400
