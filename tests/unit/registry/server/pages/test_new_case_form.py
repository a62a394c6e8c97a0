"""The form by which a case is opened."""

from uuid import uuid4

import pytest

from registry.http import HttpProblem
from registry.server.pages.office.new_case_form import (
    ReadForm,
    application_of,
    count_rows,
    line_faults,
    place_faults,
    read_lines,
)

NUMBER = str(uuid4())
PERSON = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03", "purpose": "admission"}


def test_lines_name_credentials_in_every_way():
    text = f"\n https://x.example/registry/verify/lund/{NUMBER.upper()} \nlund/{NUMBER}\n{NUMBER}\nrubbish"
    lines = read_lines(text)
    assert [(each.number, each.member, each.credential) for each in lines] == [
        (2, "lund", NUMBER), (3, "lund", NUMBER), (4, None, NUMBER), (5, None, None),
    ]  # fmt: skip
    [fault] = line_faults(lines, [], [])
    assert (fault.code, fault.line) == ("line-unreadable", 5)
    assert line_faults([lines[0]] * 51, [], [])[0].code == "too-many-lines"


def test_a_form_is_an_application():
    typed = PERSON | {
        "external-rows": "3", "title-3": "Statistics", "issuer-3": "Oslo Met", "country-3": "NO",
        "undocumented-3": "true", "programme-rows": "2", "programme-1": "Energy", "programme-2": f"https://x/achievements/twente/{NUMBER}",
    }  # fmt: skip
    read = application_of(typed, [("lund", NUMBER)])
    application, subjects, programmes = read
    assert subjects == ["credentials", "title-3"]
    assert programmes == ["programme-1", "programme-2"]
    assert application.subjects[1].external.title == "Statistics"
    assert (application.subjects[1].evidence, application.subjects[1].documented) == ("paper", False)
    assert [each.title for each in application.towards] == [{"en": "Energy"}, None]
    assert application.applicant.family_name == "Jansen"


def test_a_person_of_one_name_and_a_known_student():
    [one, known] = [
        application_of({"purpose": "admission", **typed}, [("lund", NUMBER)]).application.applicant
        for typed in ({"givenName": "Sukarno", "dateOfBirth": "1999"}, {"student": "s1"})
    ]
    assert (one.family_name, one.given_name) == ("", "Sukarno")
    assert (known.family_name, known.given_name, known.student) == (None, None, "s1")


def test_a_form_without_a_purpose_is_no_application():
    with pytest.raises(HttpProblem):
        application_of({"title-1": "x"}, [])


def test_errors_stand_at_their_fields():
    places = {
        "$.applicant.student": "student", "$.applicant": "dateOfBirth", "$.subjects[0]": "credentials",
        "$.subjects[1].external.country": "country-3", "$.subjects[1].external": "title-3", "$.subjects": "credentials",
        "$.subjects[9]": "credentials", "$.towards[0].achievement": "programme-2", "$.fileNumber": "fileNumber",
        "$.disclosures": "", "somewhere": "",
    }  # fmt: skip
    errors = [{"where": where, "detail": "is wrong"} for where in places]
    read = ReadForm(application_of(PERSON, [("lund", NUMBER)]).application, ["credentials", "title-3"], ["programme-2"])
    faults = place_faults({"errors": errors}, read)
    assert [fault.field for fault in faults] == list(places.values())
    assert [(fault.name, fault.row) for fault in faults if fault.row] == [
        ("country", 3),
        ("title", 3),
        ("programme", 2),
    ]


def test_rows_are_bounded():
    assert count_rows({}, "external") == 1
    assert count_rows({"external-rows": "2", "do": "add-external"}, "external") == 3
    assert count_rows({"external-rows": "999999"}, "external") == 20
    for typed in ("0", "-3", "2.5", "1e3", "two", ""):
        assert count_rows({"external-rows": typed}, "external") == 1, typed
