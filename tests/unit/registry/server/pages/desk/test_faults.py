"""Faults of an import by kind and by row."""

from registry.batches.row_problem import RowProblem
from registry.server.pages.desk.faults import kind_key, list_kinds, list_rows, without_lines


def problem(line, field, detail, code=""):
    return RowProblem(line, f"line {line}", field, "", code, detail)


PROBLEMS = [
    problem(2, "ects", "the achievement is worth 5 ECTS"),
    problem(2, "record", "is empty; every row needs it"),
    problem(7, "ects", "the achievement is worth 7.5 ECTS"),
    problem(9, "", "has 3 fields where the header has 7"),
    problem(11, "student", "is known as a person born on 2001-02-03", "person-differs"),
    problem(12, "student", "is known as a person born on 1999-01-01", "person-differs"),
]


def test_faults_that_differ_in_their_values_alone_are_one_kind():
    kinds = [(kind.field, kind.code, kind.rows) for kind in list_kinds(PROBLEMS)]
    assert kinds == [("ects", "", 2), ("student", "person-differs", 2), ("record", "", 1), ("", "", 1)]


def test_the_key_of_a_kind_tells_no_value():
    assert kind_key(PROBLEMS[0]) == kind_key(PROBLEMS[2]) != kind_key(PROBLEMS[1])
    assert len(kind_key(PROBLEMS[0])) == 10


def test_rows_have_all_their_problems_also_where_one_kind_is_chosen():
    assert [(row.line, len(row.problems)) for row in list_rows(PROBLEMS)] == [(2, 2), (7, 1), (9, 1), (11, 1), (12, 1)]
    assert [(row.line, len(row.problems)) for row in list_rows(PROBLEMS, kind_key(PROBLEMS[0]))] == [(2, 2), (7, 1)]
    assert list_rows(PROBLEMS)[0].fields == {"ects", "record"}
    assert [each.line for each in without_lines(PROBLEMS, {2, 11})] == [7, 9, 12]
