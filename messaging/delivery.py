"""One pass over the outbox: claim a message with a lease, send it, record what became of it.

Nothing is sent inside a transaction. A claim is one conditional UPDATE with a token of its own,
and a result is only recorded where the token still stands, so any number of workers may run
passes at once. On the wire that is at-least-once for internal messages; a prospect's mail is
never repeated by itself once it may have arrived.
"""

import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from messaging import channels, digests, trouble
from messaging.channels import LONGEST_HOLD
from messaging.models import Channel, Endpoint, Message
from messaging.transports import slack, webhook
from messaging.transports.base import TransportError
from messaging.transports.email import MailLine

log = logging.getLogger("handoffdesk.outbox")

LEASE = timedelta(seconds=120)
# The wait before each try; after the last the message is given up.
WAITS = [
    timedelta(0),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
]
JITTER = 0.2
# How long tries that the other side put off itself are not counted.
PATIENCE = timedelta(hours=48)
# How far the clocks of two machines may be apart; what comes from further ahead was misdated
CLOCKS_DIFFER = timedelta(minutes=10)
# One message takes 15 s at most, and a worker that is asked to end waits 30 s for its tasks.
PASS_SECONDS = 15.0
BATCH = 200
# How a failure that is no message's own fault begins, so that the end of it can be noticed.
OUTAGE = "No connection. "

WAITING = (Message.State.PENDING, Message.State.RETRY)
Results = dict[str, int]
Line = tuple[str, str]  # the medium, and who reads there


def deliver_due(
    now: datetime | None = None,
    limit: int = 5000,
    patient: bool = False,
    is_over: Callable[[], bool] = bool,  # False, without end
) -> Results:
    """Send what is due, oldest first: {"sent": n, "retry": n, "dead": n, "unknown": n}.

    Ends after `limit` messages, after 15 s or once `is_over()`, never in the middle of a message;
    the next pass goes on. `patient` waits the second that Slack wants between two messages to a
    channel, instead of leaving the second to the next pass. With `now`, time stands still at it.
    """
    return _Pass(now, limit, patient, is_over).run()


def _mind_the_time(now: datetime) -> None:
    """Where the clock was set back, no message waits until it has caught up."""
    ahead = Message.objects.filter(created_at__gt=now + CLOCKS_DIFFER, next_try_at__gt=now)
    ahead.filter(state__in=WAITING).update(next_try_at=now)


def release_stuck(now: datetime | None = None) -> int:
    """Take back messages whose worker died while it held them; how many there were.

    Internal ones are tried again, up to the usual number of tries. Nobody knows whether a
    prospect's left: those wait for a person.
    """
    now = now or timezone.now()
    # A lease that ends beyond its length was taken before the clock was set back
    ended = Q(lease_until__lte=now) | Q(lease_until__gt=now + LEASE + CLOCKS_DIFFER)
    stuck = Message.objects.filter(ended, state=Message.State.SENDING)
    internal = stuck.exclude(audience=Message.Audience.PROSPECT)
    died = "The worker ended while it was sending this."
    # The token stays: should the worker be alive after all, its result still counts.
    count = internal.filter(attempts__gte=len(WAITS)).update(
        state=Message.State.DEAD, lease_until=None, error=died
    )
    count += internal.update(
        state=Message.State.RETRY, lease_until=None, next_try_at=now, error=died
    )
    for message in stuck.filter(audience=Message.Audience.PROSPECT):
        with transaction.atomic():
            changed = Message.objects.filter(
                pk=message.pk, state=Message.State.SENDING, lease_token=message.lease_token
            ).update(state=Message.State.UNKNOWN, lease_until=None, next_try_at=None, error=died)
            if changed:
                count += 1
                trouble.tell_about_prospect_mail(message, "mail_unknown", died, now)
    return count


