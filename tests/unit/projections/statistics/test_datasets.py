"""Tables of the statistics: rows are added up, small counts left out, and sums say whether they are whole."""

from projections.statistics.datasets import Description, Sum, add_up, build

MONTHS = Description("awards", ("month", "member"), ("issued", "revoked"))


def test_the_same_dimensions_are_added_up_and_rows_of_zeros_left_out():
    table = build(MONTHS, [("2026-01", "twente", 6, 0), ("2026-01", "twente", 6, 0), ("2026-02", "lund", 0, 0)])
    assert [(row.key, row.counts) for row in table.rows] == [(("2026-01", "twente"), (12, 0))]


def test_each_measure_leaves_out_its_own_small_counts():
    table = build(MONTHS, [("2026-01", "twente", 60, 3), ("2026-01", "lund", 80, 0)])
    assert {row.key[1]: row.counts for row in table.rows} == {"twente": (60, None), "lund": (80, 0)}


def test_sums_are_of_what_is_shown_and_say_so():
    table = build(
        MONTHS,
        [
            ("2026-01", "twente", 60, 0), ("2026-02", "twente", 3, 0), ("2026-03", "twente", 20, 0),
            ("2026-01", "lund", 80, 0), ("2026-02", "lund", 90, 0), ("2026-03", "lund", 70, 0),
        ],
    )  # fmt: skip
    by_member = add_up(table, "issued", lambda row: (row["member"],), lambda row: row["month"] < "2027")
    assert by_member[("twente",)] == Sum(60, is_whole=False)
    assert add_up(table, "issued", lambda _: (), lambda row: row["month"] == "2026-01") == {(): Sum(140, is_whole=True)}
