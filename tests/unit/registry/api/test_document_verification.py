"""Documents are read and judged in threads of a limited number, never on the event loop."""

import asyncio
import threading

import pytest

from registry.api import document_verification
from registry.api.document_verification import DocumentVerifier
from registry.documents.did_resolver import FetchFailed
from registry.http import HttpProblem
from registry.verification.limits import FETCHES, VerificationLimits
from registry.verification.verifier import VerificationReport

REPORT = VerificationReport(verdict="valid", summary="", format=None, format_name=None)


@pytest.mark.parametrize("known", [True, False])
def test_the_format_of_a_file_is_found_in_a_limited_thread(monkeypatch, known):
    borrowed = []

    def is_known(_):
        borrowed.append(threading.current_thread() is threading.main_thread())
        return known

    async def run():
        return await DocumentVerifier(lambda _: REPORT, VerificationLimits()).verify_known(b"a document")

    monkeypatch.setattr(document_verification, "is_known", is_known)
    assert asyncio.run(run()) == (REPORT if known else None)
    assert borrowed == [False]


def test_with_many_waiting_a_file_is_refused(monkeypatch):
    monkeypatch.setattr(document_verification, "_WAITING", 0)

    async def run():
        await DocumentVerifier(lambda _: REPORT, VerificationLimits()).verify_known(b"a document")

    with pytest.raises(HttpProblem):
        asyncio.run(run())


def test_slow_issuers_stop_no_document_that_needs_no_network():
    limits, answer = VerificationLimits(), threading.Event()
    outcomes = []

    def wait_for_server(_):
        assert answer.wait(5)
        return b"{}"

    fetch = limits.leave_processor(wait_for_server)

    def check(content):
        if content == b"slow":
            try:
                fetch("https://slow.example/did.json")
            except FetchFailed:
                outcomes.append("refused")
        return REPORT

    async def run():
        verifier = DocumentVerifier(check, limits)
        slow = [asyncio.create_task(verifier.verify(b"slow")) for _ in range(FETCHES + 3)]
        await asyncio.sleep(0.1)
        assert await asyncio.wait_for(verifier.verify(b"local"), 3) is REPORT
        answer.set()
        assert await asyncio.gather(*slow) == [REPORT] * len(slow)

    asyncio.run(run())
    assert outcomes == ["refused"] * 3
