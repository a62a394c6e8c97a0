"""Limits on the documents that one process verifies at once: on its processor, and on waiting for other servers.

A document whose issuer's server is slow gives up its place on the processor while it waits. So it does not stop those
that need no network, however many of them wait for servers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore
from typing import Final

from registry.documents.did_resolver import Fetch, FetchFailed

PROCESSOR: Final = 2
"""Documents that are worked on at a time: each may cost a second of the processor."""
FETCHES: Final = 8
"""Addresses that are waited for at a time."""


class VerificationLimits:
    """Places for the threads that verify documents: `threads` of them at most are of use."""

    def __init__(self, processor: int = PROCESSOR, fetches: int = FETCHES) -> None:
        self.threads: Final = processor + fetches
        self._processor = Semaphore(processor)
        self._fetches = Semaphore(fetches)

    @contextmanager
    def use_processor(self) -> Iterator[None]:
        """Hold a place on the processor; wait for one."""
        with self._processor:
            yield

    def leave_processor(self, fetch: Fetch) -> Fetch:
        """Return a fetch that gives up the calling thread's place on the processor while it waits for the answer.

        It does not wait for others that fetch: where they are too many, it raises `FetchFailed` at once.
        """

        def fetch_apart(address: str) -> bytes:
            if not self._fetches.acquire(blocking=False):
                raise FetchFailed("too many other servers are waited for at the moment; try again")
            self._processor.release()
            try:
                return fetch(address)
            finally:
                self._fetches.release()
                self._processor.acquire()

        return fetch_apart
