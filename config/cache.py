"""The cache on Redis, which may be gone at any moment: nothing is remembered then, nothing fails.

Only what can be counted again is kept in it: see `accounts/hooks/door.py`.
"""

import logging
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger("handoffdesk.cache")


class ForgetfulRedis(RedisCache):
    """Redis as far as it answers within a second or two."""

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        try:
            return bool(super().add(key, value, timeout, version))
        except RedisError as error:
            return bool(_forgotten(error, True))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as error:
            return _forgotten(error, default)

    def set(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError as error:
            _forgotten(error, None)

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        """As if the key had been dropped in between, which Django says with a ValueError."""
        try:
            return int(super().incr(key, delta, version))
        except RedisError as error:
            _forgotten(error, None)
            raise ValueError("The cache does not answer.") from error


def _forgotten(error: RedisError, instead: Any) -> Any:
    log.warning("redis: %s, going on without", type(error).__name__)
    return instead
