"""Many credentials changed, corrected and released by command: shown first, confirmed, once."""

import json
from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest

from registry.application.status_changes import StatusChange
from registry.batches import BatchStore, RowProblem
from registry.batches.batch import WrongState
from registry.batches.row_changer import NamedBefore, RowChanger
from registry.batches.status_rows import StatusRow
from registry.cli.issuing.bulk_changes import MAX_ROWS
from registry.node.node import open_node
from registry.node.services.batches import open_batch_store
from tests.support.command import Consortium, printed_json, registry

HEADER = "credential,record,change,reason,note\n"


@pytest.fixture
def clerk(tmp_path, postgres):
    """A university with six credentials, of the records r0 to r5."""
    consortium = Consortium(tmp_path, postgres)
    consortium.achievement = consortium.offer()
    consortium.run("import", "file", consortium.rows(consortium.achievement, 6))
    consortium.run("views", "update")
    consortium.ids = [known(consortium, f"r{number}") for number in range(6)]
    return consortium


def known(consortium, record):
    with open_node(consortium.home) as node:
        return node.issuer.find_credential(record)


def shown(consortium, credential):
    consortium.run("views", "update")
    return printed_json(consortium.run("credential", "show", credential, "--json"))


def size(consortium):
    return (consortium.folder / "log" / "twente.log").stat().st_size


def test_changes_are_shown_confirmed_and_made_once_and_a_bad_row_keeps_nobody(clerk, tmp_path):
    ids = clerk.ids
    file = tmp_path / "changes.csv"
    file.write_text(
        HEADER
        + f"{ids[0]},,revoke,issuedInError,\n,r1,revoke,withheld,Private words\n{ids[2]},r2,suspend,underReview,\n"
        ",r3,suspend,underReview,\n,nobody,revoke,issuedInError,\nx,,drop,,\n"
        f"{ids[4]},r5,revoke,issuedInError,\n{ids[4]},,suspend,hmm,\n"
    )
    before = size(clerk)
    dry = clerk.run("credential", "change", file, "--dry-run", check=1)
    assert "4 credentials would be changed. Nothing was changed." in dry.stdout
    preview = printed_json(clerk.run("credential", "change", file, "--dry-run", "--json", check=1))["preview"]
    assert {(one["change"], one["reason"], one["credentials"]) for one in preview["changes"]} == {
        ("revoke", "issuedInError", 1), ("revoke", "withheld", 1), ("suspend", "underReview", 2),
    }  # fmt: skip
    assert [(one["line"], one["field"]) for one in preview["problems"]] == [
        (6, "record"), (7, "credential"), (7, "change"), (8, "record"), (9, "reason"),
    ]  # fmt: skip
    assert preview["refused"] == 4
    refused = clerk.run("credential", "change", file, check=2)
    assert "This permanently revokes 2 credentials. This suspends 2 credentials" in refused.stderr
    assert "--yes" in refused.stderr
    assert size(clerk) == before

    done = clerk.run("credential", "change", file, "--yes", check=1)
    assert "4 changed, 0 as before, 4 rows not taken" in done.stdout
    assert "published 4 events" in done.stderr
    assert [shown(clerk, each)["status"] for each in ids[:5]] == [
        "revoked", "revoked", "suspended", "suspended", "active",
    ]  # fmt: skip
    [note] = shown(clerk, ids[1])["notes"]
    assert (note["change"], note["note"]) == ("revoke", "Private words")
    assert "Private words" in clerk.run("credential", "show", "--record", "r1").stdout
    assert b"Private words" not in (clerk.folder / "log" / "twente.log").read_bytes()

    after = size(clerk)
    again = clerk.run("credential", "change", file, "--yes", check=1)
    assert "4 rows as before" in again.stdout
    assert "Nothing was changed." in again.stdout
    assert size(clerk) == after


