"""Everything that a node serves is inside the audit: whichever row is edited, the audit names its table and itself."""

import uuid

import psycopg
import pytest
from psycopg.types.json import Json

from consumers.audit.auditor import audit
from consumers.projecting.rebuild import fill
from projections.core import views
from projections.core.tables import FURTHER, NOT_COMPARED, VIEWS
from projections.feed import feed
from registry.log import open_log
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.forms import VersionedRef
from registry.wire.governance import MemberSuspended
from registry.wire.recognition import (
    AgreementDeclared,
    Basis,
    Grant,
    Ground,
    RecognitionAssessed,
    RecognitionDecided,
    Towards,
)
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture
def consortium():
    """Two members with something in every table that is served."""
    made = Consortium("twente", "aveiro")
    twente, aveiro = made.universities["twente"], made.universities["aveiro"]
    energy, published = twente.publish()
    twente.seal(published)
    credentials = []
    for _ in range(4):
        credential, line = twente.issue(energy, new_id())
        credentials.append(credential)
        twente.seal(line)
    twente.seal(twente.revoke(credentials[0]), twente.revoke(credentials[0]))
    erased = new_id()
    twente.seal(twente.issue(energy, erased)[1], twente.erase(erased))
    key, announced = twente.announce_key()
    twente.seal(announced, twente.end_key(key))
    ref = VersionedRef("twente", energy, 1)
    programme, published = aveiro.publish(title={"en": "Urban analytics"})
    part = {"member": "twente", "credential": credentials[1], "ects": 5}
    aveiro.seal(published, aveiro.issue(programme, new_id(), parts=[part])[1])
    decision, assessment, agreement = new_id(), new_id(), new_id()
    aveiro.seal(
        aveiro.line("recognition.decided.v1", decision, decided(decision, ref)),
        aveiro.line("recognition.assessed.v1", assessment, assessed(assessment, ref)),
        aveiro.line("agreement.declared.v1", agreement, agreed(agreement, ref)),
    )
    return made


def decided(decision, ref):
    ground = Ground("workload", "substantiallyLess")
    grant = Grant([0], "partial", "credited", "none", Towards(title={"en": "Master"}), 3, grounds=[ground])
    basis = Basis("onLog", ref, credential_digest="A" * 43)
    return RecognitionDecided(
        decision=decision, purpose="creditTransfer", effect="binding", basis=[basis], grants=[grant],
        decision_date="2026-05-04",
    )  # fmt: skip


def assessed(assessment, ref):
    return RecognitionAssessed(
        assessment=assessment, achievement=ref, purpose="creditTransfer", effect="binding", outcome="full",
        mode="recognised",
    )  # fmt: skip


def agreed(agreement, ref):
    return AgreementDeclared(
        agreement=agreement, with_="twente", achievements=[ref], include_revisions=True, purpose="creditTransfer",
        outcome="full", ects_ratio=1, valid_from="2026-01-01",
    )  # fmt: skip


@pytest.fixture
def source(consortium, tmp_path):
    # A head that was signed and not accepted, and bytes that are not a record at all.
    twente = consortium.universities["twente"]
    other = SignedNote.sign(Checkpoint(twente.origin, 3, bytes(32)), twente.signers)
    return consortium.write(tmp_path / "log", twente=[*twente.records, f"{other}\nx\n".encode(), b"garbage\n"])


@pytest.fixture
def served(source, dsn):
    with views.connect(dsn) as connection:
        views.create(connection)
        fill(dsn, views.SERVED, source, workers=1)
        yield connection


def of_views(report):
    return [fault for fault in report.faults if fault.kind == "views"]


def columns(connection):
    rows = connection.execute(
        "SELECT table_name, column_name, udt_name FROM information_schema.columns"
        " WHERE table_schema = %s ORDER BY 1, ordinal_position",
        (views.SERVED,),
    )
    return rows.fetchall()


