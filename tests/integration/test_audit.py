"""The audit on hostile logs and hostile databases: it ends, and it names what is wrong, where, and with what proof."""

import msgspec
import pytest

from consumers.audit.audit_compare import OtherConsortium, Undecided, compare, settle_undecided
from consumers.audit.audit_page import page
from consumers.audit.audit_report import AuditReport, Fault, NoReport
from consumers.audit.audit_verdict import conclude
from consumers.audit.auditor import audit, audit_log
from consumers.projecting.rebuild import fill, fresh_schema
from projections.core import views
from projections.core.digest import differences
from projections.core.tables import VIEWS
from registry.log import open_log
from registry.wire import commit
from registry.wire.checkpoint import SignedNote
from registry.wire.governance import MemberKeyRetired
from registry.wire.governance import head as anchor
from registry.wire.merkle import Tree
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture
def consortium():
    made = Consortium("twente", "aveiro")
    for university in made.universities.values():
        achievement, published = university.publish()
        university.achievement = achievement
        university.seal(published)
        for _ in range(6):
            university.seal(*[university.issue(achievement, new_id())[1] for _ in range(5)])
    return made


def other_history(university, commits, events=3):
    """The same history up to this number of commits, and another one after them."""
    records, tree = university.records[:commits], Tree()
    for record in records:
        tree = tree.extend(commit.parse(record).leaves())
    lines = [university.issue(university.achievement, new_id())[1] for _ in range(events)]
    record, _ = commit.sign_commit(university.origin, tree, lines, university.signers)
    return [*records, record]


def test_a_good_log_is_well_whole_in_part_and_from_an_earlier_report(consortium, tmp_path):
    source = consortium.write(tmp_path / "log")
    whole = audit_log(source, workers=1)
    assert whole.ok
    assert whole.events == 31 + 31 + 3
    assert [m.member for m in audit_log(source, only=["aveiro"], workers=1).members] == ["governance", "aveiro"]
    log = open_log(source.url, CONSORTIUM)
    twente = consortium.universities["twente"]
    with log.writer("twente"):
        log.append("twente", [twente.seal(twente.issue(twente.achievement, new_id())[1])])
    log.close()
    later = audit_log(source, since=whole, workers=1)
    assert later.ok
    assert later.mode == "log"
    assert later.since == 62
    assert {state.member: state.size for state in later.streams} == {"aveiro": 31, "governance": 3, "twente": 32}
    fresh = audit_log(source, workers=1)
    assert [s.root for s in later.streams] == [s.root for s in fresh.streams]


def test_processes_find_what_one_finds(consortium, tmp_path):
    source = consortium.write(tmp_path / "log", twente=other_history(consortium.universities["twente"], 3)[-1:])
    one, two = (audit_log(source, workers=workers) for workers in (1, 2))
    assert one.faults == two.faults
    assert one.streams == two.streams
    assert not one.ok


def test_two_histories_shown_to_two_auditors_are_proved_by_their_notes(consortium, tmp_path):
    twente = consortium.universities["twente"]
    mine = audit_log(consortium.write(tmp_path / "mine"), workers=1)
    theirs = audit_log(consortium.write(tmp_path / "theirs", twente=other_history(twente, 4, 5)), workers=1)
    assert mine.ok
    assert theirs.ok  # each by itself sees nothing wrong
    found = compare(mine, theirs)
    [difference] = found.differences
    assert (difference.member, difference.agreed, difference.size) == ("twente", 16, 21)
    notes = [SignedNote.parse(*note.replace("\n\n", "\n\0").split("\0")) for note in difference.notes]
    assert notes[0].checkpoint.size == notes[1].checkpoint.size
    assert notes[0].checkpoint.root != notes[1].checkpoint.root
    key = twente.signers[0].vkey
    for note in notes:
        [(_, line)] = note.by([key])
        assert key.verifies(line.signature, note.text.encode())
    assert compare(mine, mine).same
    # A report that was made up accuses nobody.
    [state] = [state for state in theirs.streams if state.member == "twente"]
    heads = [msgspec.structs.replace(h, note=h.note.replace("— ", "— x")) for h in state.heads]
    forged = msgspec.structs.replace(
        theirs, streams=[msgspec.structs.replace(s, heads=heads) if s is state else s for s in theirs.streams]
    )
    assert (compare(mine, forged).differences, compare(mine, forged).unsigned) == ([], ["twente"])


