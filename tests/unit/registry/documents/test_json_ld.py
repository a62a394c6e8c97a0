import copy
import json
import time
from pathlib import Path

import pytest
from pyld import jsonld

from registry.documents import json_ld
from registry.documents.contexts import CREDENTIALS_V2, OPEN_BADGES, SHIPPED
from registry.documents.json_ld import UnknownContext, UnsafeDocument, canonize

BADGE = {
    "@context": [CREDENTIALS_V2, OPEN_BADGES],
    "id": "urn:uuid:0d7b2c1e-5a64-4f0a-8d1c-7e9b3a2f6c58",
    "type": ["VerifiableCredential", "AchievementCredential"],
    "issuer": {"id": "https://issuer.example", "type": ["Profile"], "name": "Example"},
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "creditsEarned": 5,
        "achievement": {
            "id": "https://issuer.example/badge",
            "type": ["Achievement"],
            "name": "Badge",
            "description": "A badge",
            "criteria": {"narrative": "Do it."},
        },
    },
}


def changed(*path, value):
    """The badge with another value at a path."""
    document = copy.deepcopy(BADGE)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


def test_the_badge_itself_is_canonized():
    assert '<https://schema.org/name> "Badge"' in canonize(BADGE)


def test_a_number_is_the_same_with_and_without_a_fraction_of_zero():
    assert canonize(changed("credentialSubject", "creditsEarned", value=5.0)) == canonize(BADGE)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (changed("credentialSubject", "achievement", "sneaky", value="x"), "term 'sneaky', which no context defines"),
        (changed("sneaky", value="x"), "term 'sneaky', which no context defines"),
        (changed("credentialSubject", "type", value=["Sneaky"]), "term 'achievement'|type 'Sneaky'"),
        (changed("credentialSubject", "achievement", "type", value=["Achievement", "Sneaky"]), "type 'Sneaky'"),
        (changed("credentialSubject", "id", value="learner-1"), "address 'learner-1', which is relative"),
        (changed("credentialSubject", "id", value="../learner"), "which is relative"),
        (changed("credentialSubject", "id", value="https://a> <https://b> <https://c> .\n<https://d"), "malformed"),
        (changed("credentialSubject", "achievement", "@index", value="1"), "it uses '@index'"),
        (changed("credentialSubject", "@graph", value=[]), "it uses '@graph'"),
        (changed("credentialSubject", "achievement", "name", value={"@value": "B", "@language": "not a language"}),
         "no language|is not JSON-LD"),
        (changed("credentialSubject", "achievement", "name", value="a\x07b"), "control character"),
        (changed("@context", value=[CREDENTIALS_V2, {"@base": "https://evil.example/"}, OPEN_BADGES]), "sets @base"),
        (changed("@context", value=[CREDENTIALS_V2, OPEN_BADGES, {"name": "https://evil.example/name"}]), "protected"),
        (changed("@context", value=[CREDENTIALS_V2, {f"a{n}": f"urn:a:{n}" for n in range(401)}]), "too large"),
        (changed("@context", value=[CREDENTIALS_V2, OPEN_BADGES, {"T": {"@id": "urn:x:T", "@context": {
            f"a{n}": f"urn:a:{n}" for n in range(11)}}}]), "too large"),
        (changed("@context", value=[CREDENTIALS_V2, *[{f"a{n}": f"urn:a:{n}"} for n in range(21)]]), "20 written out"),
    ],
)  # fmt: skip
def test_nothing_of_a_document_is_lost_or_changed_in_silence(document, reason):
    with pytest.raises(UnsafeDocument, match=reason):
        canonize(document)


def test_a_context_that_is_not_shipped_is_named_and_not_fetched():
    with pytest.raises(UnknownContext, match=r"https://evil\.example/context"):
        canonize(changed("@context", value=[CREDENTIALS_V2, "https://evil.example/context"]))


def test_a_graph_of_nodes_that_look_alike_ends_at_once():
    """A clique of blank nodes: the algorithm would try every order of each of them."""
    nodes = [{"@id": f"_:n{n}", "urn:x:to": [{"@id": f"_:n{m}"} for m in range(9) if m != n]} for n in range(9)]
    started = time.process_time()
    with pytest.raises(UnsafeDocument, match="look alike"):
        canonize({"urn:x:all": nodes})
    assert time.process_time() - started < 2


def test_a_ring_of_nodes_that_look_alike_ends_at_once():
    nodes = [{"@id": f"_:n{n}", "urn:x:next": [{"@id": f"_:n{(n + 1) % 400}"}]} for n in range(400)]
    started = time.process_time()
    with pytest.raises(UnsafeDocument, match="look alike"):
        canonize({"urn:x:all": nodes})
    assert time.process_time() - started < 10


def test_a_document_is_neither_too_deep_nor_too_large():
    deep = "x"
    for _ in range(json_ld.MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(UnsafeDocument, match="deeper"):
        canonize({"urn:x:deep": deep})
    with pytest.raises(UnsafeDocument, match="values"):
        canonize({"urn:x:wide": list(range(json_ld.MAX_VALUES + 1))})


SAMPLES = Path(__file__).parents[1] / "verification" / "samples"


@pytest.mark.parametrize("name", ["1edtech-complete", "1edtech-clr-complex", "dcc-v2WithValidStatus"])
def test_documents_are_the_statements_that_pyld_makes_of_them_by_itself(name):
    document = json.loads((SAMPLES / f"{name}.json").read_text())
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    options = {"documentLoader": SHIPPED, "format": "application/n-quads", "algorithm": "URDNA2015"}
    expected = jsonld.normalize(unsigned, options)
    assert [canonize(unsigned), canonize(unsigned)] == [expected, expected]
    assert len(expected) > 2_000
