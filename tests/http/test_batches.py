"""Batches: streams of rows that may break off, be wrong in places, wait for a day or a person, and outlive a crash."""

import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.support.command import registry, until
from tests.support.examples import examples
from tests.support.served import Served, achievement, csv_of, once, problem, row

CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def system(node):
    return node.client("credentials:write", "batches:read")


def rows(offer, count, prefix):
    return [row(offer, f"{prefix}-{number}", f"{prefix}-s{number}") for number in range(count)]


def send(system, content, key, headers=CSV, **parameters):
    return system.post("/v1/batches", content=content, params=parameters, headers={**headers, **once(key)})


def finished(system, made, state="done"):
    batch = made.json()["batch"]
    until(lambda: system.get(f"/v1/batches/{batch}").json()["state"] in ("done", "failed"), 60)
    found = system.get(f"/v1/batches/{batch}").json()
    assert found["state"] == state, found
    return found


def test_good_rows_are_issued_and_bad_ones_listed_each_with_what_would_be_right(system, offer):
    content = rows(offer, 20, "mixed")
    content[3]["awarding_date"] = "30.06.2026"
    content[7]["achievement"] = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
    content[11]["student"] = ""
    made = send(system, csv_of(content), "mixed")
    assert made.status_code == 202
    assert made.headers["location"] == f"/v1/batches/{made.json()['batch']}"
    done = finished(system, made)
    assert (done["issued"], done["unchanged"], done["refused"]) == (17, 0, 3)
    page = system.get(f"{made.headers['location']}/problems", params={"limit": 2}).json()
    rest = system.get(f"{made.headers['location']}/problems", params={"cursor": page["next"]}).json()
    problems = page["items"] + rest["items"]
    assert [(one["line"], one["field"]) for one in problems] == [
        (5, "awarding_date"),
        (9, "achievement"),
        (13, "student"),
    ]
    assert "2026-06-30" in problems[0]["detail"] or "YYYY-MM-DD" in problems[0]["detail"]
    assert rest["next"] is None


def test_the_faulty_rows_come_back_to_be_corrected_and_only_they_are_issued_then(system, offer):
    content = rows(offer, 6, "correct")
    content[2]["awarding_date"] = "soon"
    made = send(system, csv_of(content), "correct")
    finished(system, made)
    faulty = system.get(f"{made.headers['location']}/corrections")
    assert faulty.headers["content-type"].startswith("text/csv")
    lines = faulty.text.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(",problem")
    corrected = faulty.text.replace("soon", "2026-06-30")
    again = finished(system, send(system, corrected, "corrected"))
    assert (again["issued"], again["refused"]) == (1, 0)
    whole = finished(system, send(system, csv_of(rows(offer, 6, "correct")), "whole again"))
    assert (whole["issued"], whole["unchanged"]) == (0, 6)


def test_a_row_that_came_back_short_of_fields_is_not_whole_by_being_sent_in_again(system, offer):
    header, whole, short = csv_of(rows(offer, 2, "short")).splitlines()
    made = send(system, "\n".join([header, whole, short.rpartition(",")[0]]) + "\n", "short")
    assert finished(system, made)["refused"] == 1
    faulty = system.get(f"{made.headers['location']}/corrections").text
    assert f"has {header.count(',')} fields where the header has {header.count(',') + 1}" in faulty
    again = finished(system, send(system, faulty, "short again"))
    assert (again["issued"], again["refused"]) == (0, 1)
    [one] = system.get(f"/v1/batches/{again['batch']}/problems").json()["items"]
    assert (one["line"], one["field"]) == (2, "problem")
    mended = "\r\n".join([faulty.splitlines()[0], short + ","])
    assert finished(system, send(system, mended, "short mended"))["issued"] == 1


@pytest.mark.parametrize("dry", [True, False])
def test_the_templates_own_example_is_told_as_such(system, dry):
    template = registry("import", "template", "csv").stdout
    done = finished(system, send(system, template, f"template {dry}", dryRun=dry), "failed")
    assert (done["issued"], done["refused"]) == (0, 0)
    said = "The body: there is no row in it: line 1 of the table names its columns (record, achievement, version, "
    assert done["error"].startswith(said)
    assert done["error"].endswith("), and no row of your own follows. Nothing was taken in")
    assert ["template's own example" in note for note in done["notes"]] == [True]


