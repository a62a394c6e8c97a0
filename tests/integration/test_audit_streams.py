"""What an audit says of logs that are missing, cut, doubled, swapped or nobody's: all that outsiders tried by hand."""

import msgspec
import pytest

from consumers.audit.audit_compare import compare
from consumers.audit.audit_report import AuditReport, NoReport, StreamState
from consumers.audit.audit_source import OtherFounding, source_of
from consumers.audit.auditor import audit_log
from consumers.projecting.rebuild import Source
from registry.log import NoSuchStream, open_log
from registry.wire.governance import MemberSuspended
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture
def consortium():
    """Twente stacks what Aveiro issued, so that its events speak of Aveiro's."""
    made = Consortium("twente", "aveiro", "delft")
    aveiro, twente, delft = (made.universities[name] for name in ("aveiro", "twente", "delft"))
    for university in (aveiro, delft):
        achievement, published = university.publish()
        university.seal(published)
        for _ in range(6):
            university.part, line = university.issue(achievement, new_id())
            university.seal(line)
    achievement, published = twente.publish()
    twente.seal(published)
    for _ in range(5):
        twente.seal(twente.issue(achievement, new_id())[1])
    part = {"member": "aveiro", "credential": aveiro.part, "ects": 5}
    twente.seal(twente.issue(achievement, new_id(), parts=[part])[1])
    return made


@pytest.fixture
def folder(consortium, tmp_path):
    return write(consortium, tmp_path / "log")


def write(consortium, folder):
    consortium.write(folder)
    for lock in folder.glob("*.lock"):
        lock.unlink()
    return folder


def audited(consortium, folder, **more):
    return audit_log(Source(f"file:{folder}", CONSORTIUM, consortium.founded), workers=1, **more)


def told(report):
    return [(fault.member, fault.code) for fault in report.faults]


def frames(folder, stream):
    """The stream's records as they are in the file."""
    log = open_log(f"file:{folder}", CONSORTIUM, read_only=True)
    data = (folder / f"{stream}.log").read_bytes()
    return [data[record.position : record.next] for record in log.records(stream)]


def test_a_good_log_is_verified_and_nobody_is_said_to_vouch_for_its_end(consortium, folder):
    report = audited(consortium, folder)
    assert (report.verdict, report.ok) == ("well", True)
    assert report.summary == (
        "Verified up to 25 events in 4 logs. Nobody but the members vouches that these are the newest heads."
    )


def test_a_missing_log_of_which_others_speak_is_a_fault(consortium, folder):
    (folder / "aveiro.log").unlink()
    report = audited(consortium, folder)
    assert told(report) == [("aveiro", "missing")]
    assert report.summary.startswith("Not well: 1 fault: aveiro: there is no log of it, although twente (leaf 6)")
    (folder / "aveiro.log").touch()
    assert told(audited(consortium, folder)) == [("aveiro", "missing")]


def test_a_missing_log_of_which_nobody_speaks_is_a_warning(consortium, folder):
    (folder / "delft.log").unlink()
    report = audited(consortium, folder)
    assert report.verdict == "well"
    assert [(one.member, one.code) for one in report.warnings] == [("delft", "nothing-published")]
    assert "1 warning" in report.summary


def test_a_copy_without_any_members_log_is_inconclusive(consortium, folder):
    for name in ("aveiro", "delft", "twente"):
        (folder / f"{name}.log").unlink()
    report = audited(consortium, folder)
    assert report.verdict == "inconclusive"
    assert report.summary.startswith(
        "We cannot tell: what the members have published could not be checked: there is no log of aveiro, delft,"
    )


def test_a_log_that_ends_before_a_head_that_governance_names_lacks_its_end(consortium, folder):
    twente = consortium.universities["twente"]
    act = MemberSuspended("twente", twente.head, "administrative")
    consortium.seal(consortium.line("member.suspended.v1", "twente", act))
    again = write(consortium, folder.parent / "again")
    (again / "twente.log").write_bytes(b"".join(frames(again, "twente")[:-2]))
    assert told(audited(consortium, again)) == [("twente", "shorter")]


def test_bytes_after_the_last_record_are_a_fault(consortium, folder):
    file = folder / "twente.log"
    file.write_bytes(file.read_bytes()[:-40])
    report = audited(consortium, folder)
    assert told(report) == [("twente", "torn")]
    assert "no whole record" in report.summary
    governance = folder / "governance.log"
    governance.write_bytes(governance.read_bytes() + b"half a line")
    assert told(audited(consortium, folder)) == [("governance", "torn"), ("twente", "torn")]


