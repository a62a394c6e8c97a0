"""Invalid JSON is reported in words for people, never in those of the library."""

import json
import re

import pytest

from registry.intake.formats.json_content import load
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.plain_rows import PlainRows
from registry.intake.rows.report import IntakeError
from tests.support.results import Results

PYTHON = re.compile(r"codec|Exceeds|Expecting|Invalid|Extra data|Unterminated|char \d|conversion|position")
BAD = {
    "a number of 4,400 digits": (b'{"record": ' + b"9" * 4400 + b"}", "too many digits"),
    "half a surrogate pair": (rb'{"record": "\ud800"}', "surrogate|UTF-8"),
    "not UTF-8": (b'{"record": "\xff"}', "byte 13 is not UTF-8"),
    "no value": (b'{"record": }', "see column 12"),
    "no end": (b'{"record": 1', "see column 13"),
    "two values": (b'{"record": 1} 2', "see column 15"),
    "a text with no end": (b'{"record": "1', "see column 12"),
    "no number": (b'{"record": NaN}', "NaN is not a JSON number"),
}
GOOD = b'{"record": "r1", "achievement": "a"}'


def test_a_document_in_utf_16_is_refused_as_its_message_says():
    with pytest.raises(IntakeError, match="not JSON in UTF-8"):
        load('{"record": "1"}'.encode("utf-16"), "badge.json")


@pytest.mark.parametrize("name", BAD)
def test_a_document_that_is_no_json_is_told_so_in_plain_words(name):
    content, says = BAD[name]
    with pytest.raises(IntakeError, match=says) as told:
        load(content, "the document")
    assert not PYTHON.search(str(told.value))


@pytest.mark.parametrize("name", [name for name in BAD if "digits" not in name])  # those are too long for a plain line
def test_a_plain_line_that_is_no_json_is_told_so_in_plain_words_and_the_others_are_read(name, tmp_path):
    content, says = BAD[name]
    file = tmp_path / "rows.ndjson"
    file.write_bytes(GOOD + b"\n" + content + b"\n" + GOOD + b"\n")
    rows = list(PlainRows(file, "ndjson", ("record", "achievement"), ()))
    assert [(number, row) for number, row in rows if number != 2] == [(n, json.loads(GOOD)) for n in (1, 3)]
    [told] = [row for number, row in rows if number == 2]
    assert re.search(says, told)
    assert not PYTHON.search(told)


@pytest.mark.parametrize("name", BAD)
def test_a_row_that_is_no_json_is_told_so_in_plain_words(name, tmp_path):
    content, says = BAD[name]
    file = tmp_path / "rows.ndjson"
    file.write_bytes(content + b"\r\n")
    [[told, *_]] = list(Results(NdjsonRows(file, None)))
    assert re.search(says, told.detail)
    assert not PYTHON.search(told.detail)
