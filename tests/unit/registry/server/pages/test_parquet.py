import io

from arro3.io import read_parquet

from projections.statistics.datasets import DataSet, Description, Row
from registry.server.pages.parquet import IS_AVAILABLE, write_parquet_table

SHAPE = Description("awards", ("year", "field", "eqfLevel"), ("issued", "revoked"))


def read(content):
    table = read_parquet(io.BytesIO(content)).read_all()
    return table, [
        dict(zip(table.column_names, row, strict=True))
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True)
    ]


def test_a_table_has_its_columns_and_no_number_for_a_count_that_is_not_shown():
    rows = [Row(("2026", "06", ""), (12, None)), Row(("2026", "é<>", "7"), (None, 0))]
    content = write_parquet_table(DataSet(SHAPE, rows), "twente:7")
    assert IS_AVAILABLE
    table, read_rows = read(content)
    assert read_rows == [
        {"year": "2026", "field": "06", "eqfLevel": "", "issued": 12, "revoked": None},
        {"year": "2026", "field": "é<>", "eqfLevel": "7", "issued": None, "revoked": 0},
    ]
    assert b"twente:7" in content
    assert table.num_rows == 2


def test_an_empty_table_has_its_columns():
    table, rows = read(write_parquet_table(DataSet(SHAPE, []), ""))
    assert rows == []
    assert table.column_names == ["year", "field", "eqfLevel", "issued", "revoked"]
