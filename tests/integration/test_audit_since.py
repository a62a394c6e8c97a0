"""What an earlier report found stays found until it is looked at again, however many reports lie between."""

import shutil

import msgspec
import pytest

from consumers.audit.audit_page import page
from consumers.audit.audit_report import AuditReport, Fault, Unchecked
from consumers.audit.audit_since import without_earlier
from consumers.audit.audit_verdict import conclude
from consumers.audit.audit_witness import without_witnesses
from consumers.audit.auditor import audit, audit_log
from registry.log import open_log
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture
def consortium():
    made = Consortium("twente", "aveiro")
    for university in made.universities.values():
        university.achievement, published = university.publish()
        university.seal(published)
        for _ in range(3):
            university.seal(university.issue(university.achievement, new_id())[1])
    return made


@pytest.fixture
def source(consortium, tmp_path):
    return consortium.write(tmp_path / "log")


def append(source, member, *records):
    log = open_log(source.url, CONSORTIUM)
    with log.writer(member):
        log.append(member, records)
    log.close()


def stored(report):
    """A report as the next audit reads it."""
    return AuditReport.read(msgspec.json.encode(report))


def since(source, earlier, **more):
    return stored(audit_log(source, since=stored(earlier), workers=1, **more))


FAULTS = [
    Fault("seal", "twente", "contradicts", "the seal of 3 leaves is not what they say", leaf=3),
    Fault("views", "twente", "differ", "rows of credentials do not follow from the log", evidence=["- x"]),
    Fault("views", "twente", "differ", "rows of seals do not follow from the log", evidence=["- y"]),
    Fault("stored", "twente", "altered", "a stored event of this node was altered", leaf=2),
    Fault("witness", "twente", "shorter", "witnesses cosigned its head at 90 events", size=90),
    Fault("event", "twente", "member-suspended", "$: the member is suspended", leaf=2),
    Fault("fork", "twente", "fork", "signed another head at 2", size=2),
    # Among the records that the earlier report verified, and this log has the very same.
    Fault("record", "twente", "bad-signature", "it is not signed", position=10, size=2),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.code}")
def test_a_fault_that_is_not_checked_again_stays_through_any_number_of_reports(source, fault):
    report = conclude(audit_log(source, workers=1), faults=[fault])
    for _ in range(3):
        report = since(source, report)
        assert report.faults == [msgspec.structs.replace(fault, earlier=True)]
        assert report.verdict == "not well"
        assert "(so says the earlier report; it was not checked again)" in report.summary
        assert {member.member: member.faults for member in report.members}["twente"] == 1
    assert "so says the earlier report" in page(report)


def test_several_faults_of_a_kind_all_stay(source):
    report = since(source, conclude(audit_log(source, workers=1), faults=FAULTS))
    assert report.faults == [msgspec.structs.replace(fault, earlier=True) for fault in FAULTS]


def test_a_fault_under_one_that_is_well_now_stays_by_itself(source):
    under = Fault("views", "twente", "ahead", "the served views have more events than the log")
    torn = Fault("stream", "twente", "torn", "its log ends in 3 bytes", further=1, consequences=[under])
    report = since(source, conclude(audit_log(source, workers=1), faults=[torn]))
    assert report.faults == [msgspec.structs.replace(under, earlier=True)]


UNCHECKED = [
    Unchecked("the node's views of twente", "they are of an earlier governance", "views", "twente"),
    Unchecked("this node's stored events", "the database cannot be reached", "stored", "twente"),
    Unchecked("that the head of twente at 4 events is the newest", "nobody cosigned it", "witness", "twente", 4),
    Unchecked("something that an older program says", "it does not say of what kind it is"),
]


@pytest.mark.parametrize("item", UNCHECKED, ids=lambda item: item.kind)
def test_what_could_not_be_checked_stays_so_through_any_number_of_reports(source, item):
    report = conclude(audit_log(source, workers=1), unchecked=[item])
    for _ in range(3):
        report = since(source, report)
        assert report.unchecked == [msgspec.structs.replace(item, earlier=True)]
        assert report.verdict == "inconclusive"
        assert "so says the earlier report" in report.summary


def test_what_is_asked_again_is_not_said_twice(source):
    report = without_witnesses(audit_log(source, workers=1), [], require=True)
    again = since(source, report)
    assert len(without_witnesses(again, again.streams, require=True).unchecked) == 1
    assert without_earlier(again, unchecked=lambda item: item.kind == "witness").unchecked == []


