"""What the log refused for the member's standing is published again at its word, and exists for nobody until then."""

import json

import psycopg
import pytest

from registry.application.acceptance import NotAccepted
from registry.application.issuing import Issuer
from registry.application.refusals import index_by_subject, read_refused
from registry.application.registry import Registry
from registry.application.requests import Issued
from registry.publishing.republishing import close, plan, publish_again
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request, vault_of


@pytest.fixture
def node(dsn):
    made = TestNode(dsn, MemoryLog())
    made.achievement = made.offer()
    [made.first] = made.issuer.issue([request(1, made.achievement)])
    made.registry.credentials.revoke(made.first.credential, "issuedInError")
    made.publisher().publish_pending()
    yield made
    made.close()


def refused(node, codes):
    """The events on the log as refused ones, each with its code; those without one counted."""
    return [
        read_refused(leaf, code, "why", line)
        for leaf, (code, line) in enumerate(zip(codes, node.lines(), strict=True))
        if code
    ]


def test_what_was_refused_and_what_builds_on_it_is_said_again_under_new_ids_about_the_same(node):
    before = [json.loads(line) for line in node.lines()]
    repairs = plan(node.registry, refused(node, ["role-missing", "unknown-achievement", "unknown-credential"]))
    assert [repair.how for repair in repairs] == ["publish-again"] * 3
    assert publish_again(node.registry, repairs) == 3
    node.publisher().publish_pending()
    after = [json.loads(line) for line in node.lines()][3:]
    assert [event["data"] for event in after] == [event["data"] for event in before]
    assert [(event["type"], event["subject"]) for event in after] == [(e["type"], e["subject"]) for e in before]
    assert not {event["id"] for event in after} & {event["id"] for event in before}
    assert node.registry.credentials.get(node.first.credential).state.status == "revoked"
    with psycopg.connect(node.dsn) as connection:
        done = connection.execute("SELECT leaf, what FROM publisher.dealt_with ORDER BY leaf").fetchall()
    assert done == [(0, "published-again"), (1, "published-again"), (2, "published-again")]


def test_what_a_rule_would_refuse_again_is_left_to_people_with_the_reason(node):
    [repair] = plan(node.registry, refused(node, ["", "ects-mismatch", ""]))
    assert (repair.how, "the rule would refuse it again" in repair.why) == ("by-hand", True)
    assert publish_again(node.registry, [repair]) == 0
    close(node.registry, [repair.refused])
    with psycopg.connect(node.dsn) as connection:
        assert connection.execute("SELECT leaf, what FROM publisher.dealt_with").fetchall() == [(1, "closed")]


def test_an_erased_learner_is_not_spoken_of_again(node):
    repairs = refused(node, ["", "member-suspended", ""])
    node.registry.erasures.erase([node.first.learner], _Nothing())
    [repair] = plan(node.registry, repairs)
    assert (repair.how, "erased" in repair.why) == ("close", True)
    assert publish_again(node.registry, [repair]) == 0


class _Nothing:
    def delete(self, _):
        return set()


def test_until_then_it_exists_for_nobody_and_nothing_is_built_on_it(node):
    found = index_by_subject(refused(node, ["member-suspended", "unknown-achievement", ""]))
    with Registry(node.dsn, ORIGIN, vault_of(node.dsn), None, lambda: found) as registry:
        again, new = Issuer(registry).issue([request(1, node.achievement), request(2, node.achievement)])
        assert not isinstance(again, Issued)
        assert "exists for nobody: the log refused it at entry 2" in again.detail
        assert not isinstance(new, Issued)
        assert f"achievement {node.achievement} exists for nobody" in new.detail
        with pytest.raises(NotAccepted, match="registry refused publish-again"):
            registry.achievements.retire(node.achievement)
    assert node.stored() == 3


@pytest.mark.parametrize(
    "line",
    [b"[]", b"1", b"no JSON", b"\xff", b"[" * 60_000, b'{"id": {}, "type": 7, "subject": null, "data": [[]]}',
     b'{"data": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", b'{"id": "00000000-0000-0000-0000-000000000000-99999999999"}'],
    ids=["list", "number", "text", "no UTF-8", "deep", "other types", "deep data", "large version"],
)  # fmt: skip
def test_a_line_that_somebody_else_wrote_stops_nothing_and_is_left_to_people(node, line):
    found = read_refused(3, "member-suspended", "why", line)
    assert list(index_by_subject([found])) == []
    [repair] = plan(node.registry, [found])
    assert repair.how == "by-hand"
    assert "this node did not write it" in repair.why
    close(node.registry, [found])