def test_a_dry_run_says_it_all_and_issues_nothing(system, offer):
    content = rows(offer, 5, "dry")
    content[0]["date_of_birth"] = "x"
    done = finished(system, send(system, csv_of(content), "dry", dryRun=True))
    assert (done["dryRun"], done["issued"], done["refused"]) == (True, 4, 1)
    assert finished(system, send(system, csv_of(rows(offer, 5, "dry")), "not dry"))["issued"] == 5
    content = rows(offer, 6, "dry")
    content[1]["given_name"] = "Eva"
    done = finished(system, send(system, csv_of(content), "dry once more", dryRun=True))
    assert (done["issued"], done["unchanged"], done["refused"]) == (1, 4, 1)
    [one] = system.get(f"/v1/batches/{done['batch']}/problems").json()["items"]
    assert (one["line"], one["code"]) == (3, "record-differs")


def test_ndjson_and_status_changes_are_taken(system, offer):
    content = "".join(json.dumps(one) + "\n" for one in rows(offer, 3, "nd"))
    finished(system, send(system, content, "nd", {"Content-Type": "application/x-ndjson"}))
    issued = [
        system.post("/v1/credentials", json=one, headers=once(one["record"])).json()["credential"]
        for one in rows(offer, 3, "nd")
    ]
    changes = "credential,change,reason\n" + "".join(f"{one},suspend,underReview\n" for one in [*issued, "x"])
    done = finished(system, send(system, changes, "changes", kind="statusChanges"))
    assert (done["issued"], done["refused"]) == (3, 1)
    again = "credential,change,reason\n" + "".join(f"{one},suspend,underReview\n" for one in issued)
    for dry_run in (True, False):
        done = finished(system, send(system, again, f"again {dry_run}", kind="statusChanges", dryRun=dry_run))
        assert (done["issued"], done["unchanged"], done["refused"]) == (0, 3, 0)


def test_a_batch_changes_each_credential_once_and_names_the_line_that_it_stands_in(system, offer):
    [issued] = [
        system.post("/v1/credentials", json=one | {"ects": 5}, headers=once(one["record"])).json()["credential"]
        for one in rows(offer, 1, "changed twice")
    ]
    changes = f"credential,change,reason\n{issued},suspend,underReview\n{issued},reinstate,\n"
    for dry_run, counts in ((True, (1, 0, 1)), (False, (1, 0, 1)), (False, (0, 1, 1))):
        begun = send(system, changes, f"twice {dry_run} {counts}", kind="statusChanges", dryRun=dry_run)
        done = finished(system, begun)
        assert (done["issued"], done["unchanged"], done["refused"]) == counts
        [problem] = system.get(f"/v1/batches/{done['batch']}/problems").json()["items"]
        assert (problem["line"], problem["code"]) == (3, "named-before")
        assert "line 2 of this file" in problem["detail"]


def test_a_file_without_a_needed_column_fails_as_a_whole_and_says_why(system, offer):
    content = csv_of([{k: v for k, v in one.items() if k != "student"} for one in rows(offer, 2, "column")])
    done = finished(system, send(system, content, "column"), "failed")
    assert done["error"].startswith("The body: the header lacks student"), done["error"]
    named = finished(system, send(system, content, "column of a name", name="June"), "failed")
    assert named["error"].startswith("June: the header lacks student"), named["error"]


def test_what_is_wrong_with_a_body_as_a_whole_is_a_whole_sentence(system):
    utf32 = finished(system, send(system, "record,student\n".encode("utf-32"), "utf-32"), "failed")
    assert utf32["error"].startswith("The body is UTF-32; save it as UTF-8"), utf32["error"]
    document = {"Content-Type": "application/json"}
    other = finished(system, send(system, b'{"a": 1}', "no document", document), "failed")
    assert other["error"].startswith("The body"), other["error"]


