"""The report of an office's year, in words."""

import pytest

from registry.server.pages.office.year_figures import figures_of
from registry.server.pages.office.year_words import YearWords
from tests.unit.registry.server.pages.office.test_year_figures import DAYS, NO_APPEALS, READ


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_report_has_every_figure_in_the_reader_s_language(language):
    report = YearWords(language).report(figures_of(READ, DAYS, NO_APPEALS, 2026), "Twente")
    assert (report.language, report.author, len(report.tables)) == (language, "Twente", 6)
    assert "2026" in report.title
    assert [row[-1] for row in report.tables[0].rows] == ["5", "1", "1"]
    assert all(len(row) == len(table.head) for table in report.tables for row in table.rows)


def test_english_words_stand_for_codes_and_spans():
    words = YearWords("en")
    assert words.code("outcome", "refused") == "Not recognised"
    assert words.span((0, 30)) == "0 to 30 days"
    assert words.span((121, None)) == "over 120 days"
    times = words.report(figures_of(READ, DAYS, NO_APPEALS, 2026), "x").tables[4]
    assert times.note == "Median 30 days, longest 90 days."