def test_histories_that_part_and_share_no_size_again_are_undecided_until_a_log_decides(consortium, tmp_path):
    twente = consortium.universities["twente"]
    source = consortium.write(tmp_path / "mine")
    mine = audit_log(source, workers=1)
    theirs = audit_log(consortium.write(tmp_path / "theirs", twente=other_history(twente, 4, 7)), workers=1)
    early = audit_log(consortium.write(tmp_path / "early", twente=twente.records[:5]), workers=1)
    found = compare(mine, theirs)
    assert not found.same
    assert (found.differences, found.undecided) == ([], [Undecided("twente", 16, 23)])
    log = open_log(source.url, CONSORTIUM, read_only=True)
    [difference] = settle_undecided(found, mine, theirs, log).differences
    assert (difference.member, difference.agreed, difference.size) == ("twente", 16, 23)
    assert "\n23\n" in difference.notes[0]
    assert "\n26\n" in difference.notes[1]  # the commit in which the log passes that size
    # An auditor who read less, and whose last head the other no longer keeps, saw the same all the same.
    [state] = [state for state in mine.streams if state.member == "twente"]
    thinned = msgspec.structs.replace(state, heads=[h for h in state.heads if h.size not in (16, 21)])
    later = msgspec.structs.replace(mine, streams=[thinned if s is state else s for s in mine.streams])
    doubt = compare(early, later)
    assert doubt.undecided == [Undecided("twente", 11, 21)]
    settled = settle_undecided(doubt, early, later, log)
    assert (settled.differences, settled.undecided) == ([], [])
    # The auditor who read less does not report that both saw the same.
    assert not settled.same
    assert settled.verdict == "inconclusive"
    assert settled.sentence("early", "later") == "The same as far as both go; early ends at 21 of 31 in twente."
    shorter = open_log(f"file:{tmp_path / 'early'}", CONSORTIUM, read_only=True)
    assert settle_undecided(doubt, early, later, shorter).undecided == doubt.undecided
    # A report whose root is not that of the head that it holds accuses nobody, and neither does an unsigned head.
    lied = msgspec.structs.replace(early, streams=[_with_root(s) for s in early.streams])
    assert (compare(lied, later).differences, compare(lied, later).unsigned) == ([], ["twente"])
    unsigned = msgspec.structs.replace(early, streams=[_unsigned(s) for s in early.streams])
    doubted = conclude(mine, faults=[Fault("record", "twente", "x", "y")])
    assert compare(mine, doubted).verdict == "inconclusive"
    assert compare(mine, doubted).sentence("a", "b") == "Both saw the same histories. Itself not well: b."
    accused = settle_undecided(compare(unsigned, later), unsigned, later, log)
    assert (accused.differences, accused.unsigned) == ([], ["twente"])


def _with_root(state):
    return msgspec.structs.replace(state, root="ab" * 32) if state.member == "twente" else state


def _unsigned(state):
    if state.member != "twente":
        return state
    heads = [msgspec.structs.replace(head, note=head.note.replace("— ", "— x")) for head in state.heads]
    return msgspec.structs.replace(state, heads=heads)


def test_a_history_at_a_size_that_nobody_accepted_is_evidence_too(consortium, tmp_path):
    twente = consortium.universities["twente"]
    odd = other_history(twente, 3, 3)[-1]  # a head at 14; the stream has 11 and 16
    source = consortium.write(tmp_path / "log", twente=[*twente.records, odd])
    report = audit_log(source, workers=1)
    forks = [fault for fault in report.faults if fault.kind == "fork"]
    assert [(fault.member, fault.size) for fault in forks] == [("twente", 14)]
    assert len(forks[0].evidence) == 2
    assert "\n14\n" in forks[0].evidence[0]
    assert "\n16\n" in forks[0].evidence[1]


def test_a_log_that_lost_its_tail_or_was_rewritten_is_told_from_an_earlier_report(consortium, tmp_path):
    twente = consortium.universities["twente"]
    before = audit_log(consortium.write(tmp_path / "log"), workers=1)
    for number, records in enumerate((twente.records[:-1], other_history(twente, 6, 5))):
        source = consortium.write(tmp_path / f"log{number}", twente=records)
        report = audit_log(source, since=msgspec.structs.replace(before, log=source.url), workers=1)
        assert [(fault.kind, fault.member) for fault in report.faults] == [("history", "twente")]
        assert report.faults[0].evidence


