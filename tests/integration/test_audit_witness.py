"""What cosigned heads say of an audited log: that they are the newest, or that the log lost or changed something."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from consumers.audit_witness import with_witnesses, without_witnesses
from consumers.auditor import RootsOfLog, audit_log
from consumers.governance import GovernanceFold
from consumers.policy import Policy
from consumers.rebuild import Source
from consumers.witness import Witness
from registry.log import open_log
from registry.wire import commit
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.support.streams import CONSORTIUM, Consortium, new_id

NAME = "witness.example/w1"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def consortium():
    made = Consortium("twente")
    twente = made.universities["twente"]
    twente.achievement, published = twente.publish()
    twente.seal(published)
    for _ in range(3):
        twente.seal(twente.issue(twente.achievement, new_id())[1])
    return made


@pytest.fixture
def witness(consortium, tmp_path):
    made = Witness(
        consortium.log(), CONSORTIUM, consortium.founded, NAME, Ed25519Signer.generate(NAME), tmp_path / "w",
        clock=lambda: NOW,
    )  # fmt: skip
    made.follow()
    return made


def vouched(consortium, witness, folder, *, require=True, needed=0, records=None, now=NOW, max_age=None):
    log = open_log(f"file:{folder}", CONSORTIUM)
    twente = consortium.universities["twente"].records if records is None else records
    for name, own in {"governance": consortium.records, "twente": twente}.items():
        log.create(name)
        with log.writer(name):
            log.append(name, own)
    log.close()
    source = Source(f"file:{folder}", CONSORTIUM, consortium.founded)
    fold = GovernanceFold(CONSORTIUM, consortium.founded)
    for record in consortium.records:
        fold.take(record)
    report = audit_log(source, workers=1)
    policy = Policy((witness.key,), needed, max_age)
    return with_witnesses(report, policy, witness.kept.newest, RootsOfLog(source, fold), now, require=require)


def test_heads_that_witnesses_cosigned_are_said_to_be_with_the_day(consortium, witness, tmp_path):
    report = vouched(consortium, witness, tmp_path / "log")
    assert report.verdict == "well"
    assert "1 of 1 witnesses cosigned these heads, the oldest on 4 May 2026." in report.summary


def test_a_head_that_nobody_vouches_for_leaves_the_audit_inconclusive_only_where_it_was_asked(
    consortium, witness, tmp_path
):
    twente = consortium.universities["twente"]
    twente.seal(twente.issue(twente.achievement, new_id())[1])
    report = vouched(consortium, witness, tmp_path / "one")
    assert report.verdict == "inconclusive"
    assert "witnesses cosigned 4 events, and this log has 5" in report.summary
    report = vouched(consortium, witness, tmp_path / "two", require=False)
    assert report.verdict == "well"
    assert "all but twente, for which nobody but the members vouches" in report.summary
    assert vouched(consortium, witness, tmp_path / "three", require=False, needed=1).verdict == "well"


def test_too_few_witnesses_or_too_old_a_head_leave_the_audit_inconclusive(consortium, witness, tmp_path):
    few = vouched(consortium, witness, tmp_path / "one", require=False, needed=2)
    assert few.verdict == "inconclusive"
    late = NOW + timedelta(days=3)
    day = timedelta(days=1)
    old = vouched(consortium, witness, tmp_path / "two", require=False, needed=1, now=late, max_age=day)
    assert "72 hours ago" in old.unchecked[0].why


def test_a_log_that_ends_before_a_cosigned_head_lost_its_end(consortium, witness, tmp_path):
    records = consortium.universities["twente"].records[:-1]
    report = vouched(consortium, witness, tmp_path / "log", records=records, require=False)
    assert [(fault.member, fault.code, fault.size) for fault in report.faults] == [("twente", "shorter", 4)]
    assert "witnesses cosigned its head at 4 events, and this log ends at 3" in report.summary


@pytest.mark.parametrize("more", [0, 1])
def test_a_log_with_another_history_than_the_cosigned_one_is_a_fork(consortium, witness, tmp_path, more):
    twente = consortium.universities["twente"]
    records, tree = twente.records[:3], Tree()
    for record in records:
        tree = tree.extend(commit.parse(record).leaves())
    for _ in range(1 + more):
        record, tree = commit.seal(twente.origin, tree, [twente.issue(twente.achievement, new_id())[1]], twente.signers)
        records = [*records, record]
    report = vouched(consortium, witness, tmp_path / "log", records=records)
    assert [(fault.kind, fault.code) for fault in report.faults] == [("witness", "fork")]
    assert report.faults[0].evidence


def test_without_any_witness_who_asked_for_one_is_told_so(consortium, witness, tmp_path):
    report = vouched(consortium, witness, tmp_path / "log", require=False)
    plain = msgspec.structs.replace(report, vouched=[])
    assert without_witnesses(plain, plain.streams, require=False).verdict == "well"
    asked = without_witnesses(plain, plain.streams, require=True)
    assert asked.verdict == "inconclusive"
    assert "no witness is known here" in asked.summary
