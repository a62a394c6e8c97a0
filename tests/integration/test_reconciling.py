"""A term of the university's own records against the log: on real PostgreSQL, a real log and real views."""

import csv
import datetime as dt
import io
import json
import resource
import uuid

import pytest

from registry.application.requests import IssueRequest
from registry.intake.course_codes import CourseCode, CourseCodes
from registry.intake.reconciling import COLUMNS, NEEDED, Counts, Reconciling
from registry.intake.rows.plain_rows import PlainRows, form_of
from registry.intake.rows.report import IntakeError
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.adapters.reconciliation import PostgresAwardLookup
from registry.node.node import open_node
from tests.support.command import Consortium, printed_json

FROM, UNTIL = dt.date(2026, 2, 1), dt.date(2026, 7, 31)


class Term:
    """A university that has issued; what its own system says is given row by row."""

    def __init__(self, folder, server):
        self.consortium = Consortium(folder, server)
        self.achievement = self.consortium.offer()
        with open_node(self.consortium.home) as node:
            rows = [request(self.achievement, n, "2026-06-30") for n in range(8)]
            rows.append(request(self.achievement, 8, "2025-12-01"))
            self.issued = [one.credential for one in node.issuer.issue(rows)]
            node.registry.credentials.revoke(self.issued[1], "issuedInError")
            node.registry.credentials.suspend(self.issued[2], "underReview")
            CourseCodes(node.registry).change(
                [CourseCode("DL", self.achievement), CourseCode("DL-2", str(uuid.uuid4()))]
            )
            node.publisher().publish_pending()
            node.projector().step()
            [late] = node.issuer.issue([request(self.achievement, 99, "2026-06-30")])
            self.late = late.credential  # stored, and not on the log yet

    def reconcile(self, *rows, text=None, suffix=".csv"):
        file = self.consortium.folder / f"said{suffix}"
        file.write_text(csv_of(rows) if text is None else text)
        with (
            open_node(self.consortium.home) as node,
            Reconciling(
                node.registry, PostgresAwardLookup(node), OwnCatalogue(node.registry), FROM, UNTIL
            ) as reconciling,
        ):
            judged = list(reconciling.run(PlainRows(file, form_of(file), COLUMNS, NEEDED)))
        return [one for found in judged for one in found.differences], reconciling.counts

    def row(self, number, **change):
        return {
            "record": f"r{number}", "achievement": self.achievement, "course": "", "awarding_date": "2026-06-30",
            "ects": "5", "status": "",
        } | change  # fmt: skip

    def agreeing(self):
        return [
            self.row(0),
            self.row(1, status="revoked"),
            self.row(2, status="suspended"),
            *map(self.row, range(3, 8)),
        ]


def request(achievement, number, day):
    return IssueRequest(f"r{number}", achievement, None, f"s{number}", "Jansen", "Ada", "2001-02-03", day)


def csv_of(rows):
    into = io.StringIO()
    made = csv.DictWriter(into, list(rows[0]))
    made.writeheader()
    made.writerows(rows)
    return into.getvalue()


@pytest.fixture(scope="module")
def term(tmp_path_factory, postgres):
    return Term(tmp_path_factory.mktemp("term"), postgres)


def test_a_term_that_agrees_has_no_differences(term):
    found, counts = term.reconcile(*term.agreeing())
    assert found == []
    assert counts == Counts(rows=8, agreeing=8)


def kinds(found):
    return [(one.line, one.kind, one.field) for one in found]


def test_what_is_missing_on_either_side_is_told(term):
    found, counts = term.reconcile(*term.agreeing()[:-1], term.row(50), term.row(99))
    assert kinds(found) == [(9, "missingHere", "record"), (10, "missingHere", "record"), (0, "missingThere", "record")]
    assert [one.credential for one in found] == [None, term.late, term.issued[7]]
    assert "not on the log yet" in found[1].detail
    assert (counts.missing_here, counts.missing_there, counts.agreeing) == (2, 1, 7)