@pytest.mark.parametrize(
    ("header", "term"),
    [
        ("record,achievement,student,family_name,given_name,date_of_birth,awarding_date\n\n,,,,,,\n", {}),
        ("credential,change,reason\n", {"kind": "statusChanges"}),
        (
            "record,achievement,awarding_date\n",
            {"kind": "reconciliation", "awardedFrom": "2026-01-01", "awardedUntil": "2026-12-31"},
        ),
    ],
)
def test_a_body_with_a_header_and_no_rows_is_never_done(system, header, term):
    failed = finished(system, send(system, header, f"header {term}", **term), "failed")
    assert (failed["issued"], failed["refused"]) == (0, 0)
    names = header.splitlines()[0].replace(",", ", ")
    assert failed["error"].startswith(
        f"The body: there is no row in it: line 1 of the table names its columns ({names})"
    )


def test_what_is_not_rows_or_too_much_is_refused_at_once(system):
    problem(send(system, b"PK\x03\x04", "zip", {"Content-Type": "application/zip"}), 415, "unsupported-media-type")
    problem(send(system, b"x", "gz", {**CSV, "Content-Encoding": "gzip"}), 415, "unsupported-media-type")
    listed = lambda: [batch["batch"] for batch in system.get("/v1/batches").json()["items"]]  # noqa: E731 - short
    before = listed()
    [told] = problem(send(system, b"", "empty"), 422, "unprocessable")["errors"]
    assert told["where"] == "$"
    problem(send(system, None, "no body"), 422, "unprocessable")
    problem(send(system, iter([b"", b""]), "nothing in pieces"), 422, "unprocessable")
    problem(send(system, b"x" * 2_100_000, "large"), 413, "too-large")
    assert listed() == before

    def endless():
        for _ in range(30):
            yield b"x" * 100_000

    problem(send(system, endless(), "streamed"), 413, "too-large")
    problem(send(system, b"a", "moment", publishAt="tomorrow"), 422, "unprocessable")
    problem(system.get("/v1/batches/0bbac7a9-a411-4809-ad9e-534f483b7a03"), 404, "not-found")


def raw(node, key, length):
    """A connection on which a batch was announced, and nothing of its body was sent."""
    host, _, port = node.url.removeprefix("http://").partition(":")
    made = socket.create_connection((host, int(port)), timeout=20)
    made.sendall(
        f"POST /v1/batches HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: text/csv\r\n"
        f"Idempotency-Key: broken\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    return made


def test_a_client_that_goes_away_in_the_middle_comes_back_with_the_same_key(node, offer):
    key = node.key("credentials:write", "batches:read")
    system, content = node.client(key=key), csv_of(rows(offer, 10, "broken")).encode()
    with raw(node, key, len(content)) as connection:
        connection.sendall(content[:500])
        until(lambda: [b["state"] for b in system.get("/v1/batches").json()["items"][:1]] == ["receiving"])
    until(lambda: [b["state"] for b in system.get("/v1/batches").json()["items"][:1]] == ["incomplete"])
    done = finished(system, send(system, content, "broken"))
    assert done["issued"] == 10
    again = send(system, content, "broken")
    assert again.json()["batch"] == done["batch"]


def test_a_key_answers_for_one_content_with_one_set_of_parameters(system, offer):
    content = csv_of(rows(offer, 3, "compared"))
    first = send(system, content, "compared", name="June")
    assert send(system, content, "compared", name="June").json()["batch"] == first.json()["batch"]
    number = len(system.get("/v1/batches", params={"limit": 500}).json()["items"])
    others = [(content.replace("compared-s2", "compared-s9"), {"name": "June"}), (content, {"name": "July"})]
    others += [
        (content, {"name": "June", "dryRun": True}),
        (content, {"name": "June", "publishAt": "2099-01-01T00:00Z"}),
    ]
    for body, parameters in others:
        problem(send(system, body, "compared", **parameters), 422, "idempotency-key-reused")
    assert len(system.get("/v1/batches", params={"limit": 500}).json()["items"]) == number
    assert finished(system, first)["issued"] == 3
    assert send(system, content, "compared", name="June").json()["batch"] == first.json()["batch"]
    problem(send(system, content + "\n", "compared", name="June"), 422, "idempotency-key-reused")


def test_a_client_that_stays_silent_is_let_go_and_holds_nobody_up(node):
    key = node.key("credentials:write", "batches:read")
    with contextlib.ExitStack() as slow:
        silent, begun = (slow.enter_context(raw(node, key, 100_000)) for _ in range(2))
        begun.sendall(b"record,")
        began = time.monotonic()
        assert node.anybody().get("/health").status_code == 200
        assert time.monotonic() - began < 2.8, "it waited for the slow one"
        for connection in (silent, begun):
            said = connection.recv(65536)
            while b"/problems/too-slow" not in said and (more := connection.recv(65536)):
                said += more  # head and body need not come at once
            assert b" 408 " in said
            assert b"/problems/too-slow" in said
    assert node.client(key=key).get("/v1/batches").json()["items"][0]["state"] == "incomplete"


def test_a_large_batch_waits_for_a_second_person_and_two_of_them_release_it_once(node, offer):
    system = node.client("credentials:write", "batches:read", "batches:release")
    made = send(system, csv_of(rows(offer, 3001, "large")), "large batch")
    assert made.json()["state"] == "awaitingRelease"
    path = made.headers["location"]
    problem(system.post(f"{path}/release", headers=once("release")), 403, "second-person")
    others = [node.client("batches:release") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda other: other.post(f"{path}/release", headers=once("release")), others))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert finished(system, made)["issued"] == 3001
    ended = problem(system.post(f"{path}/cancel", headers=once("cancel")), 409, "conflict")
    assert ended["title"] == "Conflict with the current state"
    assert ended["detail"] == "The batch is done and cannot be cancelled."


