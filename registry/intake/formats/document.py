"""The base of all documents: reads awards one by one, and records statements that are unclear or forbid issuing.

A document contains achievements and a person's credentials of them: its `awards`. `list_unmapped` returns the paths of
fields that have no place here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from registry.intake.formats.award import Award, Issuer, Oddity
from registry.intake.formats.completions import NAMES, Values
from registry.intake.formats.external import External, external_of
from registry.intake.formats.unmapped import Unmapped
from registry.intake.rows.report import mask
from registry.values.broken_text import broken_text_fault
from registry.values.persons import differences
from registry.wire.today import utc_today

_PERSONAL: Final = frozenset(
    f"credential.{name}" for name in (*NAMES, "student", "date_of_birth", "grade", "original_grade", "national_id")
)


class Document(ABC):
    """A document, with the awards that were read of it."""

    FORMAT: ClassVar[str]
    """Name of the format, for people."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Oddity] = []
        self.refusals: list[Oddity] = []
        self.notes: list[str] = []
        self.awards: list[Award] = []
        self.left_out: dict[str, str] = {}
        """Achievements that the document describes and does not award: the reason by course code."""
        self.issuer = Issuer()
        self.signed = False
        self._field = ""
        self._sources: dict[str, str] = {}
        self._in_award = False
        self._shared: tuple[list[Oddity], list[Oddity]] = [], []
        """Oddities and refusals outside of any award: they apply to each award."""

    @abstractmethod
    def list_unmapped(self) -> Unmapped:
        """Return the fields that were not used."""

    def holder_identity(self) -> dict[str, str]:
        """Return the holder's identity that the document states beside the names of a credential.

        `familyName` has the whole name, undivided; `email` an address. Most formats have neither.
        """
        return {}

    def external(self) -> list[External]:
        """Return its awards as another office reads them, which did not issue them."""
        return [external_of(self, award) for award in self.awards]

    def _add_award(self, read: Callable[[], Award]) -> Award:
        """Read an award and add it, with its unclear statements."""
        unclear, refused = len(self.problems), len(self.refusals)
        self._sources, self._in_award = {}, True
        award = read()
        self._in_award = False
        award.problems, award.refusals = self.problems[unclear:], self.refusals[refused:]
        award.sources = self._sources
        self.awards.append(award)
        award.number = len(self.awards)
        return award

    @contextmanager
    def _about(self, field: str) -> Iterator[None]:
        """Read a field of the completions: an oddity within this context asks for that field."""
        before, self._field = self._field, field
        try:
            yield
        finally:
            self._field = before

    def _read_fields(self, part: str, readers: Mapping[str, Callable[[], Any]]) -> Values:
        """Read the fields of a part, each by its reader."""
        values: Values = {}
        for name, read in readers.items():
            with self._about(f"{part}.{name}"):
                values[name] = read()
        return values

    def _note_source(self, path: str) -> None:
        if self._field:
            self._sources.setdefault(self._field, path)

    def _ask(self, path: str, value: str, detail: str) -> None:
        """Ask for the field that is being read. An oddity outside of any field prevents issuing the award."""
        if not self._field:
            self._refuse(path, value, f"{detail}; correct it in the document: nothing named beside it settles this")
            return
        shown = mask(value) if self._field in _PERSONAL else value[:80]
        oddity = Oddity(path, shown, detail, self._field)
        if oddity not in self.problems or self._in_award:
            self.problems.append(oddity)
        if not self._in_award and oddity.asks:
            self._shared[0].append(oddity)

    def _refuse(self, path: str, value: str, detail: str) -> None:
        """Add a reason why an award cannot be issued; outside of any award, why none of the document can."""
        oddity = Oddity(path, value[:80], detail)
        self.refusals.append(oddity)
        if not self._in_award:
            self._shared[1].append(oddity)

    def _check_text(self, path: str, text: str) -> str:
        """Return a text, and report broken characters in it."""
        if (fault := broken_text_fault(text)) is not None:
            self._ask(path, text, fault)
        return text

    def _check_whole_name(
        self, path: str, wholes: Sequence[str], family_name: str | None, given_name: str | None
    ) -> None:
        """Ask for the name where no spelling of a whole name shares a part with the family name or the given name."""
        stated = {"familyName": family_name or "", "givenName": given_name or ""}
        if wholes and all("name" in differences(stated, {"familyName": whole}) for whole in wholes):
            self._ask(path, wholes[0], "is another name than the family name and the given name; say whose it is")

    def _number_records(self, awards: Sequence[Award]) -> None:
        """Add the place of each award to its record, where several awards have one id."""
        if len(awards) > 1:
            for number, award in enumerate(awards, 1):
                if "record" in award.credential:
                    award.credential["record"] += f" #{number}"

    def _finish(self) -> None:
        """Add what applies to each award, and notes on the document."""
        today = utc_today().isoformat()
        for award in self.awards:
            award.problems = award.problems + self._shared[0]
            award.refusals = award.refusals + self._shared[1]
            self._check_sum(award)
            end = award.credential.get("valid_until")
            if isinstance(end, str) and end < today:
                self._note_once(f"{award.path}: the document says that it ended on {end}, which is past")
            names = [name for name in NAMES if award.credential.get(name)]
            if len(names) == 1:
                self._note_once(f"the person has one name only, as {names[0]}; name the other if there is one")

    def _check_sum(self, award: Award) -> None:
        """Ask for the credits of a whole that are not the sum of its parts' credits."""
        whole, parts = award.achievement.get("ects"), [part.achievement.get("ects") for part in award.parts]
        if not parts or whole is None or None in parts:
            return
        total = round(sum(float(ects) for ects in parts if ects is not None), 2)
        if total != whole:
            detail = f"is worth {whole} ECTS, and its {len(parts)} parts add up to {total:g}; say what it is worth"
            oddity = Oddity(award.path, str(whole), detail, "achievement.ects")
            award.problems = [*award.problems, oddity]
            self.problems.append(oddity)

    def _note_once(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
