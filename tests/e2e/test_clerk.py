"""What a clerk's commands say: only what is so, and all that matters."""

import signal

import pytest

from tests.support.command import Consortium, printed_json, registry, started


@pytest.fixture(scope="module")
def clerk(tmp_path_factory, postgres):
    consortium = Consortium(tmp_path_factory.mktemp("clerk"), postgres)
    consortium.achievement = consortium.offer()
    return consortium


def size(consortium):
    file = consortium.folder / "log" / "twente.log"
    return file.stat().st_size


def test_an_import_that_stores_nothing_says_nothing_of_publishing_and_publishes_nothing(clerk):
    unknown = clerk.rows("00000000-0000-4000-8000-000000000000", 2, "unknown.csv")
    done = clerk.run("import", "file", unknown, check=1)
    assert "0 issued, 0 as before, 2 not taken in" in done.stdout
    assert "stored" not in done.stderr
    assert "publish" not in done.stderr
    rows = clerk.rows(clerk.achievement, 3)
    assert "published 3 events" in clerk.run("import", "file", rows).stderr
    before = size(clerk)
    again = clerk.run("import", "file", rows)
    assert "0 issued, 3 as before" in again.stdout
    assert again.stderr == ""
    assert size(clerk) == before


def test_an_import_that_stores_nothing_says_that_older_events_wait_and_leaves_them(clerk):
    rows = clerk.rows(clerk.achievement, 5)
    assert "2 issued, 3 as before" in clerk.run("import", "file", rows, "--no-publish").stdout
    before = size(clerk)
    again = clerk.run("import", "file", rows)
    assert "2 events that this node stored before wait to be published: run `registry publish`." in again.stderr
    assert size(clerk) == before
    clerk.run("publish")
    assert clerk.run("import", "file", rows).stderr == ""


def test_rows_that_are_as_before_are_not_said_to_be_stored_where_the_log_was_emptied(tmp_path, postgres):
    made = Consortium(tmp_path, postgres)
    rows = made.rows(made.offer(), 2)
    made.run("import", "file", rows)
    made.run("views", "update")
    log = tmp_path / "log" / "twente.log"
    log.write_bytes(b"")
    again = made.run("import", "file", rows)
    assert "0 issued, 2 as before" in again.stdout
    assert "stored" not in again.stderr


def test_a_credential_that_was_issued_before_is_not_published_again(clerk):
    issue = (
        "credential", "issue", clerk.achievement, "--record", "one", "--student", "s1", "--family-name", "Jansen",
        "--given-name", "Ada", "--date-of-birth", "2001-02-03", "--awarding-date", "2026-06-30",
    )  # fmt: skip
    assert "published 1 event" in clerk.run(*issue).stderr
    again = clerk.run(*issue)
    assert ", as before" in again.stdout
    assert again.stderr == ""


def test_lists_say_that_the_views_are_behind_until_they_are_projected(clerk):
    clerk.run("views", "update")
    file = clerk.rows(clerk.achievement, 9, "more.csv")
    clerk.run("import", "file", file)
    hint = "the views are 4 events behind this node's own published events: run `registry views update`"
    for words in (("credential", "list"), ("achievement", "list"), ("credential", "find", "jansen")):
        assert hint in clerk.run(*words).stderr, words
    # With a log that cannot be reached nobody is sent to read it.
    log, away = clerk.folder / "log", clerk.folder / "away"
    log.rename(away)
    assert "behind" not in clerk.run("credential", "list").stderr
    away.rename(log)
    clerk.run("views", "update")
    for words in (("credential", "list"), ("achievement", "list"), ("credential", "find", "jansen")):
        assert "behind" not in clerk.run(*words).stderr, words


