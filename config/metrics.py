"""The figures for monitoring, in Prometheus’ text form: how the machinery does, no people.

Requests are counted by the name of the view, never by address. With several web processes the
counts of all are added up by way of files in PROMETHEUS_MULTIPROC_DIR (see settings).
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import Error
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django_q.brokers import get_broker
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from handoffs.models import Handoff
from sla import health
from sla.models import Clock, Heartbeat

METHODS = {"GET", "HEAD", "POST"}
OF_THIS_PROCESS = CollectorRegistry()
REQUESTS = Counter(
    "handoffdesk_requests",
    "Requests by view, method and status.",
    ["view", "method", "status"],
    registry=OF_THIS_PROCESS,
)
SECONDS = Histogram(
    "handoffdesk_request_seconds",
    "How long an answer took, by view.",
    ["view"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=OF_THIS_PROCESS,
)


def view_of(request: HttpRequest) -> str:
    """The name of the view it was for; none for addresses that lead nowhere."""
    try:  # what a middleware answered never got as far as a view
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return "none"
    return match.view_name or "unnamed"


def count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """One more request, by the name of its view, its method and its status."""
    view = view_of(request)
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(view, method, str(response.status_code)).inc()
    SECONDS.labels(view).observe(seconds)


def text(now: datetime) -> bytes:
    """All of it, at `now`."""
    requests = OF_THIS_PROCESS
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        requests = CollectorRegistry()
        MultiProcessCollector(requests)
    machinery = CollectorRegistry()
    machinery.register(Machinery(now))
    return generate_latest(requests) + generate_latest(machinery)


class Machinery(Collector):
    """What stands in the database, read when it is asked for."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = 1
        figures: list[GaugeMetricFamily] = []
        try:
            figures = [read(self.now) for read in READERS]
        except Error:
            up = 0
        yield _figure("database_up", "1 while the database answers.", up)
        yield from figures


def _figure(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"handoffdesk_{name}", words, value=value)


def _queue(now: datetime) -> GaugeMetricFamily:
    waiting = Handoff.objects.filter(status=Handoff.Status.SUBMITTED).count()
    return _figure("queue_length", "Handoffs that wait for an AE.", waiting)


def _clocks(now: datetime) -> GaugeMetricFamily:
    running = Clock.objects.filter(state=Clock.State.RUNNING).count()
    return _figure("clocks_open", "SLA clocks that run.", running)


def _oldest_due(now: datetime) -> GaugeMetricFamily:
    due = Clock.objects.filter(state=Clock.State.RUNNING, next_at__lte=now)
    oldest = due.aggregate(oldest=Min("next_at"))["oldest"]
    seconds = (now - oldest).total_seconds() if oldest else 0
    return _figure("oldest_due_seconds", "For how long the oldest due step waits.", seconds)


def _outbox(now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "handoffdesk_outbox_messages", "Messages that are not over.", labels=["state"]
    )
    for state, number in health.open_messages().items():
        family.add_metric([state.value], number)
    return family


def _heartbeat(now: datetime) -> GaugeMetricFamily:
    beats = Heartbeat.objects.filter(name=health.WORKER)
    beat_at = beats.values_list("beat_at", flat=True).first()
    age = (now - beat_at).total_seconds() if beat_at else float("inf")
    return _figure("heartbeat_age_seconds", "Since a task of the worker last ran.", age)


def _tasks(now: datetime) -> GaugeMetricFamily:
    return _figure("tasks_waiting", "Tasks in the worker’s queue.", get_broker().queue_size())


READERS: tuple[Callable[[datetime], GaugeMetricFamily], ...] = (
    _queue,
    _clocks,
    _oldest_due,
    _outbox,
    _heartbeat,
    _tasks,
)
