"""The names and kinds of uploaded files."""

import pytest

from registry.server.pages.desk.file_kinds import media_of
from registry.server.pages.desk.imports import UploadFault, read_upload_form
from registry.server.pages.uploads import clean_file_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("spring.csv", "spring.csv"),
        ("C:\\Users\\Ada\\spring.csv", "spring.csv"),
        ("../../etc/passwd", "passwd"),
        ("awards\u202evsc.exe", "awardsvsc.exe"),
        ("a\r\nb\0.csv", "ab.csv"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_file_name_is_made_safe_to_show(name, expected):
    assert clean_file_name(name) == expected


def test_the_end_of_a_name_says_what_a_file_is():
    assert media_of("A.CSV") == "text/csv"
    assert media_of("a.xlsx").endswith("sheet")
    assert media_of("a.jsonl") == "application/x-ndjson"
    assert media_of("a.pdf") is media_of("csv.") is media_of("") is None


def test_the_fields_of_an_upload_go_together():
    assert read_upload_form({"dates": "dmy"}, "a.csv").dates == "dmy"
    assert read_upload_form({"dates": "dmy"}, "a.json").dates is None
    form = read_upload_form({"kind": "reconciliation", "from": "2026-01-01", "until": "2026-06-30"}, "a.csv")
    assert (form.kind, form.term is not None) == ("reconciliation", True)
    assert read_upload_form({"dates": "", "from": "", "until": ""}, "a.csv")[::2] == ("credentials", None, None)
    for fields, name, code in (
        ({}, "a.pdf", "kind-of-file"),
        ({"kind": "reconciliation"}, "a.csv", "term"),
        ({"kind": "statusChanges"}, "a.json", "kind-of-rows"),
        ({"kind": "statusChange"}, "a.csv", "kind"),
        ({"kind": ""}, "a.csv", "kind"),
        ({"dates": "dym"}, "a.csv", "dates"),
        ({"kind": "reconciliation", "from": "2026-02-30", "until": "2026-06-30"}, "a.csv", "day"),
        ({"until": "tomorrow"}, "a.csv", "day"),
    ):
        with pytest.raises(UploadFault) as fault:
            read_upload_form(fields, name)
        assert fault.value.code == code
