"""A vendor on this machine, the files of another, and what it takes to ask them."""

import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from django.utils import timezone

from accounts.enrichment import asking, files
from accounts.models import (
    Account,
    Contact,
    EnrichmentSource,
    Lookup,
)
from team.models import User

PRIYA = "priya.nair@acme-robotics.example"
CSV = f"""email,first_name,last_name,title,company,company_domain
{PRIYA},Priya,Nair,Chief Revenue Officer,Acme Robotics,acme-robotics.example
"""
COMPANIES = "domain,name,industry,employees\nacme-robotics.example,Acme Robotics,Robotics,480\n"


class Vendor(ThreadingHTTPServer):
    """A vendor's service on this machine; what it was asked, and what it says."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.says: tuple[int, Any, dict[str, str]] = (200, {}, {})

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def say(self, status: int, content: Any = "", **headers: str) -> None:
        self.says = (status, content, headers)


class _Handler(BaseHTTPRequestHandler):
    server: Vendor

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        status, content, headers = self.server.says
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


def asked_over_the_web(source: EnrichmentSource, vendor: Vendor) -> EnrichmentSource:
    """The same source, to be asked at the vendor's service."""
    source.asked, source.api_key = "web", "Bearer k-123"
    source.person_url = vendor.url("/people?email={email}")
    source.company_url = vendor.url("/companies/{domain}")
    source.save()
    return source


def take_file(
    source: EnrichmentSource, text: str, name: str = "theirs.csv", days_old: float = 0
) -> files.Reading:
    now = timezone.now()
    as_of = now - timedelta(days=days_old)
    reading = files.read(BytesIO(text.encode()), name, as_of=as_of, now=now)
    if not reading.problems:
        files.keep(source, reading)
    return reading


def enrich(record: Account | Contact, by: User) -> Lookup:
    """Press the button and let the worker come by."""
    assert asking.ask([record], by=by, now=timezone.now()) == 1
    asking.answer_due(timezone.now())
    found = Lookup.objects.order_by("pk").last()
    assert found is not None
    return found
