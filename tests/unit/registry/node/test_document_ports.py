"""What verification of documents asks, put together: for everybody by a node, and for a run of a command."""

import ipaddress
from types import SimpleNamespace
from typing import Any

import pytest

from registry.documents.did_resolver import FetchFailed
from registry.node.adapters import document_ports, verification_served
from registry.node.adapters.document_fetch_limits import MAX_FETCHES, KeptFetch
from registry.node.adapters.document_ports import VerificationSetup, open_ports
from registry.node.adapters.verification_served import verify_served
from registry.verification.limits import VerificationLimits


@pytest.mark.parametrize(
    ("address", "reason"),
    [("http://127.0.0.1:1025/", "plain http"), ("https://127.0.0.1:1025/", "public address")],
)
def test_networks_that_are_allowed_for_webhooks_stay_closed_to_documents(monkeypatch, address, reason):
    settings = SimpleNamespace(
        webhook_http_localhost=True,
        webhook_networks=(ipaddress.ip_network("127.0.0.0/8"),),
        webhook_ca_file=None,
        public_url=None,
    )
    node = SimpleNamespace(settings=settings, governance_follower=SimpleNamespace(fold=None), policy=lambda: None)
    monkeypatch.setattr(verification_served, "verify_document", lambda _, ports: ports)
    limits = VerificationLimits()
    ports: Any = verify_served(node, SimpleNamespace(snapshot=None, standing=None), None, limits, b"")
    with limits.use_processor(), pytest.raises(FetchFailed, match=reason):
        ports.statuses.fetch(address)


def test_in_a_run_each_document_has_its_own_limit_and_what_was_fetched_is_kept(monkeypatch):
    asked = []

    def fetch(address, _):
        asked.append(address)
        return b"x"

    monkeypatch.setattr(document_ports, "_open_fetch", lambda: KeptFetch(fetch))
    with open_ports(VerificationSetup()) as create_ports:
        for _ in range(3):
            ports: Any = create_ports()
            for number in range(MAX_FETCHES):
                assert ports.statuses.fetch(f"https://a.example/{number}") == b"x"
            with pytest.raises(FetchFailed, match="more than 4"):
                ports.statuses.fetch("https://a.example/more")
    assert len(asked) == MAX_FETCHES
