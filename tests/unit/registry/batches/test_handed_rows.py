"""Rows of a batch for its page, whatever they are."""

import io
from datetime import date

from registry.batches.imports.handed_rows import read_handed_rows


class Content:
    """A file in memory."""

    def __init__(self, *lines):
        self._content = b"".join(line + b"\n" for line in lines)

    def open(self, mode):
        del mode
        return io.BytesIO(self._content)


def test_a_row_that_is_none_is_empty_and_a_day_that_is_none_is_text():
    content = Content(
        b'{"record": "x"', b"", b'["no object"]', b"[" * 9999, b'{"record": 7, "awarding_date": "soon", "note": null}',
        b'{"record": "r", "awarding_date": "2026-06-30", "date_of_birth": "2001-02-03", "note": "N"}',
    )  # fmt: skip
    rows = list(read_handed_rows(content, range(5)))
    assert [row.line for row in rows] == [1, 3, 4, 5, 6]
    assert [row.record for row in rows] == ["", "", "", "7", "r"]
    assert [row.day for row in rows] == [None, None, None, None, date(2026, 6, 30)]
    assert (rows[3].awarding_date, rows[3].note) == ("soon", "")
    assert (rows[4].date_of_birth, rows[4].note, rows[4].valid_until) == ("2001-02-03", "N", "")
