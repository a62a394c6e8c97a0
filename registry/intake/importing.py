"""What becomes of a document: each award finds its achievement, or leaves a draft of it, and is issued or waits.

How an achievement is found (`matching.py`), or that it is new or a draft, is always said.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Final, NamedTuple

import msgspec

from registry.application.achievement_texts import notes_of
from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.requests import FINAL_REFUSALS, Issued, IssueRequest, NotIssued, Outcome
from registry.application.transaction import Transaction
from registry.domain.errors import InvalidEvent, Refusal, UnknownAchievement
from registry.intake.composing import CHECKED_HERE, IssuedPart, composition_fault, composition_of, parts_text
from registry.intake.drafts import Drafts, Waiting
from registry.intake.formats.document import (
    CREDENTIAL,
    Award,
    Completions,
    Document,
    Oddity,
    Values,
    check_completions,
    issuer_fault,
    request,
)
from registry.intake.matching import Match, Matcher, NoMatch
from registry.intake.rows.report import Catalogue, Problem
from registry.intake.rows.row_checker import RowChecker
from registry.store.recorder import TransactionalRows
from registry.values.persons import normalise_identifier
from registry.vault.vault import random_id
from registry.wire.achievements import AchievementContent

_BATCH: Final = 500
RowsOf = Callable[["ImportResult"], TransactionalRows]
"""Returns rows that are stored with what became of an award."""


class ImportResult(msgspec.Struct):
    """What an award came to."""

    award: int
    """Its place in the document, from 1."""
    title: str
    path: str
    how: str = ""
    """How its achievement was found, or that it is new, or a draft."""
    achievement: str | None = None
    version: int | None = None
    """None: the newest."""
    published: bool = False
    """Whether its achievement is new, and was published with it."""
    draft: str | None = None
    waiting: bool = False
    """Whether its achievement is a draft, for which it waits; in a dry run, would be and would."""
    credential: str | None = None
    learner: str | None = None
    unchanged: bool = False
    """Whether the credential was issued before, and says the same."""
    held_until: date | None = None
    """The day from which it is to be published, where that is to come."""
    missing: list[str] = []
    """What is still wanted before it can be issued, as paths into the completions."""
    problems: list[Problem] = []
    """Why it was not taken in."""
    notes: list[str] = []
    """What is doubtful in it, though it was taken in."""


class Published(NamedTuple):
    """What publishing a draft came to."""

    taken: list[ImportResult]
    notes: list[str]
    """What is doubtful in the achievement, and how its texts were respelled."""


class Importer:
    """Takes documents in for one university. For one thread."""

    def __init__(self, registry: Registry, issuer: Issuer, catalogue: Catalogue, *, schedules: bool = False) -> None:
        """`schedules`: the caller keeps an award until its day; otherwise one whose day is to come is refused."""
        self._schedules = schedules
        self._registry = registry
        self._issuer = issuer
        self._catalogue = catalogue
        self._drafts = Drafts(registry)
        self._begin()

    def _begin(self) -> None:
        """Remember nothing of the document before."""
        self._matcher = Matcher(self._registry, self._drafts)
        self._trial = self._issuer.trial()
        """What was only checked until now: the awards of a dry run, and those that wait for their day."""
        self._waiting: dict[bytes, Values] = {}
        """The awards that wait for what they lack, by what each is known by."""
        self._checked: set[str] = set()
        """Records that a dry run found to be in order."""

    def take(self, document: Document, completions: Completions, *, dry_run: bool = False) -> Iterator[ImportResult]:
        """Take in all awards of a document, one after another. Raises `IntakeError` for completions that are none."""
        self._begin()
        document.notes += [
            note
            for note in check_completions(completions, document.awards, document.left_out)
            if note not in document.notes
        ]
        for award in document.awards:
            yield self.take_award(document, award, completions, dry_run=dry_run)

    def take_award(
        self,
        document: Document,
        award: Award,
        completions: Completions,
        *,
        dry_run: bool = False,
        rows_of: RowsOf | None = None,
        on_its_day: bool = False,
    ) -> ImportResult:
        """Take in one. It has its effect once: its record, and its draft, are known again.

        `on_its_day`: it was held, and is no more.
        """
        taken = ImportResult(award.number, award.title, award.path)
        if award.refusals:
            taken.how = "it is not issued"
            taken.problems = [one.problem() for one in award.refusals]
            return self._done(taken, rows_of)
        parts = self._join(award, completions, dry_run=dry_run)
        match = self._matcher.match(award, completions)
        taken.how, taken.problems = match.how, list(match.problems)
        if isinstance(match, NoMatch):
            return self._keep(document, award, completions, taken, dry_run=dry_run, rows_of=rows_of)
        is_offered = match.content is None and self._matcher.pending(match.achievement) is None
        taken.version, taken.notes = match.version, match.notes()
        taken.achievement = match.achievement if is_offered else None  # what is new has no id yet
        _ask(taken, award.missing_credential(completions), award.open_questions(completions, new=bool(match.content)))
        asked = None if taken.missing or taken.problems else self._request(award, match, completions, taken)
        if asked is not None and parts:
            asked = self._composed(asked, match, parts, taken)
        if asked is None:
            if match.content is None and _can_wait(taken):
                return self._keep_matched(document, award, completions, taken, match, dry_run=dry_run, rows_of=rows_of)
            return self._done(taken, rows_of)
        if taken.held_until is not None and not on_its_day:
            return self._hold(taken, asked, match, rows_of)
        if dry_run:
            return self._done(self._check(taken, asked, match, CHECKED_HERE if parts else ()), rows_of)
        if match.content is not None:
            if self._refusal(taken, partial(self._publish, match.content, match.draft, match.meant)):
                return self._done(taken, rows_of)
            taken.achievement, taken.published = match.achievement, True

        def add_rows(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
            _outcome(taken, outcomes[0], match.notes())
            if rows_of is not None:
                transaction.add(rows_of(taken))
            if taken.credential is not None and (draft := match.draft or self._drafts.id_of(award)) is not None:
                transaction.add(self._drafts.issued(draft, [self._drafts.key(award, completions)]))

        self._issuer.issue([asked], add_rows=add_rows, override=CHECKED_HERE if parts else ())
        return taken

    def _check(self, taken: ImportResult, asked: IssueRequest, match: Match, override: Collection[str]) -> ImportResult:
        """Say what would become of an award, after those of the document before it."""
        if match.content is not None:
            if self._refusal(taken, partial(self._check_publishing, match.content, match.meant)):
                return taken
            self._matcher.would_publish(match.content)
            self._trial.offer(match.content)
        [outcome] = self._trial.check([asked], override)
        _outcome(taken, outcome, match.notes())
        taken.credential = taken.learner = None  # the ids of a check are nobody's
        if not taken.problems:
            self._checked.add(asked.record)
        return taken

    # Parts

    def _join(self, award: Award, completions: Completions, *, dry_run: bool) -> list[IssuedPart]:
        """Give an award the credentials of its parts; where they are not issued, that is asked about.

        Nothing is joined where parts are named beside the document. A dry run issues none: it joins those that were
        issued before, and says nothing of those that it found in order.
        """
        if not award.parts or "parts" in award.named("credential", completions):
            return []
        found: list[IssuedPart] = []
        lacking: list[str] = []
        for part in award.parts:
            record = normalise_identifier(str(part.completed("credential", completions).get("record") or ""))
            credential = self._issuer.known(record) if record else None
            if credential is not None:
                found.append(IssuedPart.of(self._registry, credential))
            elif not dry_run or record not in self._checked:
                lacking.append(part.title)
        if lacking:
            said = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
            verb = "would not be issued" if dry_run else "are not issued"
            detail = (
                f"{len(lacking)} of its {len(award.parts)} parts {verb} ({said}); issue them and import it again, or"
            )
            award.problems = [
                *award.problems,
                Oddity(award.path, "", f"{detail} say of which achievements it consists", "achievement.composition"),
                Oddity(award.path, "", f"{detail} say which credentials are its parts", "credential.parts"),
            ]
        elif len(found) == len(award.parts):
            award.credential["parts"] = parts_text(self._registry.member, found)
            award.achievement["composition"] = composition_of(self._registry.member, found)
            return found
        return []

    def _composed(
        self, asked: IssueRequest, match: Match, parts: Sequence[IssuedPart], taken: ImportResult
    ) -> IssueRequest | None:
        """The request, where its parts satisfy its achievement; None where they do not, which is said."""
        content = match.content or self._matcher.achievement(match.achievement).content
        fault = composition_fault(self._registry, content, asked.awarding_date, parts)
        if fault is None:
            return asked
        taken.problems = [Problem(taken.path, "credential.parts", "", fault)]
        return None

    def _hold(self, taken: ImportResult, asked: IssueRequest, match: Match, rows_of: RowsOf | None) -> ImportResult:
        """Nothing is done before its day, but what would be refused for good is told now."""
        checked = None if match.content is not None else self._trial.check([asked])[0]
        if isinstance(checked, NotIssued) and checked.code in FINAL_REFUSALS:
            taken.held_until = None
            _outcome(taken, checked, match.notes())
        return self._done(taken, rows_of)

    def _check_publishing(self, content: AchievementContent, meant: Collection[str]) -> None:
        """Check that a new achievement could be published, and a credential of it issued."""
        self._registry.achievements.check_new(content, keep_text=meant)
        self._registry.checker.check_accepted({"credential.issued.v1"})

    @staticmethod
    def _refusal(taken: ImportResult, act: Callable[[], None]) -> bool:
        """Act; return whether it was refused, which becomes the award's problem."""
        try:
            act()
        except (Refusal, InvalidEvent) as refused:
            taken.problems = [Problem(taken.path, "", "", str(refused))]
            return True
        return False

    def _publish(self, content: AchievementContent, draft: str | None, meant: Collection[str]) -> None:
        """Publish an achievement; `meant` are the fields whose texts are meant though they look broken."""
        self._matcher.read_again()
        with self._registry.transaction() as transaction:
            self._registry.achievements.publish(content, keep_text=meant, transaction=transaction)
            if draft is not None:
                transaction.add(self._drafts.published(draft, content.achievement))
            transaction.commit()

    def _done(self, taken: ImportResult, rows_of: RowsOf | None) -> ImportResult:
        if rows_of is not None:
            self._registry.store_rows(rows_of(taken))
        return taken

    # Issuing

    def _request(
        self, award: Award, match: Match, completions: Completions, taken: ImportResult
    ) -> IssueRequest | None:
        """The request, held against the achievement; None where it does not hold, which is said."""
        fault = None if match.content is not None else self._level_fault(award, match, completions)
        content = match.content or self._matcher.pending(match.achievement)
        catalogue = self._catalogue if content is None else _WithNew(self._catalogue, content)
        checker = RowChecker(catalogue, schedules=self._schedules)
        checked = award.request(checker, match.achievement, match.version, completions)
        found = checked.result
        issuer = issuer_fault(award.completed("credential", completions), self._registry.member, award.path)
        wrong = [one for one in (fault, issuer) if one is not None] + (list(found) if isinstance(found, tuple) else [])
        if wrong or isinstance(found, tuple):
            taken.problems = wrong
            return None
        taken.held_until = checked.day
        return found

    def _level_fault(self, award: Award, match: Match, completions: Completions) -> Problem | None:
        stated = award.completed("achievement", completions).get("eqfLevel")
        try:
            offered = self._matcher.achievement(match.achievement)
        except UnknownAchievement as error:
            return Problem(award.path, "achievement", match.achievement, str(error))
        level = offered.content.eqf_level
        if stated is None or match.version not in (None, offered.state.version) or stated == level:
            return None
        return Problem(award.path, "eqfLevel", str(stated), f"the achievement is of EQF level {level} ({match.how})")

    # Drafts

    def _keep(
        self,
        document: Document,
        award: Award,
        completions: Completions,
        taken: ImportResult,
        *,
        dry_run: bool,
        rows_of: RowsOf | None,
    ) -> ImportResult:
        if self._contradicts_waiting(award, completions, taken):
            return self._done(taken, rows_of)
        row = self._drafts.row_of(award, document.FORMAT, completions)
        taken.waiting = True
        taken.how = taken.how or "no published achievement matches it: a draft"
        wanted = award.missing(completions, self._registry.member)
        _ask(taken, wanted, award.open_questions(completions, new=True))
        if dry_run:
            return self._done(taken, rows_of)
        taken.draft = row.draft
        self._registry.store_rows(row, *([] if rows_of is None else [rows_of(taken)]))
        return taken

    def _keep_matched(
        self,
        document: Document,
        award: Award,
        completions: Completions,
        taken: ImportResult,
        match: Match,
        *,
        dry_run: bool,
        rows_of: RowsOf | None,
    ) -> ImportResult:
        """Let a credential of a published achievement wait, as those of a draft do, until what it lacks is said."""
        if self._contradicts_waiting(award, completions, taken):
            return self._done(taken, rows_of)
        if dry_run:
            taken.waiting = True
            return self._done(taken, rows_of)
        row = self._drafts.row_of(award, document.FORMAT, completions, match.version)
        taken.waiting, taken.draft = True, row.draft
        published = self._drafts.published(row.draft, match.achievement)
        self._registry.store_rows(row, published, *([] if rows_of is None else [rows_of(taken)]))
        return taken

    def _contradicts_waiting(self, award: Award, completions: Completions, taken: ImportResult) -> bool:
        """Return whether an award before has the same record and waits, and says something else; that is said."""
        values = award.completed("credential", completions)
        if not values.get("record"):
            return False
        stated = {"achievement": award.completed("achievement", completions), "credential": values}
        before = self._waiting.setdefault(self._drafts.key(award, completions), stated)
        if before == stated:
            return False
        differs = [name for name in CREDENTIAL if before["credential"].get(name) != values.get(name)]
        detail = "record-differs: an earlier award of this document has this record and says something else"
        taken.how = "it is not taken in"
        taken.missing = []
        taken.problems = [
            Problem(taken.path, "record", "", f"{detail}; it differs in {', '.join(differs) or 'its achievement'}")
        ]
        return True

    def publish(self, draft: str, keep_text: Collection[str] = ()) -> Published:
        """Publish a draft, unless it is, and issue the credentials that wait for it; asked again, it goes on.

        `keep_text` are the fields whose texts are meant though they look broken. Raises `UnknownDraft`, `IntakeError`
        where Annex I wants more, and `FaultyContent`.
        """
        found = self._drafts.one(draft)
        achievement, notes = found.achievement, list[str]()
        if achievement is None:
            meant = {*keep_text, *found.meant}
            content = self._drafts.content(found, random_id(), meant)
            achievement, notes = content.achievement, notes_of(found.values, content)
            self._publish(content, draft, meant)
        waiting = self._drafts.waiting(draft)
        taken: list[ImportResult] = []
        for start in range(0, len(waiting), _BATCH):
            taken += self._issue_waiting(draft, achievement, found.title, waiting[start : start + _BATCH], start)
        return Published(taken, notes)

    def _issue_waiting(
        self, draft: str, achievement: str, title: str, waiting: Sequence[Waiting], start: int
    ) -> list[ImportResult]:
        checker = RowChecker(self._catalogue)
        taken: list[ImportResult] = []
        asked: list[tuple[ImportResult, bytes, IssueRequest]] = []
        for number, one in enumerate(waiting, start + 1):
            came = ImportResult(
                number, title, f"draft {draft}", "its draft was published", achievement, None, draft=draft
            )
            taken.append(came)
            _ask(came, [f"credential.{name}" for name in one.missing], one.asked)
            if came.missing or came.problems:
                continue
            found = request(checker, one.values, achievement, None, None, came.path, one.named).result
            if isinstance(found, IssueRequest) and found.parts and (fault := self._parts_fault(found, achievement)):
                found = (Problem(came.path, "credential.parts", "", fault),)
            if (issuer := issuer_fault(one.values, self._registry.member, came.path)) is not None:
                found = (issuer, *(found if isinstance(found, tuple) else ()))
            if isinstance(found, tuple):
                came.problems = list(found)
            else:
                asked.append((came, one.key, found))

        def add_rows(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
            for (came, _, _), outcome in zip(asked, outcomes, strict=True):
                _outcome(came, outcome)
            done = [key for came, key, _ in asked if came.credential is not None]
            transaction.add(self._drafts.issued(draft, done))

        if asked:
            composed = any(one.parts for _, _, one in asked)
            self._issuer.issue(
                [one for _, _, one in asked], add_rows=add_rows, override=CHECKED_HERE if composed else ()
            )
        return taken

    def _parts_fault(self, asked: IssueRequest, achievement: str) -> str | None:
        """Return what speaks against the parts of a credential that waited, or None; others' are left to the views."""
        own = [one for one in asked.parts or () if one.member == self._registry.member]
        if len(own) != len(asked.parts or ()):
            return None
        parts = [IssuedPart.of(self._registry, one.credential) for one in own]
        content = self._registry.achievements.get(achievement).content
        return composition_fault(self._registry, content, asked.awarding_date, parts)


class _WithNew:
    """The catalogue as it will be once an achievement is published."""

    def __init__(self, catalogue: Catalogue, content: AchievementContent) -> None:
        self._catalogue = catalogue
        self._content = content

    def ects(self, achievement: str) -> tuple[int | float | None, ...] | None:
        if achievement == self._content.achievement:
            return (self._content.ects,)
        return self._catalogue.ects(achievement)

    def is_retired(self, achievement: str) -> bool:
        return achievement != self._content.achievement and self._catalogue.is_retired(achievement)

    def course(self, code: str) -> tuple[str, int | None] | None:
        return self._catalogue.course(code)


def _ask(taken: ImportResult, missing: Sequence[str], questions: Sequence[Oddity]) -> None:
    """Say what is wanted: what was stated and not understood is a problem, and not missing."""
    unclear = {one.asks for one in questions}
    taken.missing = [path for path in missing if path not in unclear]
    taken.problems = taken.problems + [one.problem() for one in questions]


def _can_wait(taken: ImportResult) -> bool:
    """Whether all that keeps an award from being issued can be said of its credential."""
    fields = [*taken.missing, *(one.field for one in taken.problems)]
    return bool(fields) and all(field.startswith("credential.") for field in fields)


def _outcome(taken: ImportResult, outcome: Outcome, notes: Sequence[str] = ()) -> None:
    """Say what came of issuing an award, after the `notes` of before; also again, where a transaction is repeated."""
    taken.credential = taken.learner = None
    taken.unchanged, taken.problems, taken.notes = False, [], [*notes]
    if isinstance(outcome, Issued):
        taken.credential, taken.learner, taken.unchanged = outcome.credential, outcome.learner, outcome.unchanged
        if outcome.replacement is not None:
            taken.notes.append(str(outcome.replacement))
    else:
        taken.problems = [Problem(taken.path, outcome.field, "", f"{outcome.code}: {outcome.detail}")]
