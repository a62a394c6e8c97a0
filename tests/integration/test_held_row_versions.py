"""A decision on a held row counts for the version that was read: a system can replace one row by another."""

import pytest

from registry.application.held_row_decision import HeldRowChanged
from registry.application.held_rows import AlreadyDecided, HeldRows
from registry.application.requests import Issued, NotIssued
from registry.learners.numbers import find_learner
from tests.support.meanwhile import meanwhile
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request
from tests.support.old_tables import forget_migrations

VRIES = {"family_name": "Vries", "given_name": "Anna", "date_of_birth": "2001-05-05"}
EVE = {"family_name": "Mallory", "given_name": "Eve", "date_of_birth": "1979-11-30"}
KIM = {"family_name": "Roy", "given_name": "Kim", "date_of_birth": "1999-01-02"}


@pytest.fixture
def node(dsn):
    made = TestNode(dsn, MemoryLog())
    yield made
    made.close()


@pytest.fixture
def achievement(node):
    """An achievement that the learners h001 and h002 hold, both of whom are Kim."""
    offered = node.offer()
    node.issuer.issue([request(n, offered, student=f"h00{n}", **KIM) for n in (1, 2)])
    return offered


def hold(node, achievement, student="h001", person=VRIES):
    [outcome] = node.issuer.issue([request("hx", achievement, student=student, **person)])
    assert isinstance(outcome, NotIssued)
    return outcome


def read(node):
    [row] = HeldRows(node.registry).waiting()
    return row


def persons(node):
    """What is known of the two learners, and which learners their numbers lead to."""
    found = {number: find_learner(node.registry, number) for number in ("h001", "h002")}
    return {number: (known.learner.learner, known.person) for number, known in found.items()}


@pytest.mark.parametrize("decision", ["same-person", "other-person"])
@pytest.mark.parametrize(
    ("student", "person", "changes"),
    [
        ("h002", EVE, ("dateOfBirth", "name", "student")),
        ("h001", EVE, ("dateOfBirth", "name")),
        ("h002", VRIES, ("student",)),
        ("h001", VRIES | {"given_name": "Annabel"}, ("name",)),
    ],
)
def test_a_row_that_was_replaced_after_it_was_read_is_not_decided_on(
    node, achievement, decision, student, person, changes
):
    hold(node, achievement)
    shown = read(node)
    hold(node, achievement, student, person)
    before = persons(node)
    with pytest.raises(HeldRowChanged, match="changed since you read it"):
        HeldRows(node.registry).decide("row-hx", shown.version, decision, "a.berg")
    assert persons(node) == before
    row = read(node)
    assert (row.student, row.changes) == (student, changes)
    decided = HeldRows(node.registry).decide("row-hx", row.version, decision, "a.berg")
    assert (decided.learner == before[student][0]) == (decision == "same-person")


def test_a_row_that_is_replaced_while_somebody_decides_is_not_decided_on(node, achievement, monkeypatch):
    hold(node, achievement)
    shown, before = read(node), persons(node)
    meanwhile(monkeypatch, node.registry, lambda: hold(node, achievement, "h002", EVE))
    with pytest.raises(HeldRowChanged):
        HeldRows(node.registry).decide("row-hx", shown.version, "same-person", "a.berg")
    assert persons(node) == before
    assert read(node).student == "h002"


@pytest.mark.parametrize("decision", ["same-person", "other-person"])
def test_a_row_that_is_held_again_while_somebody_decides_erases_no_decision(node, achievement, monkeypatch, decision):
    hold(node, achievement)
    shown = read(node)
    meanwhile(
        monkeypatch, node.registry, lambda: HeldRows(node.registry).decide("row-hx", shown.version, decision, "a.berg")
    )
    [outcome] = node.issuer.issue([request("hx", achievement, student="h001", **VRIES)])
    assert isinstance(outcome, Issued)
    assert persons(node)["h001"][1]["familyName"] == "Vries"
    assert list(HeldRows(node.registry).waiting()) == []


def test_a_known_person_who_changed_after_the_row_was_read_is_read_again_first(node, achievement):
    hold(node, achievement)
    shown = read(node)
    node.issuer.issue([request("hy", achievement, student="h001", **EVE)])
    node.decide_held("row-hy", "same-person")
    before = persons(node)
    for decision in ("same-person", "other-person"):
        with pytest.raises(HeldRowChanged):
            HeldRows(node.registry).decide("row-hx", shown.version, decision, "a.berg")
    assert persons(node) == before
    node.decide_held("row-hx", "same-person")


def test_a_repeated_decision_counts_only_for_the_version_that_was_decided_on(node, achievement):
    hold(node, achievement)
    shown = read(node)
    hold(node, achievement, "h002", EVE)
    rows = HeldRows(node.registry)
    decided = node.decide_held("row-hx", "same-person", "l.holm")
    with pytest.raises(HeldRowChanged):
        rows.decide("row-hx", shown.version, "same-person", "a.berg")
    assert not decided.unchanged


def test_a_row_that_is_held_again_says_how_it_differs_and_names_nobody(node, achievement):
    assert "has taken its place" not in hold(node, achievement).detail
    again = hold(node, achievement)
    assert "has taken its place" not in again.detail
    first = read(node)
    assert first.changes == ()
    replaced = hold(node, achievement, "h002", EVE)
    assert "a row with this id and another number and name and date of birth was held" in replaced.detail
    for word in ("Vries", "Mallory", "h001", "h002", "1979"):
        assert word not in replaced.detail
    changed = read(node)
    hold(node, achievement, "h002", EVE)
    assert (read(node).version, read(node).changes) == (changed.version, changed.changes)
    hold(node, achievement)
    assert read(node).version == first.version


def test_a_row_that_is_held_again_later_in_a_long_file_says_so(node, achievement):
    rows = [
        request("hx", achievement, student="h001", **VRIES),
        *(request(number, achievement) for number in range(100, 1200)),
        request("hx", achievement, student="h002", **EVE),
    ]
    outcomes = list(node.issuer.issue_all(rows))
    assert "has taken its place" not in outcomes[0].detail
    assert "has taken its place" in outcomes[-1].detail
    assert read(node).changes == ("dateOfBirth", "name", "student")


def test_rows_that_an_earlier_version_held_and_decided_on_are_still_read(node, achievement, dsn):
    hold(node, achievement)
    node.issuer.issue([request("hy", achievement, student="h002", **EVE)])
    version = HeldRows(node.registry).read("row-hy").version
    node.decide_held("row-hy", "same-person")
    node.registry.cursor().execute("ALTER TABLE vault.held_rows DROP COLUMN version")
    forget_migrations(node.registry.cursor())
    node.close()
    later = TestNode(dsn, MemoryLog())
    with pytest.raises(AlreadyDecided, match=r"a\.berg decided same-person"):
        HeldRows(later.registry).decide("row-hy", version, "same-person", "a.berg")
    assert later.decide_held("row-hx", "same-person").unchanged is False
    later.close()
