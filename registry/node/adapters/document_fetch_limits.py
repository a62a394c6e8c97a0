"""Bounds on what documents make a node fetch: for one document, and over a run of many documents."""

import time
from typing import Final, Protocol

from registry.documents.did_resolver import FetchFailed

SECONDS: Final = 5.0
"""For one address, from looking up the host to the last byte."""
MAX_FETCHES: Final = 4
"""Addresses that are fetched for one document."""
MAX_SECONDS: Final = 6.0
"""For all that is fetched for one document."""
MAX_KEPT: Final = 200
"""Answers that a run keeps, each of 262,144 bytes at most."""


class TimedFetch(Protocol):
    """Fetches an address within a time."""

    def __call__(self, address: str, seconds: float) -> bytes:
        """Return what is at an address. Raises `FetchFailed`."""
        ...


class LimitedFetch:
    """Fetches the first few addresses that one document leads to, all within a time."""

    def __init__(self, fetch: TimedFetch) -> None:
        self._fetch = fetch
        self._left = MAX_FETCHES
        self._seconds = MAX_SECONDS

    def __call__(self, address: str) -> bytes:
        """Return what is at an address. Raises `FetchFailed`."""
        if not self._left:
            raise FetchFailed(f"the document leads to more than {MAX_FETCHES} addresses")
        if self._seconds <= 0:
            raise FetchFailed(f"what the document leads to was not fetched within {MAX_SECONDS:g} s")
        self._left -= 1
        start = time.monotonic()
        try:
            return self._fetch(address, min(SECONDS, self._seconds))
        finally:
            self._seconds -= time.monotonic() - start


class KeptFetch:
    """Fetches each address once in a run over many documents, and keeps the answer or the failure until its end."""

    def __init__(self, fetch: TimedFetch) -> None:
        self._fetch = fetch
        self._kept: dict[str, bytes | FetchFailed] = {}

    def __call__(self, address: str, seconds: float) -> bytes:
        """Return what is at an address. Raises `FetchFailed`."""
        answer = self._kept.get(address)
        if answer is None:
            try:
                answer = self._fetch(address, seconds)
            except FetchFailed as error:
                if seconds < SECONDS:  # another document has more time left
                    raise
                answer = error
            if len(self._kept) >= MAX_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[address] = answer
        if isinstance(answer, FetchFailed):
            raise FetchFailed(str(answer))
        return answer


def refuse_fetch(address: str, seconds: float = 0) -> bytes:  # noqa: ARG001 - of the protocol
    """Fetch nothing. Raises `FetchFailed`."""
    raise FetchFailed(f"nothing is fetched here, and this is at {address[:200]}")