def test_governance_that_retires_a_key_sends_the_audit_back_to_the_beginning(consortium, tmp_path):
    twente = consortium.universities["twente"]
    before = audit_log(consortium.write(tmp_path / "log"), workers=1)
    head = commit.parse(twente.records[2]).checkpoint
    act = MemberKeyRetired("twente", str(twente.signers[0].vkey), anchor(head.size, head.root), "compromised")
    consortium.seal(consortium.line("member.key.retired.v1", "twente", act))
    source = consortium.write(tmp_path / "again")
    report = audit_log(source, since=msgspec.structs.replace(before, log=source.url), workers=1)
    assert {state.member: state.size for state in report.streams}["twente"] == head.size
    [fault] = report.faults
    assert (fault.code, fault.further) == ("key-not-valid", 3)
    assert {one.code for one in fault.consequences} == {"key-not-valid"}


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("UPDATE credentials SET ects = 60 WHERE leaf = 7", "credentials"),
        ("DELETE FROM credentials WHERE leaf = 7", "credentials"),
        ("UPDATE credentials SET status = 'revoked' WHERE leaf = 7", "credentials"),
        (
            "INSERT INTO erasures SELECT member, learner, 99 FROM credentials WHERE leaf = 7 AND member = 'twente'",
            "erasures",
        ),
    ],
)
def test_a_database_administrator_who_changes_rows_is_found_with_the_rows(consortium, tmp_path, dsn, sql, table):
    source = consortium.write(tmp_path / "log")
    with views.connect(dsn) as connection:
        views.create(connection)
        fill(dsn, views.SERVED, source, workers=1)
        assert audit(source, dsn, served=dsn, workers=1).ok
        connection.execute(sql)
    report = audit(source, dsn, served=dsn, workers=1)
    assert not report.ok
    assert {fault.kind for fault in report.faults} == {"views"}
    rows = [fault for fault in report.faults if fault.member == "twente"]
    assert table in rows[0].detail
    assert rows[0].evidence
    if sql.startswith("UPDATE"):  # both sides of a changed row stand together
        assert [side[0] for side in rows[0].evidence] == ["+", "-"] or [s[0] for s in rows[0].evidence] == ["-", "+"]
        assert rows[0].evidence[0].split("\t")[0][2:] == rows[0].evidence[1].split("\t")[0][2:]


def test_however_many_rows_differ_they_are_counted_and_the_first_are_shown(consortium, tmp_path, dsn):
    source = consortium.write(tmp_path / "log")
    with views.connect(dsn) as one, fresh_schema(dsn, "other") as schema, views.connect(dsn, schema) as other:
        views.create(one)
        fill(dsn, views.SERVED, source, workers=1)
        fill(dsn, schema, source, workers=1)
        one.execute("DELETE FROM credentials WHERE member = 'twente' AND leaf = 9")
        one.execute("UPDATE credentials SET status = 'revoked' WHERE member = 'twente' AND leaf % 2 = 0")
        [table] = [table for table in VIEWS if table.name == "credentials"]
        changed = one.execute("SELECT count(*) FROM credentials WHERE status = 'revoked'").fetchone()[0]
        found = differences(other, one, table, "twente", 5)
        assert found.number == 2 * changed + 1
        assert len(found.rows) == 5


def test_a_page_shows_it_all_and_fetches_nothing(consortium, tmp_path):
    twente = consortium.universities["twente"]
    source = consortium.write(tmp_path / "log", twente=[*twente.records, other_history(twente, 3, 3)[-1]])
    report = audit_log(source, workers=1)
    made = page(report)
    for wanted in ("twente", "fork", "<svg", "one day", "Key"):
        assert wanted in made
    streams = [
        msgspec.structs.replace(state, heads=[msgspec.structs.replace(head, time=f"2026-0{n + 1}-01T00:00:00Z")
                                              for n, head in enumerate(state.heads)])
        for state in report.streams
    ]  # fmt: skip
    assert "polyline" in page(msgspec.structs.replace(report, streams=streams))
    for never in ("<script", "http://", "https://", "src="):
        assert never not in made
    hostile = msgspec.structs.replace(report, consortium="<img src=x>")
    assert "<img" not in page(hostile)


def test_what_is_no_report_or_of_another_consortium_is_refused(consortium, tmp_path):
    with pytest.raises(NoReport):
        AuditReport.read(b"{}")
    report = audit_log(consortium.write(tmp_path / "log"), workers=1)
    assert AuditReport.read(msgspec.json.encode(report)) == report
    with pytest.raises(OtherConsortium):
        compare(report, msgspec.structs.replace(report, founded="00"))
    with pytest.raises(NoReport):
        audit_log(consortium.write(tmp_path / "b"), since=msgspec.structs.replace(report, consortium="other.example"))


def test_some_members_alone_can_be_audited_with_their_views(consortium, tmp_path, dsn):
    source = consortium.write(tmp_path / "log")
    with views.connect(dsn) as connection:
        views.create(connection)
    fill(dsn, views.SERVED, source, workers=1)
    with views.connect(dsn) as connection:
        connection.execute("UPDATE credentials SET status = 'revoked' WHERE member = 'twente' AND leaf < 3")
    aveiro = audit(source, dsn, served=dsn, only=["aveiro"], workers=1)
    assert aveiro.ok
    assert {m.member: m.served for m in aveiro.members} == {"governance": "equal", "aveiro": "equal"}
    assert aveiro.digest is None
    twente = audit(source, dsn, served=dsn, only=["twente"], workers=1)
    assert {fault.code for fault in twente.faults} == {"differ"}
