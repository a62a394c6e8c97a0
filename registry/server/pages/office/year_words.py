"""The office's year in words: the tables of its report, in one language. Pure."""

from typing import Any

from registry.letters.report import Report, ReportTable
from registry.server.pages.languages import translate
from registry.server.pages.office.year_figures import SPANS, DecisionTimes, YearFigures
from registry.server.pages.templates import Formats
from registry.server.pages.texts import N_
from registry.server.pages.vocabulary import VOCABULARY
from registry.wire.today import utc_today


class YearWords:
    """The words and numbers of a year's figures, as the readers of a language write them."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._formats = Formats(language)

    def code(self, group: str, code: str) -> str:
        """Return the words for a code of the vocabulary."""
        return self._say(VOCABULARY[group].get(code, code))

    def span(self, span: tuple[int, int | None]) -> str:
        """Return a span of days in words."""
        first, last = span
        if last is None:
            return self._say(N_("over %(days)s days"), days=first - 1)
        return self._say(N_("%(first)s to %(last)s days"), first=first, last=last)

    def report(self, figures: YearFigures, office: str) -> Report:
        """Return the report of a year; `office` is the university's name."""
        day = self._formats.day(utc_today())
        return Report(
            self._language,
            self._say(N_("The recognition office in %(year)s"), year=figures.year),
            office,
            self._say(N_("Made on %(day)s from the log and from the cases of the office."), day=day),
            self._say(N_("Page {page} of {pages}")),
            [
                self._decisions(figures),
                self._outcomes(figures),
                self._grounds(figures),
                self._countries(figures),
                self._times(figures.times),
                self._appeals(figures),
            ],
        )

    def _decisions(self, figures: YearFigures) -> ReportTable:
        numbers = (
            (N_("made"), figures.decisions),
            (N_("replaced since"), figures.superseded),
            (N_("withdrawn since"), figures.withdrawn),
        )
        rows = [[self._say(text), self._number(number)] for text, number in numbers]
        return self._table(N_("Decisions"), (N_("Decisions"), N_("Number")), rows)

    def _outcomes(self, figures: YearFigures) -> ReportTable:
        rows = [[self.code("outcome", outcome), self._number(number)] for outcome, number in figures.outcomes]
        return self._table(N_("Outcomes of grants in force"), (N_("Outcome"), N_("Number")), rows)

    def _grounds(self, figures: YearFigures) -> ReportTable:
        rows = [
            [self.code("aspect", aspect), self.code("difference", difference), self._number(number)]
            for aspect, difference, number in figures.grounds
        ]
        return self._table(N_("Grounds"), (N_("Element"), N_("Difference"), N_("Number")), rows)

    def _countries(self, figures: YearFigures) -> ReportTable:
        rows = [
            [self._formats.country(row.country), self._number(row.refused), self._number(row.decisions)]
            for row in figures.countries
        ]
        head = (N_("Country"), N_("Recognises nothing"), N_("Decisions in force"))
        return self._table(N_("Countries of the qualifications"), head, rows)

    def _times(self, times: DecisionTimes) -> ReportTable:
        rows = [[self.span(span), self._number(number)] for span, number in zip(SPANS, times.spans, strict=True)]
        note = ""
        if times.median is not None and times.longest is not None:
            median, longest = self._number(times.median), self._number(times.longest)
            note = self._say(N_("Median %(median)s days, longest %(longest)s days."), median=median, longest=longest)
        caption = N_("Days from a complete file to the first decision")
        return self._table(caption, (N_("Days"), N_("Cases")), rows, note)

    def _appeals(self, figures: YearFigures) -> ReportTable:
        numbers = (
            (N_("lodged"), figures.appeals.lodged),
            (N_("with a new decision since"), figures.appeals.amended),
        )
        rows = [[self._say(text), self._number(number)] for text, number in numbers]
        return self._table(N_("Appeals"), (N_("Appeals"), N_("Number")), rows)

    def _table(self, caption: str, head: tuple[str, ...], rows: list[list[str]], note: str = "") -> ReportTable:
        return ReportTable(self._say(caption), [self._say(text) for text in head], rows, note)

    def _number(self, number: float) -> str:
        return self._formats.number(number)

    def _say(self, text: str, **values: Any) -> str:  # noqa: ANN401 - of any kind that `%` can write
        return translate(self._language, text, **values)
