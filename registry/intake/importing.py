"""Import of documents: each award is matched with an achievement or becomes a draft, and is issued or waits.

Each result says how the achievement was found (`matching.py`), or that it is new or a draft.
"""

import copy
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.requests import FINAL_REFUSALS, IssueRequest, NotIssued, Outcome
from registry.application.transaction import Transaction
from registry.domain.errors import InvalidEvent, Refusal, UnknownAchievement
from registry.intake.composing import CHECKED_HERE, IssuedPart, composition_fault, composition_of, parts_text
from registry.intake.draft_publishing import publish_achievement
from registry.intake.drafts import Drafts
from registry.intake.formats.award import Award, Oddity, check_completions
from registry.intake.formats.completions import CREDENTIAL, Completions, Values
from registry.intake.formats.document import Document
from registry.intake.formats.requirements import issuer_fault
from registry.intake.import_result import ImportResult
from registry.intake.matching import Match, Matcher, NoMatch
from registry.intake.rows.report import Catalogue, Problem
from registry.intake.rows.row_checker import CheckedRow, RowChecker
from registry.store.recorder import TransactionalRows
from registry.values.persons import normalise_identifier
from registry.wire.achievements import AchievementContent

RowsOf = Callable[[ImportResult], TransactionalRows]
"""Returns the rows that are stored with the result of an award."""
_MAX_NAMED_PARTS = 5


class _Import(NamedTuple):
    """One award, and how it is to be imported."""

    award: Award
    format: str
    completions: Completions
    dry_run: bool
    rows_of: RowsOf | None
    parts: Sequence[IssuedPart] = ()

    @property
    def override(self) -> Collection[str]:
        return CHECKED_HERE if self.parts else ()


