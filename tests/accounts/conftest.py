"""What several rooms of these tests start from: a folder for uploads, data sources, a vendor."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import EnrichmentSource
from tests.accounts.vendors import Vendor


@pytest.fixture
def files_elsewhere(tmp_path: Path, settings: Any) -> None:
    """Uploads go to a folder of the test's own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }


@pytest.fixture
def source(db: None) -> EnrichmentSource:
    """A vendor that sends updates."""
    return EnrichmentSource.objects.create(
        name="Clearfeed", slug="clearfeed", is_enabled=True, per_minute=60_000
    )


@pytest.fixture
def of_file(db: None) -> EnrichmentSource:
    """A vendor that gives us files."""
    return EnrichmentSource.objects.create(name="List house", slug="list-house", asked="file")


@pytest.fixture
def vendor(settings: Any) -> Iterator[Vendor]:
    """The one machine of our own that these tests let in: the operator names its origin."""
    with Vendor() as found:
        settings.OUTGOING_HOSTS = [found.url("")]
        threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        yield found
        found.shutdown()
