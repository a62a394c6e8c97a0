"""Documents and course codes over HTTP, and a term that is compared with the log."""

import contextlib
import json
import re
from importlib import resources

import psycopg
import pytest

from tests.http.test_batches import finished, send
from tests.support.command import registry, until
from tests.support.served import Served, achievement, csv_of, once, problem, row

SAMPLES = resources.files("registry.intake").joinpath("samples")
JSON = {"Content-Type": "application/json"}
XML = {"Content-Type": "application/xml"}


@pytest.fixture(scope="module")
def system(node):
    return node.client("credentials:write", "batches:read", "achievements:write", "university:read")


def publish(system, key, **change):
    made = system.post("/v1/achievements", json=achievement() | change, headers=once(key))
    assert made.status_code == 201, made.text
    return made.json()["achievement"]


def put(system, key, *items):
    return system.put("/v1/course-codes", json={"items": list(items)}, headers=once(key))


def problems_of(system, done):
    return system.get(f"/v1/batches/{done['batch']}/problems").json()["items"]


def test_course_codes_are_set_listed_and_dropped(system, offer):
    made = put(
        system, "codes", {"code": "A/1 é", "achievement": offer}, {"code": "B", "achievement": offer, "version": 1}
    )
    assert (made.status_code, made.json()) == (200, {"set": 2, "removed": 0, "changes": []})
    assert put(system, "codes", {"code": "X", "achievement": offer}).status_code == 422
    first = system.get("/v1/course-codes", params={"limit": 1}).json()
    second = system.get("/v1/course-codes", params={"limit": 1, "cursor": first["next"]}).json()
    assert [first["items"][0]["code"], second["items"][0]["code"]] == ["A/1 é", "B"]
    [change] = put(system, "newest", {"code": "B", "achievement": offer}).json()["changes"]
    assert (change["code"], change["was"]) == ("B", f"{change['now']}, version 1")
    dropped = put(system, "drop", {"code": "B", "achievement": None}).json()
    assert dropped == {"set": 0, "removed": 1, "changes": []}
    assert system.get("/v1/course-codes", params={"code": "B"}).json()["items"] == []


def test_a_code_that_leads_nowhere_sets_none_of_them_and_each_is_told(system, offer):
    unknown = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
    refused = put(
        system,
        "wrong codes",
        {"code": "C", "achievement": offer},
        {"code": "D", "achievement": unknown},
        {"code": "E", "achievement": offer, "version": 9},
        {"code": "C", "achievement": None},
    )
    errors = problem(refused, 422, "unprocessable")["errors"]
    assert [one["where"] for one in errors] == [
        "$.items[1].achievement",
        "$.items[2].version",
        "$.items[3].code",
    ]
    assert system.get("/v1/course-codes", params={"code": "C"}).json()["items"] == []


def test_a_system_without_the_scope_neither_reads_nor_sets_codes(node, offer):
    other = node.client("credentials:write")
    problem(put(other, "no scope", {"code": "Z", "achievement": offer}), 403, "scope-missing")
    problem(other.get("/v1/course-codes"), 403, "scope-missing")
    problem(node.anybody().get("/v1/course-codes"), 401, "unauthenticated")


def test_rows_name_a_course_instead_of_an_achievement(system, offer):
    put(system, "course rows", {"code": "DL-7", "achievement": offer})
    rows = [{**row("", f"course-{n}", f"course-s{n}"), "course": "DL-7" if n else "DL-8"} for n in range(3)]
    done = finished(system, send(system, csv_of(rows), "course rows"))
    assert (done["issued"], done["refused"]) == (2, 1)
    [bad] = problems_of(system, done)
    assert (bad["field"], bad["value"]) == ("course", "DL-8")
    single = {name: value for name, value in rows[1].items() if name != "achievement"}
    known = system.post("/v1/credentials", json=single, headers=once("course alone"))
    assert (known.status_code, known.json()["unchanged"]) == (200, True)
    neither = {name: value for name, value in single.items() if name != "course"} | {"record": "neither"}
    wrong = problem(system.post("/v1/credentials", json=neither, headers=once("neither")), 422, "unprocessable")
    assert wrong["errors"][0]["field"] == "achievement"


