"""Canvas's public keys, from the address in our settings and no other; kept, and fetched again when due."""

from __future__ import annotations

import threading
from collections.abc import Callable

import requests
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from gpb_pipeline.lti.refusals import LaunchRefusedError
from gpb_pipeline.pooled_session import pooled_session

TIMEOUT = 10.0  # seconds
FRESH = 24 * 3600.0
"""Seconds after which the keys are fetched again, so that one taken back does not count for ever."""
BETWEEN_FETCHES = 60.0
"""Seconds at least: a forged launch may name any key."""


class CanvasKeys:
    """Finds a key by its id. May be shared between threads; `clock` counts seconds."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, RSAKey] = {}
        self._tried: float | None = None
        self._fetched: float | None = None

    def key(self, key_id: str) -> RSAKey:
        """Give the key; raises LaunchRefusedError where Canvas has none of that id."""
        with self._lock:
            now = self._clock()
            stale = self._fetched is None or now - self._fetched > FRESH
            if (stale or key_id not in self._keys) and self._may_fetch(now):
                self._tried = now
                self._fetch(now)
            if key_id not in self._keys:
                raise LaunchRefusedError("The launch is not signed by a key of this Canvas")
            return self._keys[key_id]

    def fetched(self) -> bool:
        """Fetch the keys now; says whether there are any."""
        with self._lock:
            self._fetch(self._clock())
            return bool(self._keys)

    def _may_fetch(self, now: float) -> bool:
        return self._tried is None or now - self._tried >= BETWEEN_FETCHES

    def _fetch(self, now: float) -> None:
        """Put the set that Canvas publishes in place of ours; a failed read keeps ours."""
        try:
            with pooled_session(self._url, connections=1) as session:
                answer = session.get(self._url, timeout=TIMEOUT, allow_redirects=False)
            answer.raise_for_status()
            keys = KeySet.import_key_set(answer.json()).keys
        except (requests.RequestException, JoseError, ValueError, KeyError, TypeError, RecursionError):
            return
        found = {key.kid: key for key in keys if isinstance(key, RSAKey) and key.kid}
        if found:
            self._keys, self._fetched = found, now
