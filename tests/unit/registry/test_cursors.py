"""Cursors lead on in the query that they were made for, and nowhere else."""

import base64
from datetime import date
from uuid import UUID

import msgspec
import pytest

from registry.cursors import Cursors, InvalidCursor

ID = UUID("0198c0de-0000-7000-8000-000000000001")
KEY = [date(2026, 2, 27), ID, "Ærø, 本", 0.25, 7]
TYPES = (date, UUID, str, float, int)


class Query(msgspec.Struct):
    text: str
    level: int | None = None


def test_a_key_comes_back_with_its_types():
    cursors = Cursors("credentials", "twente", None)
    cursor = cursors.encode(KEY)
    assert cursors.decode(cursor, *TYPES) == tuple(KEY)
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    ("made", "used"),
    [
        (("credentials",), ("decisions",)),
        (("credentials", "twente"), ("credentials", "lund")),
        (("credentials", "twente", None), ("credentials", "twente")),
        (("credentials", Query("a")), ("credentials", Query("a", 6))),
    ],
)
def test_a_cursor_of_another_query_is_refused(made, used):
    with pytest.raises(InvalidCursor, match="another query"):
        Cursors(*used).decode(Cursors(*made).encode([1]), int)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "ä", "a b", "=", "\0", "WzFd", "A" * 500])
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(InvalidCursor):
        Cursors("credentials").decode(cursor, int)


@pytest.mark.parametrize("types", [(str,), (int, int), (), (UUID,)])
def test_a_key_of_other_types_is_refused(types):
    cursors = Cursors("credentials")
    with pytest.raises(InvalidCursor):
        cursors.decode(cursors.encode([1]), *types)


def test_a_cursor_whose_bytes_were_changed_is_refused():
    cursors = Cursors("credentials")
    cursor = cursors.encode([1])
    content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for number in range(len(content)):
        changed = bytearray(content)
        changed[number] ^= 0x80
        with pytest.raises(InvalidCursor):
            cursors.decode(base64.urlsafe_b64encode(changed).rstrip(b"=").decode(), int)