class _Pass:
    def __init__(
        self, now: datetime | None, limit: int, patient: bool, is_over: Callable[[], bool] = bool
    ) -> None:
        self.frozen, self.room, self.patient, self.is_over = now, limit, patient, is_over
        self.results: Results = {"sent": 0, "retry": 0, "dead": 0, "unknown": 0}
        self.broken: set[Line] = set()  # lines that nothing gets through just now
        self.busy: dict[Line, datetime] = {}  # channels that have to wait, and until when
        self.proven: set[Line] = set()  # lines that something got through
        self.channels: dict[str, Channel | None] = {}
        self.until = time.monotonic() + PASS_SECONDS

    def now(self) -> datetime:
        return self.frozen or timezone.now()

    def run(self) -> Results:
        _mind_the_time(self.now())
        release_stuck(self.now())
        _drop_expired(self.now())
        with MailLine() as self.mail:
            self._send_digests()
            while self._has_time():
                batch = list(self._due()[:BATCH])
                for message in batch:
                    if not self._has_time():
                        break
                    if not self._is_held(message) and not trouble.cancel_if_gone(message):
                        self._deliver([message])
                if batch:
                    continue
                if not self._wait_for_a_channel():
                    break
                self._send_digests()
        return self.results

    def _has_time(self) -> bool:
        return self.room > 0 and time.monotonic() < self.until and not self.is_over()

    def _due(self) -> QuerySet[Message]:
        """What may be sent now, oldest first, without the lines that are known to be held up."""
        due = _waiting(self.now()).select_related("person").order_by("pk")
        for line in self.broken | set(self.busy):
            due = due.exclude(_on_line(line))
        return due

    def _is_held(self, message: Message) -> bool:
        return _line(message) in self.broken or _line(message) in self.busy

    def _wait_for_a_channel(self) -> bool:
        """Wait for the first busy channel, where that is about a second; whether it did."""
        if not (self.patient and self.busy and self._has_time()):
            return False
        before = self.now()
        wait = min(self.busy.values()) - before
        if wait > 2 * channels.ONE_A_SECOND:
            return False
        time.sleep(max(0.0, wait.total_seconds()))
        self.busy = {line: free for line, free in self.busy.items() if free > self.now()}
        return self.now() > before

    def _send_digests(self) -> None:
        """Where more than 20 wait for one reader, one message that lists them all."""
        crowds: Counter[tuple[str, str]] = Counter()
        waiting = digests.eligible(self._due()).order_by().values("medium", "recipient")
        for medium, recipient, count in waiting.annotate(n=Count("pk")).values_list(
            "medium", "recipient", "n"
        ):
            crowds[medium, channels.channel_name(recipient)] += count
        for (medium, reader), count in crowds.items():
            if count > digests.MOST_SINGLE and self._has_time():
                due = digests.eligible(self._due()).filter(_to_reader(medium, reader))
                crowd = due[: self.room]
                self._deliver([message for message in crowd if not trouble.cancel_if_gone(message)])

    def _deliver(self, messages: list[Message]) -> None:
        """Send one message, or several as one digest, unless its line is held."""
        if not messages:
            return
        first, channel = messages[0], None
        if first.medium == Message.Medium.SLACK:
            channel = self._channel(channels.channel_name(first.recipient))
            if channel is None or not channel.is_enabled:
                reason = channel.off_reason if channel else "There is no such channel."
                self.results["dead"] += trouble.fall_back(messages, reason, self.now())
                return
            if not channels.take_slot(channel, self.now()):
                channel.refresh_from_db(fields=["free_at"])
                self.busy[_line(first)] = channel.free_at or self.now()
                return
        token = uuid.uuid4()
        mine = [message for message in messages if self._claim(message, token)]
        if not mine:
            return
        self.room -= len(mine)
        try:
            self._send(mine, channel)
        except TransportError as error:
            self._record_failure(mine, token, error, channel)
        except Exception as error:
            # A message that cannot even be tried must not keep the others from leaving.
            log.exception("message %s could not be tried", mine[0].pk)
            said = f"Something broke on our side: {type(error).__name__}."
            self._record_failure(mine, token, TransportError(said, unknown=True), channel)
            if isinstance(error, MemoryError):  # nor can this process try any other
                raise
        else:
            self._record_sent(mine, token)

    def _claim(self, message: Message, token: uuid.UUID) -> bool:
        """Make `message` ours for 120 s: one UPDATE that only one of several workers wins."""
        now = self.now()
        claimed = Message.objects.filter(
            pk=message.pk,
            state__in=WAITING,
            next_try_at__lte=now,
            attempts=message.attempts,
        ).update(
            state=Message.State.SENDING,
            lease_until=now + LEASE,
            lease_token=token,
            # Counted before the work: a message that kills its worker is given up in the end.
            attempts=F("attempts") + 1,
        )
        message.attempts += claimed
        return bool(claimed)

    def _send(self, messages: list[Message], channel: Channel | None) -> None:
        message = messages[0] if len(messages) == 1 else digests.combine(messages)
        if message.medium == Message.Medium.WEBHOOK:
            webhook.send(self._endpoint(message.recipient), message, self.now())
        elif channel is not None:
            is_digest = len(messages) > 1
            slack.send(channel, message.body if is_digest else slack.words(message))
        else:
            self.mail.send(message)

    def _record_sent(self, messages: list[Message], token: uuid.UUID) -> None:
        note = f"In a digest of {len(messages)} messages." if len(messages) > 1 else ""
        # Where the lease ran out meanwhile the result still counts, unless somebody took over.
        recorded = Message.objects.filter(
            pk__in=[message.pk for message in messages],
            lease_token=token,
            state__in=[Message.State.SENDING, Message.State.RETRY, Message.State.UNKNOWN],
        ).update(
            state=Message.State.SENT,
            sent_at=self.now(),
            next_try_at=None,
            lease_until=None,
            lease_token=None,
            error=note,
        )
        self.results["sent"] += recorded
        line = _line(messages[0])
        if line not in self.proven:
            self.proven.add(line)
            _waiting_after_outage(line).update(next_try_at=self.now())

    def _record_failure(
        self,
        messages: list[Message],
        token: uuid.UUID,
        error: TransportError,
        channel: Channel | None,
    ) -> None:
        if error.down:
            self.broken.add(_line(messages[0]))
        if error.setup:
            log.error("the mail server refuses us: %s", error)
            trouble.tell_about_mail_server(str(error), self.now())
        if error.closed and channel is not None:
            trouble.switch_off(channel, str(error), self.now())
            self.channels.pop(channel.name, None)
        if error.closed and messages[0].medium == Message.Medium.WEBHOOK:
            trouble.switch_endpoint_off(messages[0].recipient, str(error), self.now())
        until = None
        if error.retry_after is not None:
            until = self.now() + min(timedelta(seconds=error.retry_after), LONGEST_HOLD)
            self.busy[_line(messages[0])] = until
            if channel is not None:
                channels.hold(channel, until)
        for message in messages:
            self._record_one_failure(message, token, error, until)

    def _record_one_failure(
        self,
        message: Message,
        token: uuid.UUID,
        error: TransportError,
        until: datetime | None,
    ) -> None:
        now = self.now()
        if error.closed and message.medium == Message.Medium.SLACK:
            self.results["dead"] += trouble.fall_back([message], str(error), now, token=token)
            return
        put_off = until is not None and now - message.created_at < PATIENCE
        state = _state_after(message, error, put_off)
        wait_until = until or now + _wait_after(message.attempts)
        said = f"{OUTAGE}{error}" if error.down and not error.unknown else str(error)
        with transaction.atomic():
            recorded = Message.objects.filter(
                pk=message.pk, state=Message.State.SENDING, lease_token=token
            ).update(
                state=state,
                next_try_at=wait_until if state is Message.State.RETRY else None,
                lease_until=None,
                lease_token=None,
                attempts=F("attempts") - (1 if put_off else 0),
                error=said[:500],
            )
            if not recorded:
                return
            self.results[state.value] += 1
            if error.retry_after and error.retry_after > LONGEST_HOLD.total_seconds():
                trouble.mail_instead(message, now)
            if message.audience != Message.Audience.PROSPECT:
                return
            if error.nobody_there:
                Message.objects.filter(pk=message.pk).update(bounced_at=now)
            if state is Message.State.UNKNOWN:
                trouble.tell_about_prospect_mail(message, "mail_unknown", said, now)
            elif state is Message.State.DEAD:
                trouble.tell_about_prospect_mail(message, "mail_undelivered", said, now)

    def _endpoint(self, name: str) -> Endpoint:
        endpoint = Endpoint.objects.filter(name=name).first()
        if endpoint is None:
            raise TransportError("There is no such outgoing webhook any more.", permanent=True)
        if not endpoint.is_enabled:
            said = f"{name} is switched off. {endpoint.off_reason}".strip()
            raise TransportError(said, permanent=True)
        return endpoint

    def _channel(self, name: str) -> Channel | None:
        if name not in self.channels:
            self.channels[name] = Channel.objects.filter(name=name).first()
        return self.channels[name]