class Importer:
    """Imports documents for one university. For one thread."""

    def __init__(self, registry: Registry, issuer: Issuer, catalogue: Catalogue, *, schedules: bool = False) -> None:
        """`schedules`: the caller keeps an award until its day; otherwise one whose day is to come is refused."""
        self._schedules = schedules
        self._registry = registry
        self._issuer = issuer
        self._catalogue = catalogue
        self._drafts = Drafts(registry)
        self._begin()

    def _begin(self) -> None:
        """Forget the previous document."""
        self._matcher = Matcher(self._registry, self._drafts)
        self._trial = self._issuer.trial()
        """The awards that were only checked: those of a dry run, and those that wait for their day."""
        self._waiting: dict[bytes, Values] = {}
        """Awards that wait for missing fields, by the keys of their credentials."""
        self._checked: set[str] = set()
        """Records that a dry run found to be in order."""

    def take(self, document: Document, completions: Completions, *, dry_run: bool = False) -> Iterator[ImportResult]:
        """Import all awards of a document, one after another. Raises `IntakeError` for invalid completions."""
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
        """Import one award. It has its effect once: its record and its draft are recognised when it comes again.

        `on_its_day`: it was scheduled, and its day has come.
        """
        task = _Import(award, document.FORMAT, completions, dry_run, rows_of)
        result = ImportResult(award.number, award.title, award.path)
        if award.refusals:
            problems = [refusal.problem() for refusal in award.refusals]
            return self._store(task, msgspec.structs.replace(result, how="it is not issued", problems=problems))
        task = self._join_parts(task)
        match = self._matcher.match(task.award, completions)
        result = msgspec.structs.replace(result, how=match.how, problems=list(match.problems))
        if isinstance(match, NoMatch):
            return self._keep_draft(task, result)
        return self._take_matched(task, result, match, on_its_day=on_its_day)

    def _take_matched(self, task: _Import, result: ImportResult, match: Match, *, on_its_day: bool) -> ImportResult:
        """Issue an award whose achievement is known, or let it wait."""
        award, completions = task.award, task.completions
        is_offered = match.content is None and self._matcher.pending_content(match.achievement) is None
        result = msgspec.structs.replace(
            result,
            version=match.version,
            notes=match.list_notes(),
            achievement=match.achievement if is_offered else None,  # a new achievement has no id yet
        )
        questions = award.open_questions(completions, new=match.content is not None)
        result = result.ask(award.missing_credential(completions), questions)
        if result.missing or result.problems:
            return self._keep_incomplete(task, result, match)
        checked = self._check_request(task, match)
        if isinstance(checked.result, tuple):
            return self._keep_incomplete(task, msgspec.structs.replace(result, problems=list(checked.result)), match)
        request, result = checked.result, msgspec.structs.replace(result, held_until=checked.day)
        if result.held_until is not None and not on_its_day:
            return self._schedule(task, result, request, match)
        if task.dry_run:
            return self._store(task, self._try(task, result, request, match))
        if match.content is not None:
            publish = partial(self._publish, match.content, match.draft, match.keep_text)
            if (refusal := _find_refusal(publish)) is not None:
                return self._store(task, result.refuse(refusal))
            result = msgspec.structs.replace(result, achievement=match.achievement, published=True)
        return self._issue(task, result, request, match)

    def _issue(self, task: _Import, result: ImportResult, request: IssueRequest, match: Match) -> ImportResult:
        """Issue an award's credential, and store its result in the same transaction."""

        def add_rows(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
            issued = result.resolve(outcomes[0], match.list_notes())
            if task.rows_of is not None:
                transaction.add(task.rows_of(issued))
            draft = match.draft or self._drafts.find_id(task.award)
            if issued.credential is not None and draft is not None:
                transaction.add(self._drafts.end_waiting(draft, [self._drafts.key_of(task.award, task.completions)]))

        [outcome] = self._issuer.issue([request], add_rows=add_rows, override=task.override)
        return result.resolve(outcome, match.list_notes())

    def _try(self, task: _Import, result: ImportResult, request: IssueRequest, match: Match) -> ImportResult:
        """Return the result that an award would have after those before it in the document."""
        if match.content is not None:
            check = partial(self._check_publishing, match.content, match.keep_text)
            if (refusal := _find_refusal(check)) is not None:
                return result.refuse(refusal)
            self._matcher.add_pending(match.content)
            self._trial.offer(match.content)
        [outcome] = self._trial.check([request], task.override)
        result = result.resolve(outcome, match.list_notes())
        if not result.problems:
            self._checked.add(request.record)
        return msgspec.structs.replace(result, credential=None, learner=None)  # a check has no ids

    def _schedule(self, task: _Import, result: ImportResult, request: IssueRequest, match: Match) -> ImportResult:
        """Let an award wait for its day, or refuse it now if its refusal is final."""
        outcome = None if match.content is not None else self._trial.check([request])[0]
        if isinstance(outcome, NotIssued) and outcome.code in FINAL_REFUSALS:
            result = msgspec.structs.replace(result, held_until=None).resolve(outcome, match.list_notes())
        return self._store(task, result)

    def _store(self, task: _Import, result: ImportResult) -> ImportResult:
        if task.rows_of is not None:
            self._registry.store_rows(task.rows_of(result))
        return result

    # Parts

    def _join_parts(self, task: _Import) -> _Import:
        """Return the award with the credentials of its parts; where they are not issued, with a question about them.

        Nothing is joined where parts are named beside the document. A dry run issues none: it joins those that were
        issued before, and does not ask about those that it found in order.
        """
        award, completions = task.award, task.completions
        if not award.parts or "parts" in award.named_fields("credential", completions):
            return task
        issued: list[IssuedPart] = []
        lacking: list[str] = []
        for part in award.parts:
            record = normalise_identifier(str(part.complete("credential", completions).get("record") or ""))
            credential = self._issuer.find_credential(record) if record else None
            if credential is not None:
                issued.append(IssuedPart.of(self._registry, credential))
            elif not task.dry_run or record not in self._checked:
                lacking.append(part.title)
        joined = copy.copy(award)
        if lacking:
            joined.problems = [*award.problems, *_part_questions(award, lacking, dry_run=task.dry_run)]
            return task._replace(award=joined)
        if len(issued) < len(award.parts):
            return task
        member = self._registry.member
        joined.credential = {**award.credential, "parts": parts_text(member, issued)}
        joined.achievement = {**award.achievement, "composition": composition_of(member, issued)}
        return task._replace(award=joined, parts=issued)

    # Checking

    def _check_request(self, task: _Import, match: Match) -> CheckedRow:
        """Return an award as a request, checked against its achievement, or all that is wrong with it."""
        award, completions = task.award, task.completions
        level = None if match.content is not None else self._level_fault(task, match)
        content = match.content or self._matcher.pending_content(match.achievement)
        catalogue = self._catalogue if content is None else _CatalogueWithNew(self._catalogue, content)
        checker = RowChecker(catalogue, schedules=self._schedules)
        checked = award.request(checker, match.achievement, match.version, completions)
        issuer = issuer_fault(award.complete("credential", completions), self._registry.member, award.path)
        problems = [fault for fault in (level, issuer) if fault is not None]
        if isinstance(checked.result, tuple):
            return CheckedRow((*problems, *checked.result))
        if problems:
            return CheckedRow(tuple(problems))
        if task.parts:
            matched = match.content or self._matcher.get_achievement(match.achievement).content
            fault = composition_fault(self._registry, matched, checked.result.awarding_date, task.parts)
            if fault is not None:
                return CheckedRow((Problem(award.path, "credential.parts", "", fault),))
        return checked

    def _level_fault(self, task: _Import, match: Match) -> Problem | None:
        award = task.award
        stated = award.complete("achievement", task.completions).get("eqfLevel")
        try:
            achievement = self._matcher.get_achievement(match.achievement)
        except UnknownAchievement as error:
            return Problem(award.path, "achievement", match.achievement, str(error))
        level = achievement.content.eqf_level
        if stated is None or match.version not in (None, achievement.state.version) or stated == level:
            return None
        return Problem(award.path, "eqfLevel", str(stated), f"the achievement is of EQF level {level} ({match.how})")

    # Achievements

    def _check_publishing(self, content: AchievementContent, keep_text: Collection[str]) -> None:
        """Check that a new achievement could be published, and a credential of it issued."""
        self._registry.achievements.check_new(content, keep_text=keep_text)
        self._registry.checker.check_accepted({"credential.issued.v1"})

    def _publish(self, content: AchievementContent, draft: str | None, keep_text: Collection[str]) -> None:
        self._matcher.forget_offered()
        publish_achievement(self._registry, self._drafts, content, draft, keep_text)

    # Drafts

    def _keep_draft(self, task: _Import, result: ImportResult) -> ImportResult:
        """Store an award as a draft of its achievement, for which its credential waits."""
        if (differing := self._contradict_waiting(task, result)) is not None:
            return self._store(task, differing)
        award, completions = task.award, task.completions
        row = self._drafts.build_row(award, task.format, completions)
        how = result.how or "no published achievement matches it: a draft"
        result = msgspec.structs.replace(result, waiting=True, how=how)
        missing = award.missing(completions, self._registry.member)
        result = result.ask(missing, award.open_questions(completions, new=True))
        if task.dry_run:
            return self._store(task, result)
        result = msgspec.structs.replace(result, draft=row.draft)
        self._registry.store_rows(row, *([] if task.rows_of is None else [task.rows_of(result)]))
        return result

    def _keep_incomplete(self, task: _Import, result: ImportResult, match: Match) -> ImportResult:
        """Let a credential of a published achievement wait, as those of a draft do, until its fields are complete.

        One that lacks something else, or whose achievement is new, is refused.
        """
        if match.content is not None or not result.can_wait:
            return self._store(task, result)
        if (differing := self._contradict_waiting(task, result)) is not None:
            return self._store(task, differing)
        result = msgspec.structs.replace(result, waiting=True)
        if task.dry_run:
            return self._store(task, result)
        row = self._drafts.build_row(task.award, task.format, task.completions, match.version)
        result = msgspec.structs.replace(result, draft=row.draft)
        published = self._drafts.mark_published(row.draft, match.achievement)
        self._registry.store_rows(row, published, *([] if task.rows_of is None else [task.rows_of(result)]))
        return result

    def _contradict_waiting(self, task: _Import, result: ImportResult) -> ImportResult | None:
        """Return a refusal where an earlier award with this record waits and says something else, otherwise None."""
        award, completions = task.award, task.completions
        values = award.complete("credential", completions)
        if not values.get("record"):
            return None
        stated = {"achievement": award.complete("achievement", completions), "credential": values}
        before = self._waiting.setdefault(self._drafts.key_of(award, completions), stated)
        if before == stated:
            return None
        differing = [name for name in CREDENTIAL if before["credential"].get(name) != values.get(name)]
        detail = "record-differs: an earlier award of this document has this record and says something else"
        refused = result.refuse(f"{detail}; it differs in {', '.join(differing) or 'its achievement'}", "record")
        return msgspec.structs.replace(refused, how="it is not taken in", missing=[])


class _CatalogueWithNew:
    """The catalogue as it will be once an achievement is published."""

    def __init__(self, catalogue: Catalogue, content: AchievementContent) -> None:
        self._catalogue = catalogue
        self._content = content

    @property
    def member(self) -> str:
        return self._catalogue.member

    def ects(self, achievement: str) -> tuple[int | float | None, ...] | None:
        if achievement == self._content.achievement:
            return (self._content.ects,)
        return self._catalogue.ects(achievement)

    def is_retired(self, achievement: str) -> bool:
        return achievement != self._content.achievement and self._catalogue.is_retired(achievement)

    def course(self, code: str) -> tuple[str, int | None] | None:
        return self._catalogue.course(code)


def _part_questions(award: Award, lacking: Sequence[str], *, dry_run: bool) -> list[Oddity]:
    """Return questions about the parts of an award that are not issued."""
    titles = ", ".join(lacking[:_MAX_NAMED_PARTS])
    if len(lacking) > _MAX_NAMED_PARTS:
        titles += f" and {len(lacking) - _MAX_NAMED_PARTS} more"
    verb = "would not be issued" if dry_run else "are not issued"
    detail = f"{len(lacking)} of its {len(award.parts)} parts {verb} ({titles}); issue them and import it again, or"
    return [
        Oddity(award.path, "", f"{detail} say of which achievements it consists", "achievement.composition"),
        Oddity(award.path, "", f"{detail} say which credentials are its parts", "credential.parts"),
    ]


def _find_refusal(act: Callable[[], None]) -> str | None:
    """Act, and return why it was refused, or None."""
    try:
        act()
    except (Refusal, InvalidEvent) as refusal:
        return str(refusal)
    return None