def test_what_was_revoked_here_and_is_active_there_stands_out(term):
    rows = term.agreeing()
    rows[1] = term.row(1)
    rows[2] = term.row(2)
    found, counts = term.reconcile(*rows)
    assert kinds(found) == [(3, "revokedHere", "status"), (4, "differs", "status")]
    assert (found[0].there, found[0].here) == ("active", "revoked")
    assert (counts.revoked_here, counts.differing) == (1, 1)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"ects": "6"}, ["ects"]),
        ({"ects": "5.0"}, []),
        ({"ects": ""}, []),
        ({"awarding_date": "2026-06-29"}, ["awarding_date"]),
        ({"awarding_date": "2026-09-29"}, ["awarding_date"]),
        ({"achievement": "0bbac7a9-a411-4809-ad9e-534f483b7a03"}, ["achievement"]),
        ({"version": "2"}, ["version"]),
        ({"course": "DL", "achievement": ""}, []),
        ({"course": "DL-2", "achievement": ""}, ["achievement"]),
        ({"course": "DL-3", "achievement": ""}, ["course"]),
        ({"status": "revoked", "ects": "4"}, ["ects", "status"]),
    ],
)
def test_each_field_that_differs_is_told_with_both_sides(term, change, fields):
    rows = [one | {"version": ""} for one in term.agreeing()]
    rows[0] |= change
    found, _ = term.reconcile(*rows)
    assert [one.field for one in found] == fields
    assert all(one.line == 2 and one.there and one.here for one in found)


def test_rows_of_another_term_are_counted_and_not_compared(term):
    found, counts = term.reconcile(
        *term.agreeing(), term.row(8, awarding_date="2025-12-01", ects="9"), term.row(60, awarding_date="2027-01-01")
    )
    assert found == []
    assert (counts.outside, counts.agreeing) == (2, 8)


def test_what_was_taken_back_there_and_never_issued_here_agrees(term):
    found, counts = term.reconcile(*term.agreeing(), term.row(70, status="revoked"))
    assert found == []
    assert counts.agreeing == 9


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"record": ""}, "record"),
        ({"achievement": ""}, "achievement"),
        ({"achievement": "soil"}, "achievement"),
        ({"awarding_date": "30/06/2026"}, "awarding_date"),
        ({"ects": "5,0"}, "ects"),
        ({"ects": "nan"}, "ects"),
        ({"status": "gone"}, "status"),
        ({"record": "r0"}, "record"),
        ({"record": "r\x00"}, "record"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_and_the_others_are_compared(term, change, field):
    found, counts = term.reconcile(*term.agreeing(), term.row(80) | change)
    assert kinds(found) == [(10, "unreadable", field)]
    assert counts.agreeing == 8


def test_ndjson_is_read_too_and_a_file_without_the_columns_is_refused(term):
    lines = "".join(json.dumps(one | {"ects": 5}) + "\n" for one in term.agreeing())
    found, counts = term.reconcile(text=lines + "[]\n{\n", suffix=".ndjson")
    assert [one.kind for one in found] == ["unreadable", "unreadable"]
    assert counts.agreeing == 8
    with pytest.raises(IntakeError, match="lacks achievement or course, awarding_date"):
        term.reconcile(text="record,day\n")


def test_the_command_exits_1_where_they_differ_and_0_where_they_agree(term):
    file = term.consortium.folder / "autumn.csv"
    file.write_text(csv_of(term.agreeing()))
    given = ("reconcile", file, "--from", FROM, "--until", UNTIL)
    assert "8 agree" in term.consortium.run(*given).stdout
    file.write_text(csv_of(term.agreeing()[1:]))
    said = printed_json(term.consortium.run(*given, "--json", check=1))
    assert said["counts"]["missing_there"] == 1
    assert said["differences"][0]["credential"] == term.issued[0]
    term.consortium.run("reconcile", file, "--from", UNTIL, "--until", FROM, check=2)


def test_a_long_file_takes_no_more_memory(term):
    def rows(count):
        file = term.consortium.folder / f"{count}.csv"
        file.write_text(csv_of([term.row(f"x{number}") for number in range(count)]))
        return PlainRows(file, "table", COLUMNS, NEEDED)

    with (
        open_node(term.consortium.home) as node,
        Reconciling(node.registry, PostgresAwardLookup(node), OwnCatalogue(node.registry), FROM, UNTIL) as reconciling,
    ):
        for _ in reconciling.run(rows(3000)):
            pass
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in reconciling.run(rows(30_000)):
            pass
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 16 * 1024, f"{(after - before) / 1024:.0f} MiB more"
    assert reconciling.counts.missing_here == 33_000