def test_a_badge_of_a_known_course_is_issued_and_again_is_the_same(system):
    offered = publish(system, "soil", title={"en": "Soil"}, ects=2.5, workloadHours=70, eqfLevel=6)
    put(system, "soil code", {"code": "SOIL-1", "achievement": offered})
    content = SAMPLES.joinpath("openbadge.json").read_text()
    done = finished(system, send(system, content, "badge", JSON))
    assert (done["issued"], done["refused"], done["doneLines"]) == (1, 0, 1)
    assert any("not named" in note for note in done["notes"])
    again = finished(system, send(system, content, "badge again", {"Content-Type": "application/ld+json"}))
    assert (again["issued"], again["unchanged"]) == (0, 1)


def test_a_badge_about_which_something_is_asked_is_refused_and_another_issuer_is_told_first(system):
    offered = publish(system, "moss", title={"en": "Moss"}, ects=2.5, workloadHours=70, eqfLevel=6)
    put(system, "moss code", {"code": "MOSS-4", "achievement": offered})
    badge = json.loads(SAMPLES.joinpath("openbadge.json").read_text()) | {"id": "urn:moss:1"}
    badge["credentialSubject"]["achievement"]["humanCode"] = "MOSS-4"
    unclear = badge | {"issuer": [{"id": "urn:a", "name": "Ada College"}, {"id": "urn:b", "name": "Bell College"}]}
    done = finished(system, send(system, json.dumps(unclear), "two issuers", JSON))
    assert (done["issued"], done["refused"]) == (0, 1)
    assert [one["field"] for one in problems_of(system, done)] == ["credential.issuer"]
    failed = json.loads(json.dumps(badge))
    failed["credentialSubject"]["result"][0]["value"] = "5.1"
    done = finished(system, send(system, json.dumps(failed), "below", JSON))
    assert (done["issued"], done["refused"]) == (0, 1)
    sham = badge | {"issuer": {"id": "urn:x", "name": "Sham Academy", "address": {"addressCountryCode": "AT"}}}
    done = finished(system, send(system, json.dumps(sham), "sham", JSON))
    assert done["notes"][0].startswith("the document says that Sham Academy (AT) issued it; this node issues it as")
    doubled = json.dumps(badge).replace('"humanCode":', '"humanCode": "X-1", "humanCode":')
    done = finished(system, send(system, doubled, "doubled", JSON), "failed")
    assert "'humanCode' twice in $.credentialSubject.achievement" in json.dumps(done)


def test_a_transcripts_awards_are_rows_and_those_without_an_achievement_wait_as_drafts(system):
    light = publish(system, "light", title={"en": "Light and materials"}, ects=6, workloadHours=160, eqfLevel=7)
    content = SAMPLES.joinpath("transcript.xml").read_bytes()
    dry = finished(system, send(system, content, "dry transcript", XML, dryRun=True))
    assert (dry["issued"], dry["refused"]) == (1, 1)
    done = finished(system, send(system, content, "transcript", XML))
    assert (done["issued"], done["unchanged"], done["refused"]) == (1, 0, 1)
    found = problems_of(system, done)
    assert {one["line"] for one in found} == {2}
    assert {one["code"] for one in found} == {"missing"}
    assert "achievement.learningOutcomes" in {one["field"] for one in found}
    assert "draft" in found[0]["detail"]
    assert light


def test_a_draft_is_completed_published_and_what_waits_for_it_issued(system):
    finished(system, send(system, SAMPLES.joinpath("euhemc.json").read_bytes(), "drafted", JSON))
    listed = system.get("/v1/drafts")
    [mine] = [one for one in listed.json()["items"] if one["format"].startswith("European higher")]
    path = f"/v1/drafts/{mine['draft']}"
    assert mine["missing"]
    assert len(mine["waiting"]) == 1
    lacking = problem(system.post(f"{path}/publish", headers=once("too early")), 422, "unprocessable")
    assert {one["field"] for one in lacking["errors"]} == set(mine["missing"])
    wrong = system.patch(path, json={"achievement": {"shoeSize": 43}}, headers=once("wrong rest"))
    problem(wrong, 422, "unprocessable")
    rest = json.loads(SAMPLES.joinpath("euhemc-rest.json").read_text())
    [record] = [one["record"] for one in mine["waiting"]]
    given = {"achievement": rest["achievement"], "credentials": {record: {"note": "with the tides"}}}
    done = system.patch(path, json=given, headers=once("rest"))
    assert (done.status_code, done.json()["missing"]) == (200, [])
    assert done.json()["waiting"][0]["missing"] == []
    published = system.post(f"{path}/publish", headers=once("publish draft"))
    assert (published.status_code, published.json()["issued"], published.json()["waiting"]) == (200, 1, 0)
    again = system.post(f"{path}/publish", headers=once("publish draft again")).json()
    assert (again["achievement"], again["issued"]) == (published.json()["achievement"], 0)
    offered = f"/v1/achievements/twente/{again['achievement']}"
    waiting = {"Registry-Wait-For": published.headers["registry-position"]}
    assert system.get(offered, headers=waiting).status_code == 200
    assert mine["draft"] not in [one["draft"] for one in system.get("/v1/drafts").json()["items"]]


