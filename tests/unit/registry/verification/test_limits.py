"""A slow issuer's server must not stop verifications that need no network."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from registry.documents.did_resolver import FetchFailed
from registry.verification.limits import VerificationLimits

SECONDS = 5
"""Longer than any of this takes."""


def test_documents_go_on_while_others_wait_for_a_slow_server():
    limits, begun, answer = VerificationLimits(processor=1, fetches=2), Event(), Event()

    def wait_for_server(_):
        begun.set()
        assert answer.wait(SECONDS)
        return b"{}"

    fetch = limits.leave_processor(wait_for_server)

    def verify(*, online):
        with limits.use_processor():
            return fetch("https://slow.example/did.json") if online else b"local"

    with ThreadPoolExecutor(limits.threads) as pool:
        slow = [pool.submit(verify, online=True) for _ in range(2)]
        assert begun.wait(SECONDS)
        assert pool.submit(verify, online=False).result(SECONDS) == b"local"
        assert not any(each.done() for each in slow)
        answer.set()
        assert [each.result(SECONDS) for each in slow] == [b"{}", b"{}"]


def test_one_fetch_too_many_fails_at_once_and_keeps_its_place():
    limits = VerificationLimits(processor=1, fetches=0)
    with limits.use_processor(), pytest.raises(FetchFailed, match="too many other servers"):
        limits.leave_processor(lambda _: b"")("https://issuer.example/did.json")
    with ThreadPoolExecutor(1) as pool:  # the place is free, and there is one only
        assert pool.submit(lambda: limits.use_processor().__enter__()).result(SECONDS) is None


def test_a_server_that_fails_gives_its_places_back():
    limits = VerificationLimits(processor=1, fetches=1)

    def fail(_):
        raise FetchFailed("no answer within 5 s")

    for _ in range(3):
        with limits.use_processor(), pytest.raises(FetchFailed, match="no answer"):
            limits.leave_processor(fail)("https://issuer.example/did.json")