def test_every_table_and_column_of_the_views_is_compared_or_says_why_not(served):
    looked_at = {}
    for table in (*VIEWS, *FURTHER):
        looked_at.setdefault(table.name, "")
        looked_at[table.name] += f" {table.key} {table.columns}"
    forgotten = []
    for table, column, _ in columns(served):
        if table in NOT_COMPARED or f"{table}.{column}" in NOT_COMPARED or column == "member":
            continue
        words = looked_at.get(table, "").replace("(", " ").replace(")", " ").replace(",", " ").split()
        if column not in words and not derived(table, column):
            forgotten.append(f"{table}.{column}")
    assert not forgotten, "compare these in projections/core/tables.py, or say in NOT_COMPARED why not"
    named = {table for table, _, _ in columns(served)} | {f"{t}.{c}" for t, c, _ in columns(served)}
    assert set(NOT_COMPARED) <= named


def derived(table, column):
    """The hash of a quarantined record stands for its bytes."""
    return (table, column) == ("quarantine", "record")


@pytest.mark.usefixtures("served")
def test_untouched_views_are_equal_in_all_that_is_served(source, dsn):
    report = audit(source, dsn, served=dsn, workers=1)
    assert {member.served for member in report.members} == {"equal"}
    assert of_views(report) == []
    assert "What the node serves follows from the log." in report.views


EDITS = {
    "positions": "UPDATE positions SET skipped = skipped + 1 WHERE member = 'twente'",
    "members": "UPDATE members SET country = 'XX' WHERE member = 'twente'",
    "achievements": "UPDATE achievements SET retired_by = 3 WHERE member = 'twente'",
    "achievement_versions": "UPDATE achievement_versions SET title = '{\"en\": \"Forged\"}' WHERE member = 'twente'",
    "credentials": "UPDATE credentials SET ects = 60 WHERE leaf = 2",
    "award_counts": "UPDATE award_counts SET active = active + 1000 WHERE member = 'twente'",
    "parts": "UPDATE parts SET ects = 60",
    "status_changes": "UPDATE status_changes SET status = 'active'",
    "erasures": "UPDATE erasures SET leaf = 1",
    "decisions": "UPDATE decisions SET state = 'withdrawn'",
    "decision_bases": "UPDATE decision_bases SET version = 2",
    "decision_counts": "UPDATE decision_counts SET number = 7 WHERE of_member = 'twente'",
    "assessments": "UPDATE assessments SET closed = 3",
    "agreements": "UPDATE agreements SET closed = 3",
    "agreement_targets": "UPDATE agreement_targets SET version = 2",
    "issuing_keys": "UPDATE issuing_keys SET reason = 'lost'",
    "precedents": "UPDATE precedents SET outcome = 'refused', grounds = '{formal:notAuthentic}' WHERE grant_no = 0",
    "precedent_counts": "UPDATE precedent_counts SET in_force = 99 WHERE what = 'partial'",
    "programmes": "UPDATE programmes SET words = 'forged'",
    "achievement_search": "UPDATE achievement_search SET sort_title = 'forged' WHERE member = 'twente'",
    "text_rules": "DELETE FROM text_rules WHERE member = 'twente'",
    "refusals": "DELETE FROM refusals",
    "claims": "DELETE FROM claims",
    "quarantine": "DELETE FROM quarantine WHERE code = 'malformed'",
}


@pytest.mark.parametrize("table", EDITS)
def test_an_edited_row_of_any_served_table_is_named_with_its_table(source, served, dsn, table):
    assert served.execute(EDITS[table]).rowcount > 0
    report = audit(source, dsn, served=dsn, workers=1)
    assert report.verdict == "not well"
    assert [fault.code for fault in of_views(report)] == ["differ"]
    [fault] = of_views(report)
    assert f"rows of {table} do not follow from the log" in fault.detail
    assert fault.evidence
    assert "The node serves rows that do not follow from the log." in report.summary


def test_a_log_of_another_founding_is_one_fault_and_no_error(source, dsn):
    report = audit(source._replace(founded=bytes(32)), dsn, served=dsn, workers=1)
    assert [fault.code for fault in report.faults] == ["other-founding"]
    assert {one.member for one in report.faults[0].consequences} == {"governance", "twente", "aveiro"}


def test_a_served_table_that_is_gone_is_a_fault_and_no_traceback(source, served, dsn):
    served.execute("DROP TABLE precedents")
    report = audit(source, dsn, served=dsn, workers=1)
    assert ["precedents" in fault.detail for fault in of_views(report)] == [True]


