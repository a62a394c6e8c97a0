"""The fields of a replacement, as the old credential says them and as the new one would."""

from types import SimpleNamespace

from registry.batches.imports.handed_rows import HandedRow
from registry.server.pages.desk.replaced_fields import FIELDS, compare_fields


def test_each_field_of_the_form_is_compared_with_what_the_credential_says_not_with_the_learner_now():
    claims = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03", "studentNumber": "s1"}
    award = SimpleNamespace(
        claims={**claims, "grade": "7", "originalGrade": "B", "note": "Old"},
        person={"familyName": "De Vries", "dateOfBirth": "2001-02-04"},
        issued=SimpleNamespace(awarding_date="2026-06-30", valid_until=None),
    )
    row = HandedRow(
        1, "r2", "s1", "De Vries", "Ada", "a", "2026-06-29", "8", "c", "2001-02-04", "2030-01-01", "A", "New"
    )
    fields = compare_fields(award, row)
    assert tuple(each.name for each in fields) == FIELDS
    assert {each.name: (each.old, each.new) for each in fields if each.is_changed} == {
        "record": ("", "r2"),
        "family_name": ("Jansen", "De Vries"),
        "date_of_birth": ("2001-02-03", "2001-02-04"),
        "awarding_date": ("2026-06-30", "2026-06-29"),
        "valid_until": ("", "2030-01-01"),
        "grade": ("7", "8"),
        "original_grade": ("B", "A"),
        "note": ("Old", "New"),
    }
    assert "Jansen" not in repr(fields)
