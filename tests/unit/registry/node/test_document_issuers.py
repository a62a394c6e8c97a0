"""Keys on members' logs speak for the identifiers of these members, and of nobody else."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from projections.core.errors import MissingViews
from registry.documents.did_resolver import FetchFailed
from registry.node.adapters import status_lists
from registry.node.adapters.document_issuers import AnnouncedKeys, create_keys, own_identifier, with_own_lists
from registry.node.adapters.document_lookups import GovernedMembers
from registry.node.adapters.issuing_keys import ViewsIssuingKeys
from registry.status.addresses import FORMS, PREFIX
from registry.verification.ports import CannotAsk, ResolvedKey, UnresolvedKey
from registry.verification.trust import Trust
from tests.support.lookups import KEY, announced
from tests.support.sealing import NOW

TWENTE = "did:web:registry.twente.example"
OWN = "did:web:registry.dcu.example"
STRANGER = "did:web:other.example"
RSA = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}


class Logs:
    """The keys on members' logs, or why they cannot be read."""

    def __init__(self, *keys):
        self.keys = keys

    def find(self, _):
        if self.keys and isinstance(self.keys[0], Exception):
            raise self.keys[0]
        return self.keys


def record(name, *dids):
    identifiers = [SimpleNamespace(scheme="did", value=did) for did in dids]
    content = SimpleNamespace(legal_name=name, identifiers=identifiers, accreditations=[])
    return SimpleNamespace(name=name, standing="active", content=content)


GOVERNANCE: Any = SimpleNamespace(
    size=1,
    state=SimpleNamespace(
        consortium="eciu.example", members={"twente": record("twente", TWENTE), "dcu": record("dcu")}
    ),
)
MEMBERS = GovernedMembers(lambda: GOVERNANCE, own={OWN: "dcu"})


def resolve(did, *keys, trust=None):
    """Resolve a key with the logs, while no server answers; return where the key came from."""
    asked = []

    def fetch(address):
        asked.append(address)
        raise FetchFailed("it is down")

    found = create_keys(NOW, trust or Trust(), fetch, AnnouncedKeys(Logs(*keys)), MEMBERS).resolve(did, "#" + "T" * 43)
    assert isinstance(found, ResolvedKey | UnresolvedKey)
    return found.source if isinstance(found, ResolvedKey) else asked


@pytest.mark.parametrize(
    ("did", "members", "is_logged"),
    [
        (TWENTE, ["twente"], True),
        (TWENTE, ["dcu", "twente"], True),
        (TWENTE, ["dcu"], False),
        (OWN, ["twente", "dcu"], True),
        (OWN, ["twente"], False),
        (STRANGER, ["twente"], True),
        (STRANGER, ["twente", "dcu"], False),
        (STRANGER, [], False),
    ],
)
def test_a_log_speaks_for_its_own_member_and_for_an_unknown_address_of_the_only_one(did, members, is_logged):
    found = resolve(did, *map(announced, members))
    assert found == ("log" if is_logged else [f"https://{did.removeprefix('did:web:')}/.well-known/did.json"])


def test_no_log_speaks_for_an_issuer_that_the_verifier_named():
    trust = Trust(known_issuers={STRANGER: "Evening School"})
    assert resolve(STRANGER, announced("twente"), trust=trust) == ["https://other.example/.well-known/did.json"]


@pytest.mark.parametrize("did", ["did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "did:jwk:e30"])
def test_no_log_replaces_the_key_that_an_identifier_is(did):
    assert resolve(did, announced("twente")) == []


def test_the_own_identifier_is_the_one_of_the_public_address():
    settings = SimpleNamespace(
        public_url="https://registry.dcu.example", member="dcu", http=SimpleNamespace(base_path="")
    )
    assert own_identifier(SimpleNamespace(settings=settings)) == {OWN: "dcu"}
    settings.public_url = None
    assert own_identifier(SimpleNamespace(settings=settings)) == {}


def test_nobody_announced_a_key_of_rsa():
    assert AnnouncedKeys(Logs(announced()))(RSA) == ()
    assert AnnouncedKeys(Logs(announced()))(KEY) == (announced(),)


@pytest.mark.parametrize("kind", [MissingViews, psycopg.errors.UndefinedTable, psycopg.OperationalError])
def test_while_the_views_are_made_anew_the_keys_cannot_be_asked_for(kind):
    error = kind("x")
    with pytest.raises(CannotAsk, match="cannot be read at the moment"):
        AnnouncedKeys(Logs(error)).find("T" * 43)
    lookup = ViewsIssuingKeys(lambda: nullcontext(SimpleNamespace(execute=lambda *_: (_ for _ in ()).throw(error))))
    with pytest.raises(CannotAsk):
        AnnouncedKeys(lookup)(KEY)


@pytest.mark.parametrize("number", ["9" * 5_000, "1" * 10, "²", "-1", ""])
def test_an_address_of_no_list_of_ours_is_refused(number, monkeypatch):
    monkeypatch.setattr(status_lists, "read_status_list", lambda *_: pytest.fail("it was looked up"))
    settings = SimpleNamespace(public_url="https://registry.dcu.example", http=SimpleNamespace(base_path=""))
    node = SimpleNamespace(settings=settings)
    fetch = with_own_lists(node, pytest.fail)
    with pytest.raises(FetchFailed, match="no such list"):
        fetch(f"https://registry.dcu.example{PREFIX}/{number}/{FORMS[0]}")
