"""What was repaired as docs/repair.md says is no fault for ever; what was not repaired stays one."""

import pytest

from consumers.audit.auditor import audit, audit_log
from registry.wire import commit
from registry.wire.governance import MemberKeyAdded, MemberKeyRetired, MemberReinstated, MemberSuspended
from registry.wire.keys import Ed25519Signer
from tests.support.streams import Consortium, new_id


@pytest.fixture
def consortium():
    made = Consortium("twente", "aveiro")
    for university in made.universities.values():
        university.achievement, published = university.publish()
        university.seal(published, *(university.issue(university.achievement, new_id())[1] for _ in range(3)))
    return made


@pytest.fixture
def twente(consortium):
    return consortium.universities["twente"]


def change_key(consortium, twente):
    """Retire twente's key at its head; return the old signers and the new ones."""
    old, new, head = twente.signers, Ed25519Signer.generate(twente.origin), twente.head
    consortium.seal(
        consortium.line("member.key.added.v1", "twente", MemberKeyAdded("twente", str(new.vkey), head)),
        consortium.line(
            "member.key.retired.v1", "twente", MemberKeyRetired("twente", str(old[0].vkey), head, "rotated")
        ),
    )
    return old, [new]


def commits(twente, tree, batches, signers):
    """Seal batches of lines after a tree; return the records and the tree after them."""
    records = []
    for lines in batches:
        record, tree = commit.sign_commit(twente.origin, tree, lines, signers)
        records.append(record)
    return records, tree


def test_commits_that_were_refused_for_their_key_and_sealed_again_are_a_warning(consortium, twente, tmp_path):
    old, new = change_key(consortium, twente)
    batches = [[twente.issue(twente.achievement, new_id())[1]] for _ in range(30)]
    refused, _ = commits(twente, twente.tree, batches, old)
    again, _ = commits(twente, twente.tree, batches, new)
    whole = list(twente.records)
    twente.records = [*whole, *refused]
    before = audit_log(consortium.write(tmp_path / "refused"), workers=1)
    assert [(fault.code, fault.further) for fault in before.faults] == [("key-not-valid", 29)]
    twente.records = [*whole, *refused, *again[:10]]
    [part] = audit_log(consortium.write(tmp_path / "part"), workers=1).faults
    assert (part.code, part.size, part.further) == ("key-not-valid", 15, 19)
    twente.records = [*whole, *refused, *again]
    source = consortium.write(tmp_path / "repaired")
    for report in (audit_log(source, workers=1), audit_log(source, since=before, workers=1)):
        assert (report.verdict, report.faults) == ("well", [])
        assert ("twente", "sealed-again") in [(warning.member, warning.code) for warning in report.warnings]
        assert {member.member: member.size for member in report.members}["twente"] == 34


def test_what_a_retired_key_signed_after_the_head_was_there_stays_a_fault(consortium, twente, tmp_path):
    old, new = change_key(consortium, twente)
    lines = [[twente.issue(twente.achievement, new_id())[1]]]
    by_thief, _ = commits(twente, twente.tree, lines, old)
    own, _ = commits(twente, twente.tree, lines, new)
    other, _ = commits(twente, twente.tree, [[twente.issue(twente.achievement, new_id())[1]]], old)
    for number, records in enumerate(([*own, *by_thief], [*other, *own])):
        twente.records = [*twente.records[:1], *records]
        report = audit_log(consortium.write(tmp_path / str(number)), workers=1)
        assert [fault.code for fault in report.faults] == ["key-not-valid"]
        assert report.warnings == []


def test_refused_events_that_were_published_again_are_warnings(consortium, twente, dsn, tmp_path):
    suspended, reinstated = MemberSuspended("twente", twente.head, "administrative"), MemberReinstated
    credential, lost = new_id(), new_id()
    issued = [twente.issue(twente.achievement, new_id(), one)[1] for one in (credential, lost)]
    twente.seal(*issued)
    consortium.seal(consortium.line("member.suspended.v1", "twente", suspended))
    consortium.seal(
        consortium.line("member.reinstated.v1", "twente", reinstated("twente", twente.head, "administrative"))
    )
    report = audit(consortium.write(tmp_path / "refused"), dsn, workers=1)
    assert [(fault.code, fault.leaf) for fault in report.faults] == [("member-suspended", 4), ("member-suspended", 5)]
    twente.seal(twente.issue(twente.achievement, new_id(), credential)[1])
    report = audit(consortium.write(tmp_path / "repaired"), dsn, workers=1)
    assert [(fault.code, fault.leaf) for fault in report.faults] == [("member-suspended", 5)]
    [warning] = report.warnings
    assert (warning.code, warning.leaf) == ("published-again", 4)
    assert "(member-suspended), and published again at entry 7" in warning.detail
    twente.seal(twente.issue(twente.achievement, new_id(), lost)[1])
    report = audit(consortium.write(tmp_path / "whole"), dsn, workers=1)
    assert (report.verdict, len(report.warnings)) == ("well", 2)


def test_an_event_that_was_refused_twice_stays_a_fault(consortium, twente, dsn, tmp_path):
    credential, issued = twente.issue(twente.achievement, new_id())
    twente.seal(issued, twente.revoke(credential), twente.revoke(credential), twente.revoke(credential))
    report = audit(consortium.write(tmp_path / "log"), dsn, workers=1)
    assert [(fault.code, fault.leaf) for fault in report.faults] == [
        ("illegal-transition", 6),
        ("illegal-transition", 7),
    ]
    assert report.warnings == []