def test_every_served_table_was_edited():
    assert {table.name for table in (*VIEWS, *FURTHER)} - set(EDITS) == {"joined", "voided_credentials", "seals"}


def test_a_count_in_the_feed_that_the_log_cannot_have_led_to_is_a_fault(source, served, dsn):
    feed.create(served)
    achievement = served.execute("SELECT achievement::text FROM achievements WHERE member = 'twente'").fetchone()[0]

    def tell(number):
        served.execute(
            "INSERT INTO feed.notices (member, kind, thing, cause_member, leaf, size, data)"
            " VALUES ('twente', 'achievement.decided.partial', %s, '', %s, 0, %s)",
            (achievement, number, Json({"outcome": "partial", "atLeast": number, "before": "2026-05-05"})),
        )

    try:
        tell(1)
        assert of_views(audit(source, dsn, served=dsn, workers=1)) == []
        tell(10)
        [fault] = of_views(audit(source, dsn, served=dsn, workers=1))
        assert "at least 10 decisions (partial)" in fault.detail
    finally:
        served.execute("DROP SCHEMA feed CASCADE")


def grown(consortium, source):
    twente = consortium.universities["twente"]
    log = open_log(source.url, CONSORTIUM)
    with log.writer("twente"):
        log.append("twente", [twente.seal(twente.publish(title={"en": "Later"})[1])])
    log.close()


def test_views_that_are_behind_are_a_warning_and_are_compared_as_far_as_they_go(consortium, source, served, dsn):
    grown(consortium, source)
    report = audit(source, dsn, served=dsn, require_views=True, workers=1)
    assert of_views(report) == []
    assert [(one.member, one.code) for one in report.warnings] == [("twente", "behind")]
    assert {member.member: (member.served, member.lag) for member in report.members}["twente"] == ("behind", 1)
    assert "1 event behind; as far as they go they follow from the log" in report.summary
    served.execute("UPDATE award_counts SET active = active + 1 WHERE member = 'twente'")
    report = audit(source, dsn, served=dsn, workers=1)
    assert [fault.member for fault in of_views(report)] == ["twente"]
    assert "award_counts" in of_views(report)[0].detail


CLAIMED_POSITIONS = {
    "an empty position": "UPDATE positions SET size = 0, hashes = '' WHERE member = 'twente'",
    "a size of 0 alone": "UPDATE positions SET size = 0 WHERE member = 'twente'",
    "no position": "DELETE FROM positions WHERE member = 'twente'",
    "no position of anybody": "DELETE FROM positions",
    "empty positions of all": "UPDATE positions SET size = 0, hashes = ''",
    "another size": "UPDATE positions SET size = 3 WHERE member = 'twente'",
    "hashes that are none": "UPDATE positions SET hashes = '\\x00' WHERE member = 'twente'",
    "an earlier governance": "UPDATE positions SET governance = 1 WHERE member = 'twente'",
    "an earlier governance of all": "UPDATE positions SET governance = 1 WHERE member <> 'governance'",
    "governance behind": "UPDATE positions SET size = 1, governance = 1 WHERE member = 'governance'",
    "no governance": "DELETE FROM positions WHERE member = 'governance'",
    "a later governance": "UPDATE positions SET governance = 99 WHERE member = 'twente'",
}


@pytest.mark.parametrize("claimed", CLAIMED_POSITIONS)
@pytest.mark.usefixtures("consortium")
def test_no_position_that_a_node_claims_keeps_its_rows_from_the_comparison(source, served, dsn, claimed):
    served.execute("UPDATE credentials SET ects = 60 WHERE leaf = 2")
    assert served.execute(CLAIMED_POSITIONS[claimed]).rowcount > 0
    report = audit(source, dsn, served=dsn, workers=1)
    faults = [each for fault in report.faults for each in (fault, *fault.consequences)]
    # A position that cannot be read at all is a fault of the whole node.
    assert {fault.member for fault in faults if fault.kind == "views"} & {"twente", "this node"}
    assert "The node serves rows that do not follow from the log." in report.summary


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO erasures VALUES ('aveiro', gen_random_uuid(), 2)",
        "INSERT INTO refusals SELECT 'aveiro', 99, code, path, detail, line FROM refusals LIMIT 1",
        "INSERT INTO quarantine SELECT 'aveiro', 99, code, detail, record, size FROM quarantine LIMIT 1",
    ],
)
def test_a_member_without_position_may_have_no_rows_but_that_of_governance(source, served, dsn, sql):
    views.forget(served, "aveiro")
    served.execute("DELETE FROM positions WHERE member = 'aveiro'")
    report = audit(source, dsn, served=dsn, workers=1)
    assert of_views(report) == report.unchecked == []
    assert [(one.member, one.code) for one in report.warnings] == [("aveiro", "behind")]
    assert served.execute(sql).rowcount == 1
    [fault] = of_views(audit(source, dsn, served=dsn, workers=1))
    assert (fault.member, fault.code) == ("aveiro", "differ")


