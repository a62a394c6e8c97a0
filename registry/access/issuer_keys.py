"""The keys that a token issuer publishes (JWKS), fetched by one thread of each process.

Requests only use fetched keys: an issuer that does not answer delays nobody. While the issuer is away, fetched keys are
used for up to a day.
"""

import ssl
import threading
import time
from typing import Final

import httpx
import msgspec
import structlog
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWKSetError

from registry.http import HttpProblem
from registry.supervision import supervise

RENEW_SECONDS: Final = 300.0
"""Age at which the keys are fetched again."""
UNKNOWN_KEY_SECONDS: Final = 30.0
"""Age at which a token with an unknown key makes the thread fetch the keys again."""
RETRY_SECONDS: Final = 5.0
"""Pause after a failure. Requests do not wait for it: those that need the keys get a 503."""
_KEEP_SECONDS: Final = 24 * 3600.0
_FETCH_SECONDS: Final = 10.0
_MAX_BYTES: Final = 1024 * 1024
_POLL_SECONDS: Final = 0.25
_log = structlog.get_logger(__name__)


class CannotFetch(Exception):
    """The issuer's keys cannot be fetched, or the answer is not a set of keys."""


class IssuerKeys:
    """The keys of one issuer. `follow` fetches them; `key` may be called from any thread."""

    def __init__(self, url: str) -> None:
        """`url` is where the issuer publishes its keys."""
        self._url = url
        self._keys: list[PyJWK] = []
        self._fetched_at: float | None = None
        self._unknown_key = False
        self._first = threading.Event()

    def follow(self, stop: threading.Event) -> None:
        """Start the thread that fetches the keys until `stop` is set."""
        threading.Thread(target=self._follow, args=(stop,), name="issuer-keys", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the first attempt to fetch the keys; return True if it has ended in time."""
        return self._first.wait(seconds)

    def key(self, identifier: str | None) -> PyJWK | None:
        """Return the key with this id, or without an id the only key; None if there is none. Never waits.

        Raises `HttpProblem`: `unavailable` without fetched keys, `unauthenticated` for a token without a key's id if
        the issuer has several keys.
        """
        at = self._fetched_at
        if at is None or time.monotonic() - at > _KEEP_SECONDS:
            raise HttpProblem(
                "unavailable",
                "the token issuer's keys cannot be fetched",
                headers={"Retry-After": str(round(RETRY_SECONDS))},
            )
        keys = self._keys
        if identifier is None:
            if len(keys) == 1:
                return keys[0]
            raise HttpProblem(
                "unauthenticated",
                f"this token names no key (`kid`), and its issuer publishes {len(keys)} keys: the issuer has to write"
                " the key's id into its tokens",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        match = next((key for key in keys if key.key_id == identifier), None)
        if match is None:
            self._unknown_key = True
        return match

    def _follow(self, stop: threading.Event) -> None:
        supervise(
            "fetching the token issuer's keys",
            self._fetch,
            stop,
            also=(CannotFetch,),
            pause_seconds=RENEW_SECONDS,
            retry_seconds=RETRY_SECONDS,
            survives_faults=True,  # no answer of the issuer may end this thread
            wait=lambda seconds: self._pause(stop, seconds),
        )

    def _fetch(self) -> None:
        try:
            self._keys = _fetch(self._url)
            self._fetched_at, self._unknown_key = time.monotonic(), False
        finally:
            self._first.set()

    def _pause(self, stop: threading.Event, seconds: float) -> None:
        """Wait, but less long if a token has an unknown key, for example after the issuer has changed its keys."""
        began = time.monotonic()
        while not stop.wait(_POLL_SECONDS):
            passed = time.monotonic() - began
            if passed >= seconds or (self._unknown_key and passed >= UNKNOWN_KEY_SECONDS):
                return


def _fetch(url: str) -> list[PyJWK]:
    """Fetch the keys for signatures. Raises `CannotFetch`."""
    until, body = time.monotonic() + _FETCH_SECONDS, bytearray()
    try:
        # The system's certificate authorities: a university may use its own for an internal issuer.
        with (
            httpx.Client(verify=ssl.create_default_context(), timeout=_FETCH_SECONDS / 2) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise CannotFetch(f"{url} answers {response.status_code}")
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MAX_BYTES or time.monotonic() > until:
                    raise CannotFetch(f"{url} sends more than {_MAX_BYTES:,} bytes, or takes too long")
        published = PyJWKSet.from_dict(msgspec.json.decode(body, type=dict))
    except (httpx.HTTPError, OSError) as error:
        raise CannotFetch(f"{url} cannot be reached: {type(error).__name__}") from error
    except (ValueError, TypeError, AttributeError, RecursionError, PyJWKSetError) as error:
        raise CannotFetch(f"{url} sends no set of keys (JWKS)") from error
    keys = [key for key in published.keys if key.public_key_use in ("sig", None)]
    if not keys:
        raise CannotFetch(f"{url} has no keys for signatures")
    return keys
