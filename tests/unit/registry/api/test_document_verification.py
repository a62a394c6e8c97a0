"""Documents are read and judged in threads of a limited number, never on the event loop."""

import asyncio
import threading

import pytest

from registry.api import document_verification
from registry.api.document_verification import Documents, limit_documents
from registry.http import HttpProblem
from registry.verification.verifier import VerificationReport

REPORT = VerificationReport(verdict="valid", summary="", format=None, format_name=None)


@pytest.mark.parametrize("known", [True, False])
def test_the_format_of_a_file_is_found_in_a_limited_thread(monkeypatch, known):
    borrowed = []

    def is_known(_):
        borrowed.append((documents.limiter.borrowed_tokens, threading.current_thread() is threading.main_thread()))
        return known

    async def run():
        return await documents.verify_known(b"a document")

    monkeypatch.setattr(document_verification, "is_known", is_known)
    documents = Documents(lambda _: REPORT, asyncio.run(create_limit()))
    assert asyncio.run(run()) == (REPORT if known else None)
    assert borrowed == [(1, False)]


async def create_limit():
    return limit_documents()


def test_with_many_waiting_a_file_is_refused(monkeypatch):
    monkeypatch.setattr(document_verification, "_WAITING", 0)

    async def run():
        await Documents(lambda _: REPORT, limit_documents()).verify_known(b"a document")

    with pytest.raises(HttpProblem):
        asyncio.run(run())
