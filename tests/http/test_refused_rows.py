"""What a row of a file is refused for, a single credential over HTTP is refused for, too; and what is noted of both."""

import pytest

from tests.support.served import once, problem, row


@pytest.fixture(scope="module")
def system(node):
    return node.client("credentials:write")


@pytest.mark.parametrize(
    ("field", "value"), [("grade", "8 (fail)"), ("grade", "F"), ("family_name", "M?ller"), ("given_name", "Unbekannt")]
)
def test_what_looks_wrong_is_refused_unless_it_is_meant(system, offer, field, value):
    asked = row(offer, f"looks {field} {value}", **{field: value})
    refused = problem(system.post("/v1/credentials", json=asked, headers=once(f"looks {value}")), 422, "unprocessable")
    assert [error["where"] for error in refused["errors"]] == [f"$.{field}"]
    meant = system.post("/v1/credentials", json=asked | {"keep_text": True}, headers=once(f"meant {value}"))
    assert meant.status_code == 201, meant.text


def test_a_placeholder_is_no_id_of_a_row(system, offer):
    answer = system.post("/v1/credentials", json=row(offer, "null"), headers=once("null"))
    assert [error["where"] for error in problem(answer, 422, "unprocessable")["errors"]] == ["$.record"]


def test_a_day_to_look_at_again_is_noted_in_the_answer(system, offer):
    asked = row(offer, "over", awarding_date="2020-06-30", valid_until="2021-06-30")
    answer = system.post("/v1/credentials", json=asked, headers=once("over"))
    assert answer.status_code == 201, answer.text
    assert answer.json()["notes"] == [
        "valid_until: 1 row has a day that has passed; the credential is expired from the start"
    ]
    usual = system.post("/v1/credentials", json=row(offer, "usual"), headers=once("usual"))
    assert usual.json()["notes"] == []


@pytest.mark.parametrize("note", ["=1+1", '=HYPERLINK("x")', "#REF!", "M\u00c3\u00bcller hat gesagt"])
def test_a_note_of_a_status_change_is_checked_as_a_rows_note_is(system, offer, note):
    issued = system.post("/v1/credentials", json=row(offer, "checked note"), headers=once("checked note")).json()
    answer = system.post(
        f"/v1/credentials/{issued['credential']}/suspend",
        json={"reason": "underReview", "note": note},
        headers=once(f"suspend {note!a}"),
    )
    assert [error["where"] for error in problem(answer, 422, "unprocessable")["errors"]] == ["$.note"]
