"""These run with TWO_STEP and OIDC_ISSUER set: see tests/test_sign_in_pages.py."""

import pytest
from django.conf import settings
from django.core.cache import cache

if not settings.SIGN_IN_PAGES:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(autouse=True)
def no_limits_from_before() -> None:
    """Time stands still, so what earlier tests tried would count for ever."""
    cache.clear()