def test_the_same_achievement_is_published_a_second_time_only_on_request(clerk, tmp_path):
    file = tmp_path / "achievement.json"
    file.write_text(registry("import", "template", "achievement").stdout.replace("Data literacy", "Soil"))
    first = clerk.run("achievement", "publish", file).stdout.split()[1].rstrip(",")
    before = size(clerk)
    refused = clerk.run("achievement", "publish", file, check=1)
    assert f"{first} has the same content and is already offered" in refused.stderr
    assert "--again" in refused.stderr
    assert size(clerk) == before
    second = clerk.run("achievement", "publish", file, "--again").stdout.split()[1].rstrip(",")
    assert second != first
    for each in (first, second):
        clerk.run("achievement", "retire", each)
    clerk.run("achievement", "publish", file)  # what is offered no more may be offered again


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_import_that_is_stopped_says_how_many_rows_it_stored(clerk, number, code):
    rows = clerk.rows(clerk.achievement, 30_000, f"long-{code}.csv")
    rows.write_text(rows.read_text().replace("\nr", f"\nlong{code}-"))
    with started("import", "file", rows, home=clerk.home, says=": 2,000", seconds=60.0) as process:
        process.send_signal(number)
        assert process.wait(60) == code
        text = process.output.read_text()
    [line] = [line for line in text.splitlines() if line.startswith("The import stopped;")]
    assert "of this file were stored by it and not published: run `registry publish`" in line
    stored = int(line.split()[3].replace(",", ""))
    assert 0 < stored < 30_000
    waiting = printed_json(clerk.run("status", "--json", check=False))["node"]["waiting"]
    assert waiting == stored
    clerk.run("publish")


def test_a_change_of_status_names_the_credential_that_it_changed(clerk):
    clerk.run("import", "file", clerk.rows(clerk.achievement, 9, "more.csv"))
    clerk.run("views", "update")
    [known] = printed_json(clerk.run("credential", "list", "--record", "r8", "--json"))["items"]
    whole = known["credential"]
    for change, words in (
        ("suspended", ("suspend", whole[:13], "--reason", "underReview")),
        ("reinstated", ("reinstate", whole[:13])),
        ("revoked", ("revoke", whole[:13], "--reason", "issuedInError", "--yes")),
    ):
        said = clerk.run("credential", *words).stdout
        assert f"{change} credential {whole}\n" in said
        assert f"{clerk.achievement}, version 1: Data literacy\n" in said
        assert known["learner"] in said
        assert "Jansen" not in said
        without_yes = [word for word in words if word != "--yes"]  # nothing is asked where nothing changes
        assert f"{change} credential {whole}, as before\n" in clerk.run("credential", *without_yes).stdout
    other = clerk.run("credential", "revoke", whole, "--reason", "withheld", check=1).stderr
    assert "is revoked already, for the reason issuedInError" in " ".join(other.split())


def test_a_list_in_csv_has_a_column_of_records_only_where_one_was_asked_for(clerk):
    clerk.run("import", "file", clerk.rows(clerk.achievement, 9, "more.csv"))
    clerk.run("views", "update")
    assert "record" not in clerk.run("credential", "list", "--csv").stdout.splitlines()[0].split(",")
    header, row = clerk.run("credential", "list", "--record", "r7", "--csv").stdout.splitlines()
    assert row.split(",")[header.split(",").index("record")] == "r7"


def test_a_student_number_that_nobody_has_is_unknown_and_no_wrong_usage(clerk):
    for words in (
        ("credential", "list", "--student", "nobody"),
        ("learner", "show", "nobody", "--student"),
        ("learner", "erase", "nobody", "--student", "--yes"),
        ("stack", "progress", clerk.achievement, "--student", "nobody"),
    ):
        assert "No learner of this university has that student number." in clerk.run(*words, check=1).stderr, words


def test_a_file_without_rows_is_said_to_have_none(clerk, tmp_path):
    file = tmp_path / "rows.csv"
    header = registry("import", "template", "csv").stdout.splitlines()[0] + "\n"
    for text, says in (
        ("", "is empty"),
        ("\n \n", "is empty"),
        (header, "there is no row in it: line 1 of the table names its columns (record, "),
        (header + "\n\n", "there is no row in it: line 1 of the table names its columns (record, "),
    ):
        file.write_text(text)
        done = clerk.run("import", "file", file, check=1)
        assert says in done.stdout + done.stderr, text


def test_an_erasure_says_how_many_credentials_lose_their_data(clerk):
    clerk.run(
        "credential", "issue", clerk.achievement, "--record", "two", "--student", "s5", "--family-name", "Jansen",
        "--given-name", "Ada", "--date-of-birth", "2001-02-03", "--awarding-date", "2026-06-30",
    )  # fmt: skip
    clerk.run("views", "update")
    mine = printed_json(clerk.run("credential", "list", "--student", "s5", "--json"))["items"]
    said = clerk.run("learner", "erase", "s5", "--student", "--yes").stdout
    assert f"the personal data behind {len(mine)} credentials is destroyed" in said
    assert len(mine) > 1