def test_a_draft_is_dropped_once(system):
    content = SAMPLES.joinpath("transcript.xml").read_bytes()
    finished(system, send(system, content, "dropped", XML))
    drafts = [one["draft"] for one in system.get("/v1/drafts").json()["items"]]
    assert drafts
    for number, draft in enumerate(drafts):
        assert system.delete(f"/v1/drafts/{draft}", headers=once(f"drop {number}")).status_code == 200
        problem(system.get(f"/v1/drafts/{draft}"), 404, "not-found")
        problem(system.delete(f"/v1/drafts/{draft}", headers=once(f"drop again {number}")), 404, "not-found")
    assert system.get("/v1/drafts").json()["items"] == []


@pytest.mark.parametrize(
    ("content", "headers", "says"),
    [
        (b"{}", JSON, "no known format"),
        (b"[1]", JSON, "not one JSON object"),
        (b"nonsense", JSON, "not JSON"),
        (b"<elmo", XML, "not XML"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', XML, "document type"),
        (b"PK\x03\x04" + bytes(50), XML, "zip"),
    ],
)
def test_a_document_that_is_none_fails_as_a_whole_and_says_why(system, content, headers, says):
    done = finished(system, send(system, content, f"none {content[:20]!r}", headers), "failed")
    assert says in done["error"]


def test_a_document_is_small_and_holds_credentials_alone(system):
    problem(send(system, b"{}", "kind", JSON, kind="statusChanges"), 422, "unprocessable")
    problem(send(system, b" " * 2_100_000, "large document", JSON), 413, "too-large")


HOLD = """
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(4242, NEW.done_lines::int);
    RETURN NEW;
END $$;
CREATE TRIGGER hold BEFORE UPDATE ON intake.batches FOR EACH ROW EXECUTE FUNCTION hold();
"""
"""A batch completes no line while somebody holds the lock with its number."""
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 4242 AND objid = %s AND NOT granted"


def test_a_node_that_is_killed_in_a_document_goes_on_nothing_twice_nothing_lost(tmp_path, postgres):
    count = 100
    known, unknown = re.findall(r" *<learningOpportunitySpecification>.*?</learningOpportunitySpecification>\n",
                                SAMPLES.joinpath("transcript.xml").read_text(), re.DOTALL)[:2]  # fmt: skip
    draft_assessment = range(0, count, 25)
    awards = [
        (unknown.replace("TFYA-12", f"TFYB-{n}") if n in draft_assessment else known).replace(
            "<learningOpportunityInstance>", f'<learningOpportunityInstance><identifier type="result">{n}</identifier>'
        )
        for n in range(count)
    ]
    content = SAMPLES.joinpath("transcript.xml").read_text().replace(known, "".join(awards)).replace(unknown, "")
    with contextlib.closing(Served(tmp_path, postgres)) as node:
        node.start()
        key = node.key("credentials:write", "batches:read", "achievements:write")
        system = node.client(key=key)
        offered = publish(system, "light", title={"en": "Light and materials"}, ects=6, workloadHours=160, eqfLevel=7)
        put(system, "light code", {"code": "TFYA-11", "achievement": offered})
        with psycopg.connect(node.dsn, autocommit=True) as holder:
            holder.execute(HOLD)
            for line in (20, 60):
                holder.execute("SELECT pg_advisory_lock(4242, %s)", (line,))
            made = send(system, content, "killed", XML)
            for line in (20, 60):
                until(lambda line=line: holder.execute(HELD, (line,)).fetchone() == (1,), 60)
                node.kill()
                state = holder.execute("SELECT state, done_lines FROM intake.batches").fetchone()
                assert state == ("working", line - 1)
                holder.execute("SELECT pg_advisory_unlock(4242, %s)", (line,))
                system = node.start().client(key=key)
        done = finished(system, made)
        issued = count - len(draft_assessment)
        assert (done["doneLines"], done["issued"], done["unchanged"]) == (count, issued, 0)
        assert done["refused"] == len(draft_assessment)
        with psycopg.connect(node.dsn) as both:
            refused = both.execute("SELECT DISTINCT line - 1 FROM intake.problems ORDER BY 1").fetchall()
            assert refused == [(n,) for n in draft_assessment]
            waiting = both.execute("SELECT count(*), count(DISTINCT draft) FROM intake.waiting").fetchone()
            assert waiting == (len(draft_assessment), len(draft_assessment))
            until(lambda: both.execute("SELECT count(*) FROM views.credentials").fetchone() >= (issued,), 60)
            found = both.execute(
                "SELECT count(*), count(DISTINCT credential), count(DISTINCT learner) FROM views.credentials"
            )
            assert found.fetchone() == (issued, issued, 1)
        again = finished(system, send(system, content, "again", XML))
        assert (again["issued"], again["unchanged"], again["refused"]) == (0, issued, len(draft_assessment))
        node.stop()
        assert "Verified up to" in registry("audit", home=node.home).stdout


def term(system, rows, key, headers=None, **more):
    given = {"kind": "reconciliation", "awardedFrom": "2019-01-01", "awardedUntil": "2019-06-30"} | more
    content = rows if isinstance(rows, str) else csv_of(rows)
    return send(system, content, key, headers or {"Content-Type": "text/csv"}, **given)


def test_a_term_is_held_against_the_log(system, offer):
    award = [row(offer, f"term-{n}", f"term-s{n}", awarding_date="2019-02-03") for n in range(4)]
    issued = [system.post("/v1/credentials", json=one, headers=once(one["record"])).json() for one in award]
    system.post(
        f"/v1/credentials/{issued[1]['credential']}/revoke", json={"reason": "issuedInError"}, headers=once("r")
    )
    until(lambda: system.get(f"/v1/credentials/twente/{issued[1]['credential']}").json().get("status") == "revoked")
    rows = [
        {"record": f"term-{n}", "achievement": offer, "awarding_date": "2019-02-03", "ects": "5", "status": "active"}
        for n in (0, 1, 2, 9)
    ]
    rows[2] |= {"awarding_date": "2019-02-04", "ects": "6"}
    rows.append({**rows[0], "record": "old", "awarding_date": "2018-12-31"})
    rows.append({**rows[0], "awarding_date": "soon"})
    done = finished(system, term(system, rows, "term"))
    assert (done["awardedFrom"], done["unchanged"], done["refused"]) == ("2019-01-01", 2, 5)
    found = problems_of(system, done)
    assert [(one["line"], one["code"], one["field"]) for one in found] == [
        (0, "missingThere", "record"),
        (3, "revokedHere", "status"),
        (4, "differs", "awarding_date"),
        (4, "differs", "ects"),
        (5, "missingHere", "record"),
        (7, "unreadable", "awarding_date"),
    ]
    assert issued[3]["credential"] in found[0]["where"]
    assert "missing_here 1" in done["notes"][0] or "missingHere 1" in done["notes"][0]
    lines = "".join(json.dumps(one) + "\n" for one in rows[:1])
    again = finished(system, term(system, lines, "lines", {"Content-Type": "application/x-ndjson"}))
    assert (again["unchanged"], again["refused"]) == (1, 2)


def test_a_reconciliation_names_its_term(system):
    problem(term(system, "record\n", "no term", awardedUntil=""), 400, "invalid")
    problem(term(system, "record\n", "backwards", awardedUntil="2018-01-01"), 422, "unprocessable")
    done = finished(system, term(system, "record,day\n", "no columns"), "failed")
    assert "achievement or course" in done["error"]
