"""Notes on doubtful days say how many rows they are about, and where the first of them are."""

from registry.intake.rows.row_notes import RowNotes


def test_days_to_look_at_again_are_noted_with_their_number_and_their_first_lines():
    notes = RowNotes()
    for line in (2, 4):
        notes.add_days(line, is_ahead=True, is_over=False)
    for line in range(6, 1206):
        notes.add_days(line, is_ahead=False, is_over=True)
    notes.add_order(3, "awarding_date", "dmy")
    notes.add_order(5, "awarding_date", "mdy")
    assert [note.partition(";")[0] for note in notes.list()] == [
        "awarding_date: 2 rows (lines 2, 4) have a day to come",
        "valid_until: 1,200 rows (lines 6, 7, 8 and others) have a day that has passed",
        "awarding_date: some of its days are written day, month, year (line 3) and some month, day, year (line 5)",
    ]


def test_a_row_that_is_in_no_file_has_no_line():
    notes = RowNotes()
    notes.add_days(0, is_ahead=True, is_over=False)
    assert notes.list() == ["awarding_date: 1 row has a day to come; check that the award is certain"]