def _waiting(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(state__in=WAITING, next_try_at__lte=now)


def _drop_expired(now: datetime) -> None:
    Message.objects.filter(state__in=WAITING, expires_at__lte=now).update(
        state=Message.State.EXPIRED,
        next_try_at=None,
        error="It was no longer of use when it could have been sent.",
    )


def _state_after(message: Message, error: TransportError, put_off: bool) -> Message.State:
    """What becomes of a message that `error` kept from being sent."""
    if error.permanent:
        return Message.State.DEAD
    if error.unknown and message.audience == Message.Audience.PROSPECT:
        return Message.State.UNKNOWN
    if message.attempts >= len(WAITS) and not put_off:
        return Message.State.DEAD
    return Message.State.RETRY


def _wait_after(attempts: int) -> timedelta:
    """How long to wait after so many tries, give or take a fifth: not all at the same moment."""
    return WAITS[min(attempts, len(WAITS) - 1)] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  no secret


def _line(message: Message) -> Line:
    """What breaks together: the mail server, one Slack channel, or one other system."""
    reader = "" if message.medium == Message.Medium.EMAIL else message.recipient
    if message.medium == Message.Medium.SLACK:
        reader = channels.channel_name(reader)
    return message.medium, reader


def _on_line(line: Line) -> Q:
    medium, reader = line
    return _to_reader(medium, reader) if reader else Q(medium=medium)


def _to_reader(medium: str, reader: str) -> Q:
    """One channel, with whomever is mentioned there, or one e-mail address."""
    to = Q(recipient=reader)
    if medium == Message.Medium.SLACK:
        to |= Q(recipient__startswith=f"{reader}{channels.MENTION}")
    return Q(medium=medium) & to


def _waiting_after_outage(line: Line) -> QuerySet[Message]:
    """What failed for want of a connection: worth a try as soon as something gets through."""
    return Message.objects.filter(
        _on_line(line), state=Message.State.RETRY, error__startswith=OUTAGE
    )