def test_a_record_that_stands_twice_is_a_warning_also_for_who_goes_on_from_a_report(consortium, folder):
    before = audited(consortium, folder)
    records = frames(folder, "twente")
    for doubled in ([*records[:3], records[2], *records[3:]], [*records[:5], *records[1:3], *records[5:]]):
        (folder / "twente.log").write_bytes(b"".join(doubled))
        whole = audited(consortium, folder)
        assert whole.verdict == "well"
        assert [(one.member, one.code) for one in whole.warnings] == [("twente", "repeated")]
        assert audited(consortium, folder, since=before).verdict == "well"
        # These are other records than the report's, so that the stream is read whole again.
        assert audited(consortium, folder, since=before).retry_read == ["twente"]


def test_a_log_of_nobody_is_a_fault_and_an_empty_one_a_warning(consortium, folder):
    (folder / "uhr.log").touch()
    report = audited(consortium, folder)
    assert (report.verdict, [one.member for one in report.warnings]) == ("well", ["uhr"])
    origin = f"{CONSORTIUM}/uhr".encode()
    (folder / "uhr.log").write_bytes(
        (folder / "delft.log").read_bytes().replace(f"{CONSORTIUM}/delft".encode(), origin)
    )
    report = audited(consortium, folder)
    assert told(report) == [("uhr", "unknown-member")]
    assert report.unknown_streams == {"uhr": 7}
    assert "7 events could not be judged: governance knows no member uhr" in report.summary
    (folder / "uhr.log").write_bytes(b"anything\n\nat all\n\n")
    assert told(audited(consortium, folder)) == [("uhr", "unknown-member")]


def test_members_that_vanish_from_governance_are_one_fault_with_the_number_of_events(consortium, folder):
    file = folder / "governance.log"
    data = bytearray(file.read_bytes())
    data[data.index(b"University of Twente")] ^= 1
    file.write_bytes(data)
    report = audited(consortium, folder)
    [fault] = report.faults
    assert fault.member == "governance"
    assert fault.code == "other-founding"  # the founding's own commit was altered: nothing counts
    assert {one.member for one in fault.consequences} == {"governance", "twente", "aveiro", "delft"}
    assert "21 events could not be judged" in report.summary


def test_an_earlier_report_tells_what_governance_no_longer_knows(consortium, folder):
    lund = consortium.admission("lund")
    consortium.seal(lund)
    university = consortium.universities["lund"]
    university.seal(university.publish()[1])
    again = write(consortium, folder.parent / "again")
    before = audited(consortium, again)
    (again / "governance.log").write_bytes(frames(again, "governance")[0])
    (again / "lund.log").unlink()
    report = audited(consortium, again, since=before)
    assert told(report) == [("governance", "shorter")]
    assert [(one.member, one.code) for one in report.faults[0].consequences] == [("lund", "unknown-member")]


