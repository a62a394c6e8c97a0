"""Tables whose columns have other names than ours: named on a page, and remembered."""

import datetime as dt
import io

import openpyxl
import pytest

from tests.support.import_pages import act, checked, hand_over, upload
from tests.support.served import form

COLUMNS = ("record", "achievement", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "ects")


def foreign_table(offer, prefix, first="Award"):
    names = [first, "Module", "Number", "Surname", "Given name", "Born", "Awarded", "Points"]
    lines = [
        f"{prefix}-{number};{offer};{prefix}-s{number};Jansen;Ada;03-02-2001;30-06-2026;5,0" for number in range(3)
    ]
    return "\r\n".join([";".join(names), *lines, ""])


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk")


def test_a_table_with_other_names_is_mapped_and_the_mapping_is_remembered(clerk, offer):
    names = ["Award", "Module", "Number", "Surname", "Given name", "Born", "Awarded", "Points"]
    lines = [f"map-{number};{offer};map-s{number};Jansen;Ada;03-02-2001;30-06-2026;5,0" for number in range(3)]
    content = "\r\n".join([";".join(names), *lines, ""])
    path = checked(clerk, upload(clerk, content, "other.csv", dates="dmy"))
    page = clerk.get(path).text
    assert "Say what its columns are" in page
    columns = [
        "record",
        "achievement",
        "student",
        "family_name",
        "given_name",
        "date_of_birth",
        "awarding_date",
        "ects",
    ]
    chosen = {f"column-{place}": name for place, name in enumerate(columns)}
    unfit = act(clerk, path, f"{path}/columns", **{**chosen, "column-0": "student"})
    assert unfit.status_code == 422
    assert "No column stands for: Record" in unfit.text
    assert "Two columns stand for: Student number" in unfit.text
    answer = act(clerk, path, f"{path}/columns", **chosen)
    assert "All 3 rows are ready" in clerk.get(checked(clerk, answer)).text
    again = clerk.get(checked(clerk, upload(clerk, content.replace("map-", "map-b"), "again.csv", dates="dmy"))).text
    assert again.count(" selected>") == len(columns)


def test_a_header_with_a_byte_that_is_no_character_is_shown(clerk, offer):
    content = foreign_table(offer, "mac", "\x83l\x8fve").encode("latin-1")
    page = clerk.get(checked(clerk, upload(clerk, content, "mac.csv", dates="dmy")))
    assert page.status_code == 200
    assert "Say what its columns are" in page.text


def test_a_spreadsheet_with_other_names_is_mapped_too_and_a_cell_that_cannot_be_read_stays_a_fault(clerk, offer):
    book = openpyxl.Workbook()
    book.active.append(["How to read this"])
    sheet = book.create_sheet("Awards 2026")
    sheet.append(["Award", "Module", "Number", "Surname", "Given name", "Born", "Awarded", "Points", "Remarks"])
    for number in range(3):
        born, awarded = dt.date(2001, 2, 3), dt.date(2026, 6, 30)
        sheet.append(
            [f"x-{number}", offer, f"x-s{number}", "Jansen", "Ada", born, "#REF!" if number == 2 else awarded, 5, "<b>"]
        )
    file = io.BytesIO()
    book.save(file)
    path = checked(clerk, upload(clerk, file.getvalue(), "other.xlsx"))
    page = clerk.get(path).text
    assert "Say what its columns are" in page
    assert "Awards 2026" in page
    assert "Remarks" in page
    chosen = {f"column-{place}": name for place, name in enumerate(COLUMNS)}
    mapped = checked(clerk, act(clerk, path, f"{path}/columns", **chosen))
    page = clerk.get(mapped).text
    assert "1 of 3 rows cannot be issued yet" in page
    assert "awarding_date: " in page
    assert "is not a column" not in page
    assert f'action="{mapped}/rows/4"' in clerk.get(f"{mapped}?row=4").text
    again = clerk.get(checked(clerk, upload(clerk, file.getvalue(), "again.xlsx"))).text
    assert again.count(" selected>") == len(COLUMNS)


def test_who_uploaded_a_table_cannot_release_it_though_somebody_else_named_its_columns(node, clerk, offer):
    both = node.sign_in("clerk", "approver")
    path = checked(both, upload(both, foreign_table(offer, "own"), "own.csv", dates="dmy"))
    chosen = {f"column-{place}": name for place, name in enumerate(COLUMNS)}
    waiting = hand_over(clerk, checked(clerk, act(clerk, path, f"{path}/columns", **chosen)))
    assert "Your decision" not in both.get(waiting).text
    forged = form(both.get(waiting), key="own columns", do="release", seen="true")
    assert both.post(waiting, data=forged).status_code == 403