def test_a_file_that_was_made_already_says_so_and_is_well(clerk, tmp_path):
    file = tmp_path / "changes.ndjson"
    rows = [{"record": f"r{number}", "change": "suspend", "reason": "underReview"} for number in range(6)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "6 changed" in clerk.run("credential", "change", file, "--yes").stdout
    assert "every change was made already" in clerk.run("credential", "change", file).stdout
    for name, reason, says in (
        ("reinstate", "", "6 changed"),
        ("revoke", "withheld", "6 changed"),
        ("suspend", "underReview", "is revoked"),
        ("revoke", "issuedInError", "is revoked already, for the reason withheld"),
    ):
        file.write_text("".join(json.dumps(row | {"change": name, "reason": reason}) + "\n" for row in rows))
        done = clerk.run("credential", "change", file, "--yes", check=True if "changed" in says else 1)
        assert says in done.stdout
    assert clerk.run("credential", "change", file, "--dry-run", "--json", check=1)


def test_a_credential_that_a_file_names_twice_is_changed_once_and_running_again_changes_nothing(clerk, tmp_path):
    file = tmp_path / "changes.csv"
    file.write_text(f"{HEADER},r0,suspend,underReview,\n{clerk.ids[0]},,reinstate,,\n,r0,suspend,underReview,\n")
    done = clerk.run("credential", "change", file, "--yes", check=1)
    assert "1 changed, 0 as before, 2 rows not taken" in done.stdout
    assert f"line 2 of this file names credential {clerk.ids[0]} already" in " ".join(done.stdout.split())
    assert shown(clerk, clerk.ids[0])["status"] == "suspended"
    after = size(clerk)
    again = printed_json(clerk.run("credential", "change", file, "--yes", "--json", check=1))
    assert (again["changed"], again["unchanged"], again["refused"]) == (0, 1, 2)
    assert [(one["line"], one["code"], one["field"]) for one in again["problems"]] == [
        (3, "named-before", "credential"), (4, "named-before", "record"),
    ]  # fmt: skip
    assert size(clerk) == after


def test_a_file_with_more_rows_than_are_held_in_memory_is_refused_as_a_whole(clerk, tmp_path):
    file = tmp_path / "changes.csv"
    file.write_text("record,change,reason\n" + "r0,suspend,underReview\n" * (MAX_ROWS + 1))
    refused = clerk.run("credential", "change", file, "--yes", check=1)
    assert "more than 100,000 rows. Nothing was changed. Split it" in " ".join(refused.stderr.split())
    assert shown(clerk, clerk.ids[0])["status"] == "active"


def test_a_batch_that_goes_on_after_a_stop_still_knows_what_its_earlier_rows_named(clerk):
    first, second = (StatusRow(line, StatusChange("", "r0", "suspend", "underReview")) for line in (2, 3))
    with open_node(clerk.home) as node, RowChanger(node.registry, node.issuer) as changer:
        changer.skip(StatusRow(1, StatusChange("", "nobody", "suspend", "underReview")))
        changer.skip(first)
        with pytest.raises(NamedBefore, match="line 2 of this file"):
            changer.check(second)


def test_a_preview_does_not_grow_with_the_file(clerk):
    wrong = [RowProblem(1, "line 1", "change", "x", "", "is wrong")]
    with open_node(clerk.home) as node, RowChanger(node.registry, node.issuer) as changer:
        preview = changer.preview(wrong for _ in range(20_000))
    assert (preview.refused, len(preview.problems), preview.unlisted) == (20_000, 10_000, 10_000)


def test_a_column_that_is_not_read_is_said_and_an_empty_file_is_no_success(clerk, tmp_path):
    file = tmp_path / "changes.csv"
    file.write_text("record,change,reason,colour\nr0,suspend,underReview,red\n")
    assert (
        "column 'colour' is not known and was not read" in clerk.run("credential", "change", file, "--dry-run").stdout
    )
    file.write_text("record,change,reason\n")
    assert "row" in clerk.run("credential", "change", file, "--yes", check=1).stderr


def test_one_credential_is_changed_by_its_record_with_a_note_that_goes_with_its_learner(clerk):
    clerk.run("credential", "suspend", "--record", "r0", "--reason", "underReview", "--note", "Asked by the board")
    clerk.run("credential", "reinstate", "--record", "r0")
    refused = clerk.run("credential", "revoke", clerk.ids[0], "--reason", "withheld", check=2)
    assert f"This permanently revokes credential {clerk.ids[0]}." in refused.stderr
    assert "Refusing without confirmation" in refused.stderr
    assert shown(clerk, clerk.ids[0])["status"] == "active"
    clerk.run("credential", "revoke", clerk.ids[0], "--reason", "withheld", "--yes", "--note", "Fraud")
    assert [one["note"] for one in shown(clerk, clerk.ids[0])["notes"]] == ["Asked by the board", "Fraud"]
    assert clerk.run("credential", "revoke", "--reason", "withheld", "--yes", check=2)
    assert (
        "No credential" in clerk.run("credential", "suspend", "--record", "x", "--reason", "withheld", check=1).stderr
    )
    assert clerk.run("credential", "suspend", clerk.ids[1], "--reason", "withheld", "--note", "x" * 2001, check=2)
    clerk.run("learner", "erase", "s0", "--student", "--yes")
    assert shown(clerk, clerk.ids[0])["notes"] == []
    with open_node(clerk.home) as node:
        assert node.registry.cursor().execute("SELECT * FROM vault.status_notes").fetchall() == []


def corrections(clerk, file, *rows):
    names = registry("import", "template", "csv").stdout.splitlines()[0].split(",")
    base = {"achievement": clerk.achievement, "family_name": "Jansen", "given_name": "Ada",
            "date_of_birth": "2001-02-03", "awarding_date": "2026-06-30"}  # fmt: skip
    lines = [",".join((base | row).get(name, "") for name in names) for row in rows]
    file.write_text("\n".join([",".join(names), *lines, ""]))
    return file


def test_corrections_are_shown_confirmed_and_made_once(clerk, tmp_path):
    file = corrections(
        clerk,
        tmp_path / "corrections.csv",
        {"record": "c0", "student": "s0", "replaces": clerk.ids[0], "grade": "9"},
        {"record": "c1", "student": "s1", "replaces": "r1", "grade": "8"},
        {"record": "c2", "student": "s2", "grade": "8"},
        {"record": "c3", "student": "s1", "replaces": clerk.ids[3]},
        {"record": "c4", "student": "s1", "replaces": clerk.ids[1], "grade": "7"},
        {"record": "c5", "student": "s4", "replaces": "nobody"},
    )
    before = size(clerk)
    dry = clerk.run("credential", "correct", file, "--dry-run", check=1)
    assert "2 would be issued" in dry.stdout
    assert "replaces: is empty" in dry.stdout
    assert "nor a record of yours that was issued" in " ".join(dry.stdout.split())
    replaced = printed_json(clerk.run("credential", "correct", file, "--dry-run", "--json", check=1))["replaced"]
    assert list(replaced.values()) == [2]
    assert "Nothing was changed." in dry.stdout
    refused = clerk.run("credential", "correct", file, check=2)
    assert "This permanently replaces 2 credentials: the old ones no longer count." in refused.stderr
    assert size(clerk) == before
    assert "2 issued" in clerk.run("credential", "correct", file, "--yes", check=1).stdout
    assert [shown(clerk, each)["status"] for each in clerk.ids[:4]] == ["replaced", "replaced", "active", "active"]
    after = size(clerk)
    again = clerk.run("credential", "correct", file, "--yes", check=1)
    assert "0 would be issued, 2 as before" in again.stdout or "0 issued, 2 as before" in again.stdout
    assert printed_json(clerk.run("credential", "correct", file, "--yes", "--json", check=1))["replaced"] == {}
    assert size(clerk) == after


def test_a_correction_that_changes_the_achievement_is_named_before_it_asks(clerk, tmp_path):
    other = clerk.offer(title="Soil chemistry")
    file = corrections(
        clerk,
        tmp_path / "corrections.csv",
        {"record": "c0", "student": "s0", "replaces": "r0", "achievement": other},
        {"record": "c1", "student": "s2", "replaces": "r1"},
        {"record": "c2", "student": "s2", "replaces": "r2", "grade": "9"},
    )
    dry = printed_json(clerk.run("credential", "correct", file, "--dry-run", "--json", check=1))
    assert dry["changed"] == {"achievement": 1}
    assert ["is another learner's" in one["detail"] for one in dry["report"]["problems"]] == [True]
    [first] = [note for note in dry["report"]["notes"] if "replaces credential" in note]
    assert f"{clerk.ids[0]} of another achievement" in first
    before, _, after = first.partition(", now ")
    assert f"'Data literacy' (achievement {clerk.achievement}, version 1)" in before
    assert f"'Soil chemistry' (achievement {other}, version 1)" in after
    refused = clerk.run("credential", "correct", file, check=2)
    assert "1 new credential is of another achievement than the old." in refused.stderr
    assert "replaces credential" in refused.stdout
    assert shown(clerk, clerk.ids[0])["status"] == "active"
    made = clerk.run("credential", "correct", file, "--yes", check=1)
    assert "2 issued" in made.stdout
    assert [shown(clerk, each)["status"] for each in clerk.ids[:3]] == ["replaced", "active", "replaced"]


def test_one_credential_that_replaces_one_of_another_achievement_is_asked_about(clerk):
    other = clerk.offer(title="Soil physics")
    words = (
        "credential", "issue", other, "--record", "single", "--student", "s5", "--awarding-date", "2026-06-30",
        "--family-name", "Jansen", "--given-name", "Ada", "--date-of-birth", "2001-02-03", "--replaces", clerk.ids[5],
    )  # fmt: skip
    refused = clerk.run(*words, check=2)
    assert f"replaces credential {clerk.ids[5]} of another achievement" in refused.stderr
    assert known(clerk, "single") is None
    clerk.run(*words, "--yes")
    assert shown(clerk, clerk.ids[5])["status"] == "replaced"


def send(clerk, content, kind="credentials", media="text/csv"):
    with open_node(clerk.home) as node:
        batch_store: BatchStore = open_batch_store(node)
        begun = batch_store.begin("June", kind, media, "key:sis", content, False)  # noqa: FBT003 - by position
        begun.file.write(content.encode())
        waits = True
        return batch_store.complete(begun.batch, begun.file, None, waits).batch


def test_a_batch_that_waits_for_a_second_person_is_listed_shown_and_released_by_another_one(clerk):
    assert "No batch waits." in clerk.run("credential", "release").stdout
    batch = send(
        clerk, f"credential,change,reason\n{clerk.ids[0]},revoke,withheld\nx,revoke,withheld\n", "statusChanges"
    )
    [listed] = printed_json(clerk.run("credential", "release", "--json"))["items"]
    assert (listed["batch"], listed["state"], listed["by"]) == (batch, "awaitingRelease", "key:sis")
    assert clerk.run("credential", "release", batch, check=2)
    shown_first = clerk.run("credential", "release", batch[:8], "--by", "A. de Vries", check=2)
    assert "withheld" in shown_first.stdout
    assert "This permanently revokes 1 credential." in shown_first.stderr
    assert "--yes" in shown_first.stderr
    clerk.run("credential", "release", batch, "--by", "key:sis", "--yes", check=1)
    assert f"released {batch}" in clerk.run("credential", "release", batch, "--by", "A. de Vries", "--yes").stdout
    clerk.run("credential", "release", batch, "--by", "A. de Vries", "--yes", check=1)
    with open_node(clerk.home) as node:
        assert open_batch_store(node).get(batch).released_by == "A. de Vries"


def test_a_batch_whose_rows_cannot_be_shown_is_not_released(clerk):
    batch = send(clerk, "name,colour\nsoil,brown\n")
    refused = clerk.run("credential", "release", batch, "--by", "A. de Vries", "--yes", check=1)
    assert "Not released: what the batch would do cannot be checked" in refused.stderr
    with open_node(clerk.home) as node:
        assert open_batch_store(node).get(batch).state == "awaitingRelease"


def test_the_rows_of_a_batch_are_checked_before_it_is_released(clerk):
    rows = clerk.rows(clerk.achievement, 8, "more.csv").read_text()
    batch = send(clerk, rows)
    said = clerk.run("credential", "release", batch, "--by", "A. de Vries", "--yes").stdout
    assert "2 would be issued, 6 as before" in said


def test_what_a_batch_would_hold_until_its_day_is_shown_before_it_is_released(clerk):
    later = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    header, *rows = clerk.rows(clerk.achievement, 8, "held.csv").read_text().splitlines()
    last = rows[-1].split(",")
    last[header.split(",").index("valid_from")] = later
    batch = send(clerk, "\n".join([header, *rows[:-1], ",".join(last), ""]))
    said = clerk.run("credential", "release", batch, "--by", "A. de Vries", "--yes").stdout
    assert "1 would be issued, 6 as before, 0 not taken in, 1 would be scheduled for a later day" in said


def test_a_document_of_a_batch_is_checked_before_it_is_released(clerk):
    badge = resources.files("registry.intake").joinpath("samples", "openbadge.json").read_text()
    batch = send(clerk, badge, media="application/json")
    said = clerk.run("credential", "release", batch, "--by", "A. de Vries", "--yes").stdout
    assert "0 would be issued, 0 as before, 0 not taken in, 1 would wait" in said


def test_a_correction_with_a_text_that_looks_wrong_is_made_where_it_is_meant(clerk, tmp_path):
    row = {"record": "meant", "student": "s3", "replaces": clerk.ids[3], "grade": "F"}
    file = corrections(clerk, tmp_path / "meant.csv", row)
    refused = clerk.run("credential", "correct", file, "--yes", check=1)
    assert "--keep-text" in " ".join(refused.stdout.split())
    assert shown(clerk, clerk.ids[3])["status"] == "active"
    assert "1 issued" in clerk.run("credential", "correct", file, "--keep-text", "--yes").stdout
    assert shown(clerk, clerk.ids[3])["status"] == "replaced"


def test_a_batch_that_was_sent_again_meanwhile_is_refused_with_its_reason(clerk):
    with open_node(clerk.home) as node:
        batch_store = open_batch_store(node)
        first, second = (
            batch_store.begin("June", "credentials", "text/csv", "key:sis", "sent twice", False)  # noqa: FBT003 - by position
            for _ in range(2)
        )
        for begun in (first, second):
            begun.file.write(b"record\n")
        with pytest.raises(WrongState, match="sent again meanwhile"):
            batch_store.complete(first.batch, first.file, None)
        assert batch_store.complete(second.batch, second.file, None).state == "waiting"