def test_one_altered_byte_is_one_fault_with_what_follows_folded_under_it(consortium, folder):
    file = folder / "twente.log"
    data = bytearray(file.read_bytes())
    data[data.index(b'"ects":5', len(data) // 2) + 7] ^= 1
    file.write_bytes(data)
    report = audited(consortium, folder)
    [fault] = report.faults
    assert fault.member == "twente"
    assert fault.further == len(fault.consequences) > 1
    assert f"{fault.further} further records could not be judged because of it" in fault.detail
    assert "was altered" in report.summary


def test_two_altered_bytes_are_two_faults(consortium, folder):
    for name in ("twente", "delft"):
        file = folder / f"{name}.log"
        data = bytearray(file.read_bytes())
        data[data.index(b'"ects":5', len(data) // 2) + 7] ^= 1
        file.write_bytes(data)
    report = audited(consortium, folder)
    assert [fault.member for fault in report.faults] == ["delft", "twente"]
    assert report.summary.startswith("Not well: 2 faults; the first cause is delft")


@pytest.mark.parametrize("byte", [0, 13, 40, 80, 100, 150, 200])
def test_wherever_a_byte_of_a_head_is_altered_it_is_one_fault(consortium, folder, byte):
    records = frames(folder, "twente")
    place = len(b"".join(records[:3])) + byte
    file = folder / "twente.log"
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)
    report = audited(consortium, folder)
    assert {fault.member for fault in report.faults} == {"twente"}
    assert len([fault for fault in report.faults if fault.kind == "record"]) == 1, report.faults


def test_a_missing_commit_is_named_by_the_sizes_between_which_it_lay(consortium, folder):
    records = frames(folder, "twente")
    (folder / "twente.log").write_bytes(b"".join(records[:2] + records[3:]))
    [fault] = audited(consortium, folder).faults
    assert fault.detail.startswith("a commit is missing between 2 and 3; 3 further records")


def test_commits_in_another_order_are_told_as_that(consortium, folder):
    records = frames(folder, "twente")
    (folder / "twente.log").write_bytes(b"".join([*records[:2], records[3], records[2], *records[4:]]))
    [fault] = audited(consortium, folder).faults
    assert "not in their order" in fault.detail


@pytest.mark.parametrize("other", ["twente", "governance"])
def test_a_swapped_log_is_named_as_what_it_is(consortium, folder, other):
    (folder / "delft.log").write_bytes((folder / f"{other}.log").read_bytes())
    [fault] = audited(consortium, folder).faults
    assert (fault.member, fault.code) == ("delft", "other-log")
    whose = "twente's log" if other == "twente" else "the consortium's own log"
    assert f"the log of delft holds records of {whose}" in fault.detail


def test_an_earlier_report_holds_for_another_copy_at_another_place(consortium, folder, tmp_path):
    before = audited(consortium, folder)
    twente = consortium.universities["twente"]
    twente.seal(twente.publish()[1])
    copy = write(consortium, tmp_path / "copy")
    report = audited(consortium, copy, since=before)
    assert (report.verdict, report.since) == ("well", 21)
    assert "Only what is new was verified: 1 new event, and governance; of the 21 events that the" in report.summary
    assert [s.root for s in report.streams] == [s.root for s in audited(consortium, copy).streams]


def test_a_log_that_is_gone_since_an_earlier_report_is_a_fault_and_the_others_go_on(consortium, folder):
    before = audited(consortium, folder)
    (folder / "delft.log").unlink()
    report = audited(consortium, folder, since=before)
    assert told(report) == [("delft", "shorter")]
    assert "an earlier report verified 7 events, and this log has none of them" in report.summary
    assert {state.member: state.size for state in report.streams}["twente"] == 7


def test_a_log_that_cannot_be_read_leaves_the_audit_inconclusive_and_the_others_go_on(consortium, folder):
    (folder / "delft.log").unlink()
    (folder / "delft.log").mkdir()
    report = audited(consortium, folder)
    assert report.verdict == "inconclusive"
    assert [item.what for item in report.unchecked] == ["the log of delft after 0 events"]
    assert {state.member: state.size for state in report.streams}["aveiro"] == 7


def test_a_log_without_governance_is_told_as_that(consortium, folder):
    (folder / "governance.log").unlink()
    with pytest.raises(NoSuchStream, match="there is no governance log at file:"):
        audited(consortium, folder)


def test_who_read_less_is_named_with_the_size_at_which_it_ends(consortium, folder):
    mine = audited(consortium, folder)
    (folder / "aveiro.log").unlink()
    theirs = audited(consortium, folder)
    found = compare(mine, theirs)
    assert found.verdict == "inconclusive"
    assert found.sentence("A", "B") == ("The same as far as both go; B ends at 0 of 7 in aveiro. Itself not well: B.")
    assert compare(theirs, mine).sentence("A", "B") == (
        "The same as far as both go; A ends at 0 of 7 in aveiro. Itself not well: A."
    )
    assert compare(mine, mine).sentence("A", "B") == "Both saw the same histories."
    # A report in which the stream does not occur at all is one that saw nothing of it.
    without = msgspec.structs.replace(
        mine,
        streams=[s for s in mine.streams if s.member != "delft"],
        members=[m for m in mine.members if m.member != "delft"],
    )
    assert compare(mine, without).sentence("A", "B") == "The same as far as both go; B ends at 0 of 7 in delft."


def test_the_founding_s_hash_alone_leads_to_the_log_s_consortium(consortium, folder):
    source = source_of(f"file:{folder}", consortium.founded)
    assert source == Source(f"file:{folder}", CONSORTIUM, consortium.founded)
    other = source_of(f"file:{folder}", bytes(32))
    assert [fault.code for fault in audit_log(other, workers=1).faults] == ["other-founding"]
    governance = (folder / "governance.log").read_bytes()
    (folder / "governance.log").write_bytes(b"x" * len(governance))
    with pytest.raises(OtherFounding):
        source_of(f"file:{folder}", consortium.founded)
    (folder / "governance.log").write_bytes(b"")
    with pytest.raises(NoSuchStream, match=r"the governance log at file:.* is empty"):
        source_of(f"file:{folder}", consortium.founded)


def test_a_report_of_before_this_version_can_be_gone_on_from(consortium, folder):
    before = msgspec.to_builtins(audited(consortium, folder))
    for name in ("verdict", "summary"):
        del before[name]
    for state in before["streams"]:
        state.pop("mentions")
    report = AuditReport.read(msgspec.json.encode(before))
    assert isinstance(report.streams[0], StreamState)
    assert audited(consortium, folder, since=report).verdict == "well"


@pytest.mark.parametrize("changes", [{"root": "00" * 32}, {"hashes": []}, {"hashes": ["zz"]}, {"size": 8}])
def test_a_report_that_contradicts_itself_is_refused(consortium, folder, changes):
    report = audited(consortium, folder)
    streams = [msgspec.structs.replace(s, **changes) if s.member == "twente" else s for s in report.streams]
    with pytest.raises(NoReport, match="twente"):
        audited(consortium, folder, since=msgspec.structs.replace(report, streams=streams))


def one_flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        lambda records: [records[-1]],
        lambda records: [b"x" * 5000 + b"\n\n", records[-1]],
        lambda records: [*records[:3], *records[4:]],
        lambda records: [records[-1], *records[:-1]],
        lambda records: [b"garbage\n\n", *records],
        lambda records: [one_flipped(records[0], -20), *records[1:]],
        lambda records: [one_flipped(records[1], records[1].index(b"\n\n") + 60), *records[2:]],
        lambda records: [records[1], records[0], *records[2:]],
    ],
    ids=["only the last", "x", "middle removed", "last in front", "garbage", "byte", "signature", "order"],
)
def test_who_goes_on_from_a_report_sees_that_what_it_covers_is_gone_or_altered(consortium, folder, change):
    before = audited(consortium, folder)
    (folder / "twente.log").write_bytes(b"".join(change(frames(folder, "twente"))))
    report = audited(consortium, folder, since=before)
    assert report.verdict == "not well"
    [fault] = report.faults
    assert (fault.kind, fault.member) == ("record", "twente")
    assert fault == audited(consortium, folder).faults[0] or fault.further
    assert report.retry_read == ["twente"]
    assert "Read whole, because the records are not those that the earlier report verified" in report.summary


def test_what_a_cut_governance_no_longer_names_is_not_counted_as_verified(consortium, folder):
    consortium.seal(consortium.admission("lund"))
    university = consortium.universities["lund"]
    university.seal(university.publish()[1])
    again = write(consortium, folder.parent / "again")
    before = audited(consortium, again)
    (again / "governance.log").write_bytes((again / "governance.log").read_bytes()[:-30])
    report = audited(consortium, again, since=before)
    [fault] = report.faults
    assert (fault.member, fault.code) == ("governance", "torn")
    assert {(one.member, one.code) for one in fault.consequences} >= {
        ("governance", "shorter"), ("lund", "unknown-member")
    }  # fmt: skip
    assert "up to 25 events in 4 logs" in report.summary
    assert [state.size for state in report.streams if state.member == "lund"] == [1]


def test_a_log_that_was_copied_as_text_is_one_fault_that_says_so(consortium, folder):
    before = audited(consortium, folder)
    file = folder / "twente.log"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    for report in (audited(consortium, folder), audited(consortium, folder, since=before)):
        [fault] = report.faults
        assert (fault.member, fault.code) == ("twente", "line-ends")
        assert "line ends were changed (CRLF): copy it in binary mode" in report.summary
        assert "empty" not in report.summary
    governance = folder / "governance.log"
    governance.write_bytes(governance.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(NoSuchStream, match="CRLF"):
        source_of(f"file:{folder}", consortium.founded)


def test_an_end_that_is_missing_and_torn_is_one_fault(consortium, folder):
    before = audited(consortium, folder)
    file = folder / "twente.log"
    file.write_bytes(file.read_bytes()[:-40])
    assert told(audited(consortium, folder, since=before)) == [("twente", "torn")]
