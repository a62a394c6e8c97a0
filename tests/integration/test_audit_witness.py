"""What cosigned heads say of an audited log: that they are the newest, or that the log lost or changed something."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from consumers.audit.audit_witness import with_witnesses, without_witnesses
from consumers.audit.auditor import RootsOfLog, audit_log
from consumers.governance.governance import GovernanceFold
from consumers.witness.cosignatures import Cosignatures, DamagedCosignatures
from consumers.witness.policy import Policy
from consumers.witness.witness import Witness
from registry.wire import commit
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.cosignature import cosign
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.support.streams import CONSORTIUM, Consortium, new_id

NAME = "witness.example/w1"
SIGNER = Ed25519Signer.generate(NAME)
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


def signed_note(origin, size, *signers, root=bytes(32)):
    """A note of an origin that these (name, signer) cosigned."""
    head = Checkpoint(origin, size, root)
    lines = [cosign(name, signer, str(head), NOW) for name, signer in signers]
    return SignedNote(head, str(head), tuple(lines))


@pytest.fixture
def witness(consortium, tmp_path):
    made = Witness(consortium.log(), CONSORTIUM, consortium.founded, NAME, SIGNER, tmp_path / "w", clock=lambda: NOW)
    made.follow()
    return made


def vouched(consortium, witness, folder, *, require=True, needed=0, records=None, now=NOW, max_age=None, kept=None):
    others = {} if records is None else {"twente": records}
    source = consortium.write(folder, **others)
    fold = GovernanceFold(CONSORTIUM, consortium.founded)
    for record in consortium.records:
        fold.take(record)
    report = audit_log(source, workers=1)
    policy = Policy((witness.key,), needed, max_age)
    return with_witnesses(report, policy, kept or witness.kept, RootsOfLog(source, fold), now, require=require)


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
    assert "the newest heads of 1 of 2 logs" in report.summary
    assert "nobody but the members vouches for twente." in report.summary
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
        record, tree = commit.sign_commit(
            twente.origin, tree, [twente.issue(twente.achievement, new_id())[1]], twente.signers
        )
        records = [*records, record]
    report = vouched(consortium, witness, tmp_path / "log", records=records)
    assert [(fault.kind, fault.code) for fault in report.faults] == [("witness", "fork")]
    assert report.faults[0].evidence


def test_without_any_witness_who_asked_for_one_is_told_so(consortium, witness, tmp_path):
    report = vouched(consortium, witness, tmp_path / "log", require=False)
    plain = msgspec.structs.replace(report, cosigned_heads=[])
    assert without_witnesses(plain, plain.streams, require=False).verdict == "well"
    asked = without_witnesses(plain, plain.streams, require=True)
    assert asked.verdict == "inconclusive"
    assert "no witness is known here" in asked.summary


def test_a_stream_that_was_cut_is_not_left_out_of_the_count_of_cosigned_heads(consortium, witness, tmp_path):
    records = consortium.universities["twente"].records[:-1]
    report = vouched(consortium, witness, tmp_path / "log", records=records)
    assert "1 of 1 witnesses cosigned the newest heads of 1 of 2 logs" in report.summary
    assert "nobody but the members vouches for twente." in report.summary


def test_an_altered_record_is_one_fault_although_a_witness_cosigned_a_later_head(consortium, witness, tmp_path):
    records = list(consortium.universities["twente"].records)
    records[2] = records[2].replace(b"awardingDate", b"awardingDatX")
    report = vouched(consortium, witness, tmp_path / "log", records=records)
    assert [(fault.kind, fault.member) for fault in report.faults] == [("record", "twente")]
    assert "this log ends at" not in report.faults[0].detail
    assert [(each.kind, each.code) for each in report.faults[0].consequences][-1] == ("witness", "shorter")


def notes_file(witness, tmp_path, content):
    """A copy of a witness's file of twente in which something else stands."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in (tmp_path / "w" / "cosignatures").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    file = folder / "test.example~twente.notes"
    file.write_bytes(content(file.read_bytes()))
    return file, Cosignatures(folder, [witness.key])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda data: data.replace(b"\n", b"\r\n"), "line ends were changed (CRLF)"),
        (lambda _: b"rubbish\n", "not a file of cosigned heads"),
        (lambda _: b"rubbish\n\nmore\n\n", "not a file of cosigned heads"),
        (lambda _: bytes(1000), "not a file of cosigned heads"),
    ],
)
def test_a_file_of_cosigned_heads_that_is_none_is_said_and_stays_as_it_is(consortium, witness, tmp_path, content, why):
    file, kept = notes_file(witness, tmp_path, content)
    before = file.read_bytes()
    report = vouched(consortium, witness, tmp_path / "log", require=False, kept=kept)
    assert report.verdict == "inconclusive"
    assert why in report.summary
    with pytest.raises(DamagedCosignatures, match=why.replace("(", r"\(").replace(")", r"\)")):
        kept.add(witness.kept.newest("test.example/twente"))
    assert file.read_bytes() == before


@pytest.mark.parametrize("length", [1, 20, 21, 60, 75, 80, 82, 120, 200])
def test_only_adding_cuts_the_end_that_an_interrupted_write_left(consortium, witness, tmp_path, length):
    whole = b""

    def torn(data):
        nonlocal whole
        whole = data
        return data + data[:length]

    file, kept = notes_file(witness, tmp_path, torn)
    before = file.read_bytes()
    report = vouched(consortium, witness, tmp_path / "log", kept=kept)
    assert (report.verdict, len(report.warnings)) == ("well", 1)
    assert file.read_bytes() == before
    note = witness.kept.newest("test.example/twente")
    later = Checkpoint(note.checkpoint.origin, 9, bytes(32))
    line = cosign(NAME, SIGNER, str(later), NOW)
    assert kept.add(SignedNote(later, str(later), (line,))) == 1
    assert file.read_bytes().startswith(whole + b"test.example/twente\n9\n")


@pytest.mark.parametrize("origin", ["test.example/twente", "test.example/aveiro"])
@pytest.mark.parametrize("first", [True, False])
def test_heads_that_no_witness_of_the_reader_cosigned_accuse_nobody(consortium, witness, tmp_path, origin, first):
    strange = Ed25519Signer.generate(NAME)
    forged = [signed_note(origin, size, (NAME, strange)) for size in (3, 4, 900)]
    forged.append(signed_note("test.example/aveiro", 900, (NAME, SIGNER)))
    more = "".join(f"{note}\n" for note in forged).encode()
    _, kept = notes_file(witness, tmp_path, lambda data: more + data if first else data + more)
    report = vouched(consortium, witness, tmp_path / "log", kept=kept)
    assert (report.verdict, report.faults) == ("well", [])
    assert "1 of 1 witnesses cosigned these heads" in report.summary
    assert ["4 notes in" in warning.detail for warning in report.warnings] == [True]
