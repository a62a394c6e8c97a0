"""Lists of credentials, with everything that a clerk's file can have wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.office.cohorts.cohort_file import rows
from registry.office.errors import CohortFileError
from tests.support.examples import examples

ONE = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
TWO = "0bbac7a9-a411-4809-ad9e-534f483b7a04"


@pytest.fixture
def read(tmp_path):
    def reading(content):
        file = tmp_path / "cohort"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(rows(file, "twente"))

    return reading


def test_a_plain_list_has_a_credential_a_line_of_the_assessments_member_where_none_is_named(read):
    found = read(f"# the class of 2026\n\ntwente/{ONE}\n  {TWO.upper()}  # late\nlund/{ONE}\r\n")
    assert [(one.where, one.record, one.problem) for one in found] == [
        ("line 3", f"twente/{ONE}", ""),
        ("line 4", f"twente/{TWO}", ""),
        ("line 5", f"lund/{ONE}", ""),
    ]
    assert [(one.member, one.credential) for one in found] == [("twente", ONE), ("twente", TWO), ("lund", ONE)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_by_its_columns_names_and_others_are_passed_over(read, delimiter):
    lines = [["Name", "Record", "credential"], ["Ada", "f-1", f"twente/{ONE}"], ["Bo", "", TWO]]
    found = read("\ufeff" + "\n".join(delimiter.join(line) for line in lines))
    assert [(one.where, one.record) for one in found] == [("line 2", "f-1"), ("line 3", f"twente/{TWO}")]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nothing,x", "is not a credential"),
        (f"twente/{ONE}", "has 1 field where the header has 2"),
        (f'"twente/{ONE},r', "cannot be read as a row"),
        (f"twente/{ONE},{'r' * 301}", "more than 300"),
        (f"=cmd()/{ONE},r", "is not a credential"),
        ("\0,\0", "is not a credential"),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_the_next_is_read(read, line, says):
    bad, good = read(f"credential,record\n{line}\ntwente/{ONE},r\n")
    assert says in bad.problem
    assert (bad.where, good.where, good.problem) == ("line 2", "line 3", "")


@pytest.mark.parametrize(
    ("content", "says"), [("", "is empty"), ("\n \n", "is empty"), ("credential;record\n;\n", "there is no row")]
)
def test_a_file_that_is_no_list_is_refused_whole(read, content, says):
    with pytest.raises(CohortFileError, match=says):
        read(content)


def test_a_file_that_is_not_there_or_too_long_is_refused(tmp_path):
    with pytest.raises(CohortFileError, match="cannot read"):
        list(rows(tmp_path / "nothing", "twente"))
    (tmp_path / "long").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    with pytest.raises(CohortFileError, match="split it"):
        list(rows(tmp_path / "long", "twente"))


@settings(max_examples=examples(60, thorough=500), deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_end_the_reading_with_anything_but_rows_or_a_refusal(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(content)
    try:
        found = list(rows(file, "twente"))
    except CohortFileError:
        return
    assert all(one.problem or one.credential for one in found)