def test_rows_in_the_name_of_governance_or_of_nobody_are_found(source, served, dsn):
    for name in ("governance", "nobody"):
        served.execute("INSERT INTO erasures VALUES (%s, gen_random_uuid(), 2)", (name,))
        [fault] = of_views(audit(source, dsn, served=dsn, workers=1))
        assert fault.member == name
        served.execute("DELETE FROM erasures WHERE member = %s", (name,))
    assert of_views(audit(source, dsn, served=dsn, workers=1)) == []


def spoken(consortium, source, line):
    log = open_log(source.url, CONSORTIUM)
    with log.writer("governance"):
        log.append("governance", [consortium.seal(line)])
    log.close()


def test_views_of_an_earlier_governance_are_compared_unless_it_has_said_more_about_the_member(
    consortium, source, served, dsn
):
    head = consortium.universities["twente"].head
    act = MemberSuspended("twente", head, "administrative")
    spoken(consortium, source, consortium.line("member.suspended.v1", "twente", act))
    report = audit(source, dsn, served=dsn, workers=1)
    assert of_views(report) == []
    assert [item.what for item in report.unchecked] == ["the node's views of twente"]
    assert "which has said more about twente since" in report.summary
    served.execute("UPDATE decisions SET state = 'withdrawn'")  # of aveiro, about which nothing was said
    assert [fault.member for fault in of_views(audit(source, dsn, served=dsn, workers=1))] == ["aveiro"]


def test_views_of_an_earlier_governance_that_said_nothing_about_a_member_since_are_well(
    consortium, source, served, dsn
):
    spoken(consortium, source, consortium.admission("delft"))
    report = audit(source, dsn, served=dsn, workers=1)
    assert of_views(report) == report.unchecked == []
    served.execute("UPDATE members SET country = 'XX' WHERE member = 'twente'")
    assert [fault.member for fault in of_views(audit(source, dsn, served=dsn, workers=1))] == ["twente"]


def test_evidence_that_no_log_leads_to_is_found_in_views_that_are_behind(consortium, source, served, dsn):
    grown(consortium, source)
    served.execute("INSERT INTO quarantine SELECT member, 7, 'fork', detail, 'x', size FROM quarantine LIMIT 1")
    [fault] = of_views(audit(source, dsn, served=dsn, workers=1))
    assert "rows of quarantine do not follow from the log" in fault.detail


def test_views_that_are_not_there_are_said_and_where_they_were_asked_for_the_audit_is_inconclusive(source, empty_dsn):
    report = audit(source, empty_dsn, served=empty_dsn, workers=1)
    assert "The node's views were not compared: there are no views yet" in report.summary
    assert report.unchecked == []
    report = audit(source, empty_dsn, served=empty_dsn, require_views=True, workers=1)
    assert [item.what for item in report.unchecked] == ["the node's views"]


def test_views_of_another_version_are_not_compared(source, served, dsn):
    served.execute("COMMENT ON SCHEMA views IS 'credential registry views, version 1, layout 1'")
    report = audit(source, dsn, served=dsn, require_views=True, workers=1)
    assert "they are of another version" in report.unchecked[0].why


def test_a_database_that_cannot_be_reached_leaves_the_audit_of_the_log(source, dsn):
    away = psycopg.conninfo.make_conninfo(dsn, dbname=f"no_{uuid.uuid4().hex}")
    report = audit(source, dsn, served=away, workers=1)
    assert [item.what for item in report.unchecked] == ["the node's views"]
    assert report.events == 19
