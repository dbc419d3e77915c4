"""Signed deliveries through the door and the inbox: every one twice, shuffled, beside the order.

Fills the database of DATABASE_URL, which has to be empty. Prints figures and whether the end is
the same; exit status 1 if not.
Run: DATABASE_URL=… python -m tests.accounts.many_deliveries [deliveries] [threads]
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median, quantiles
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402  the apps come first
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.hooks import inbox  # noqa: E402
from accounts.models import Contact, EnrichmentSource, InboundEvent  # noqa: E402
from tests.accounts import deliveries  # noqa: E402
from tests.accounts.hooks import post  # noqa: E402


def main(count: int, threads: int) -> int:
    settings.ALLOWED_HOSTS.append("testserver")
    call_command("migrate", verbosity=0)
    if Contact.objects.exists():
        print("The database has to be empty.")
        return 1
    deliveries.companies()
    told = deliveries.story(count, people=count // 12, start=timezone.now() - timedelta(days=20))

    ordered = _run("in order, each once", told, 1)
    mixed = _run("shuffled, each twice", deliveries.shuffled_with_doubles(told), threads)
    same = ordered == mixed
    print(f"the end is {'the same' if same else 'DIFFERENT'} for {len(mixed)} people")
    return 0 if same else 1


def _run(name: str, sent: list[deliveries.Delivery], threads: int) -> object:
    InboundEvent.objects.all().delete()
    EnrichmentSource.objects.all().delete()
    Contact.objects.all().delete()
    source = EnrichmentSource.objects.create(
        name="Clearfeed", slug="clearfeed", is_enabled=True, per_minute=60_000
    )
    answers: list[tuple[int, float]] = []

    def send(delivery: deliveries.Delivery) -> None:
        began = perf_counter()
        status = post(source, *delivery).status_code
        answers.append((status, perf_counter() - began))

    began = perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, sent))
    took = perf_counter() - began
    taken = sum(1 for status, _ in answers if status == 202)
    times = [seconds * 1000 for _, seconds in answers]
    print(
        f"{name}: {len(sent)} posted by {threads}, {taken} answered 202, {len(sent) / took:.0f}/s, "
        f"median {median(times):.1f} ms, p95 {quantiles(times, n=20)[-1]:.1f} ms"
    )
    began = perf_counter()
    while sum(inbox.process_due().values()):
        pass
    took = perf_counter() - began
    done = deliveries.effects()
    print(f"  read: {done} effects, {done / took:.0f}/s")
    return deliveries.state_of(source)


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*[*arguments, *[5000, 4][len(arguments) :]]))