def test_streams_that_could_not_be_read_and_can_be_now_are_well(source):
    items = [
        Unchecked("the log of twente after 2 events", "it cannot be read", "stream", "twente"),
        Unchecked("what the members have published", "there is no log of any", "stream"),
    ]
    faults = [
        Fault("stream", "twente", "torn", "its log ends in 3 bytes"),
        Fault("stream", "twente", "missing", "there is no log of it"),
        Fault("stream", "uhr", "unknown-member", "there is a log of it"),
    ]
    report = conclude(audit_log(source, workers=1), faults=faults, unchecked=items)
    assert since(source, report).verdict == "well"
    of_aveiro = since(source, report, only=["aveiro"])
    assert (len(of_aveiro.faults), len(of_aveiro.unchecked)) == (3, 2)


def test_a_head_that_was_lacking_is_well_once_the_log_has_it_again(consortium, source, tmp_path):
    whole = audit_log(source, workers=1)
    twente = consortium.universities["twente"]
    file = tmp_path / "log" / "twente.log"
    full = file.read_bytes()
    file.write_bytes(full[: full.rindex(b"\n\ntest.example/twente\n") + 2])
    lost = since(source, whole)
    assert [(fault.kind, fault.code, fault.earlier) for fault in lost.faults] == [("history", "shorter", False)]
    still = since(source, lost)
    assert [(fault.kind, fault.code, fault.earlier) for fault in still.faults] == [("history", "shorter", True)]
    file.write_bytes(full)
    append(source, "twente", twente.seal(twente.issue(twente.achievement, new_id())[1]))
    assert since(source, still).verdict == "well"


def test_an_altered_record_is_well_once_it_is_restored_and_read_again(source, tmp_path):
    file = tmp_path / "log" / "twente.log"
    full = file.read_bytes()
    place = full.rindex(b"awardingDate")
    file.write_bytes(full[:place] + b"X" + full[place + 1 :])
    altered = stored(audit_log(source, workers=1))
    assert [fault.kind for fault in altered.faults] == ["record"]
    assert [(fault.kind, fault.earlier) for fault in since(source, altered).faults] == [("record", False)]
    file.write_bytes(full)
    restored = since(source, altered)
    assert (restored.verdict, restored.events) == ("well", 1 + restored.streams[0].size)


def test_a_whole_audit_finds_what_only_views_tell_and_later_ones_keep_it(consortium, source, dsn):
    twente = consortium.universities["twente"]
    credential, issued = twente.issue(twente.achievement, new_id())
    append(source, "twente", twente.seal(issued, twente.revoke(credential), twente.revoke(credential)))
    whole = stored(audit(source, dsn, workers=1))
    assert [(fault.kind, fault.code) for fault in whole.faults] == [("event", "illegal-transition")]
    assert since(source, since(source, whole)).faults == [msgspec.structs.replace(whole.faults[0], earlier=True)]


def test_a_fault_of_another_copy_is_none_of_this_one_once_its_records_are_read(source, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "log", copy)
    data = (copy / "twente.log").read_bytes()
    place = data.index(b"awardingDate")
    (copy / "twente.log").write_bytes(data[:place] + b"X" + data[place + 1 :])
    damaged = stored(audit_log(source._replace(url=f"file:{copy}"), workers=1))
    assert [(fault.kind, fault.member) for fault in damaged.faults] == [("record", "twente")]
    good = since(source, damaged)
    assert (good.verdict, good.faults) == ("well", [])
    assert [warning.code for warning in good.warnings] == ["no-longer-so"]
    assert "This is no longer so in this copy of the log" in good.summary
    # Where the stream is not read, nobody knows whether this copy has the fault.
    elsewhere = since(source, damaged, only=["aveiro"])
    assert (elsewhere.verdict, elsewhere.faults) == ("inconclusive", [])
    assert "whether the log of twente has here what an earlier report found in file:" in elsewhere.summary
    here = since(source, msgspec.structs.replace(damaged, log=source.url), only=["aveiro"])
    assert [(fault.member, fault.earlier) for fault in here.faults] == [("twente", True)]
    assert "Verified what came after the earlier report, up to" in here.summary
    read = sum(member.size for member in here.members)
    assert f"up to {read} events" in here.summary
    assert read < sum(state.size for state in here.streams)