def test_a_batch_waits_for_its_day_and_may_be_dropped_before(system, offer):
    soon = datetime.now(UTC) + timedelta(seconds=2.5)
    made = send(system, csv_of(rows(offer, 2, "day")), "day", publishAt=soon.isoformat())
    assert made.json()["state"] == "scheduled"
    later = send(system, csv_of(rows(offer, 2, "later")), "later", publishAt="2099-07-01T12:00:00+02:00")
    assert system.post(f"{later.headers['location']}/cancel", headers=once("drop")).json()["state"] == "cancelled"
    assert system.get(made.headers["location"]).json()["issued"] == 0
    done = finished(system, made)
    assert datetime.fromisoformat(done["started"]) >= soon


def test_what_lies_on_the_disk_of_a_batch_tells_nothing(node, system, offer):
    content = csv_of([row(offer, "spool", "s-spool", family_name="Onleesbaar")])
    made = send(system, content, "spool", publishAt="2099-01-01T00:00:00Z")
    [file] = [one for one in (node.home / "spool").iterdir() if made.json()["batch"] in one.name]
    assert b"Onleesbaar" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    system.post(f"{made.headers['location']}/cancel", headers=once("spool away"))


def test_a_node_that_is_killed_in_a_large_batch_goes_on_nothing_twice_nothing_lost(tmp_path, postgres):
    count = examples(4_000, thorough=10_000)
    with contextlib.closing(Served(tmp_path, postgres)) as node:
        node.start()
        system = node.client("credentials:write", "batches:read", "achievements:write")
        offer = system.post("/v1/achievements", json=achievement(), headers=once("a")).json()["achievement"]
        lines = rows(offer, count, "k")
        lines[count * 8 // 10]["awarding_date"] = "?"
        made = send(system, csv_of(lines), "killed")
        path = made.headers["location"]
        for part in (0.2, 0.6):
            until(lambda part=part, ask=system.get: ask(path).json()["doneLines"] > part * count, 120, pause=0.02)
            key = system.headers["x-api-key"]
            node.kill()
            node.start()
            system = node.client(key=key)
        until(lambda: system.get(path).json()["state"] == "done", 180)
        done = system.get(path).json()
        assert (done["issued"], done["unchanged"], done["refused"]) == (count - 1, 0, 1)
        with psycopg.connect(node.dsn) as views:
            until(lambda: views.execute("SELECT count(*) FROM views.credentials").fetchone() == (count - 1,), 120)
            found = views.execute("SELECT count(DISTINCT credential), count(DISTINCT learner) FROM views.credentials")
            assert found.fetchone() == (count - 1, count - 1)
        node.stop()
        assert "Verified up to" in registry("audit", home=node.home).stdout
