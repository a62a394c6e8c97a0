"""Lists: tables within 80 columns, CSV that a spreadsheet does not run, JSON with one shape."""

import json
import uuid
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from registry.cli import ids
from registry.cli.listing import Column, print_csv, print_list
from registry.cli.output import print_json, shorten_ids, table
from registry.wire.forms import VersionedRef

IDS = [str(uuid.UUID(int=number * 2**96 + 7)) for number in range(1, 4)]


@pytest.fixture(autouse=True)
def eighty(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_a_table_fits_80_columns_breaks_no_id_and_ends_no_line_with_blanks(capsys):
    columns = ("university", "credential", "achievement", "awarded", "ECTS", "status", "flags", "by")
    rows = [("linkoping", each, "A long title of [some] achievement (v1)", date(2026, 1, 2), Decimal("7.50"),
             "suspended", ["impaired"], f"twente/{each}") for each in IDS]  # fmt: skip
    table(columns, rows)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)
    for each in IDS:
        assert sum(each[:8] in line for line in lines) >= 1
    assert "[some]" in " ".join(lines)
    assert "7.5" in lines[1]


def test_a_wide_table_shows_whole_ids(capsys):
    table(("credential", "title"), [(each, "x" * 100) for each in IDS], wide=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == IDS


def test_short_ids_are_longer_where_they_must_tell_two_apart():
    first, second = "01234567-0000-4000-8000-000000000001", "01234567-1000-4000-8000-000000000001"
    assert shorten_ids([first, second]) == {first: first[:13], second: second[:13]}
    assert shorten_ids(IDS) == {each: each[:8] for each in IDS}
    assert all(ids.may_begin(each) for each in (*shorten_ids([first, second]).values(), IDS[0][:8], "01ab"))
    assert not any(ids.may_begin(text) for text in ("no id", "01a", first))


def test_csv_is_quoted_and_no_text_is_a_formula(capsys):
    print_csv(["a name", "value"], [["=cmd()", -1], ["+1", Decimal("-2.50")], ['say "x", y', None], ["@a", True]])
    assert capsys.readouterr().out.split("\r\n") == [
        "a_name,value", "'=cmd(),-1", "'+1,-2.5", '"say ""x"", y",', "'@a,yes", "",
    ]  # fmt: skip


class Item(msgspec.Struct, rename="camel"):
    item_id: str
    with_: str
    counts_by: dict[str, int]
    of_version: VersionedRef


def test_json_has_snake_case_names_and_leaves_data_and_the_published_language(capsys):
    item = Item("a", "b", {"notAuthentic": 1}, VersionedRef("twente", IDS[0], 2))
    print_list([item], [Column("id", lambda one: one.item_id)], as_json=True, as_csv=False, wide=False)
    [found] = json.loads(capsys.readouterr().out)["items"]
    assert found == {
        "item_id": "a", "with": "b", "counts_by": {"notAuthentic": 1},
        "of_version": {"member": "twente", "achievement": IDS[0], "version": 2},
    }  # fmt: skip
    print_json([item])
    assert "items" in json.loads(capsys.readouterr().out)
    print_json(item, verbatim=True)
    assert "itemId" in json.loads(capsys.readouterr().out)


def test_a_long_title_is_cut_to_its_column_and_whole_in_a_wide_table(capsys):
    columns = [Column("id", lambda each: each), Column("title", lambda _: "Soil " * 5_000, cut=True)]
    print_list(IDS, columns, as_json=False, as_csv=False, wide=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(IDS)
    assert all(len(line) <= 80 and line.endswith("…") for line in lines[1:])
    print_list(IDS, columns, as_json=False, as_csv=False, wide=True)
    assert ("Soil " * 5_000).rstrip() in capsys.readouterr().out


def test_a_long_text_of_others_fills_no_screen_in_any_column(capsys):
    table(("title",), [("x" * 60_000,)])
    assert len(capsys.readouterr().out) < 400


@pytest.mark.parametrize("wide", [False, True])
def test_characters_that_turn_or_hide_a_text_are_written_out_in_tables(capsys, wide):
    for code in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0x1B):
        table(("title",), [(f"a{chr(code)}b",)], wide=wide)
        printed = capsys.readouterr().out
        assert chr(code) not in printed
        assert ascii(chr(code))[1:-1] in printed
