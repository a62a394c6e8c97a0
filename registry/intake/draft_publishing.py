"""Publishing of drafts, and issuing of the credentials that wait for them."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import msgspec

from registry.application.achievement_texts import list_notes
from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.requests import Issued, IssueRequest, Outcome
from registry.application.transaction import Transaction
from registry.intake.composing import CHECKED_HERE, IssuedPart, composition_fault
from registry.intake.drafts import Drafts, Waiting
from registry.intake.formats.requirements import issuer_fault, request_credential
from registry.intake.import_result import ImportResult
from registry.intake.rows.report import Catalogue, Problem
from registry.intake.rows.row_checker import RowChecker
from registry.vault.vault import random_id
from registry.wire.achievements import AchievementContent

_BATCH_CREDENTIALS: Final = 500
"""Credentials that are issued in one transaction."""


class PublishedDraft(NamedTuple):
    """A draft that was published, and the credentials that waited for it."""

    results: list[ImportResult]
    notes: list[str]
    """Doubts about the achievement, and texts that were respelled."""


class _Request(NamedTuple):
    """A waiting credential that is complete, and the place of its result."""

    place: int
    key: bytes
    request: IssueRequest


class DraftPublisher:
    """Publishes the drafts of one university. For one thread."""

    def __init__(self, registry: Registry, issuer: Issuer, catalogue: Catalogue) -> None:
        self._registry = registry
        self._issuer = issuer
        self._catalogue = catalogue
        self._drafts = Drafts(registry)

    def publish(self, draft: str, keep_text: Collection[str] = ()) -> PublishedDraft:
        """Publish a draft, unless it is, and issue the credentials that wait for it; called again, it goes on.

        `keep_text` are the fields whose texts are right although they look broken. Raises `UnknownDraft`, `IntakeError`
        where Annex I requires more, and `FaultyContent`.
        """
        stored = self._drafts.one(draft)
        achievement, notes = stored.achievement, list[str]()
        if achievement is None:
            meant = {*keep_text, *stored.meant}
            content = self._drafts.content(stored, random_id(), meant)
            achievement, notes = content.achievement, list_notes(stored.values, content)
            publish_achievement(self._registry, self._drafts, content, draft, meant)
        waiting = self._drafts.waiting(draft)
        results: list[ImportResult] = []
        for start in range(0, len(waiting), _BATCH_CREDENTIALS):
            some = waiting[start : start + _BATCH_CREDENTIALS]
            results += self._issue_waiting(draft, achievement, stored.title, some, start)
        return PublishedDraft(results, notes)

    def _issue_waiting(
        self, draft: str, achievement: str, title: str, waiting: Sequence[Waiting], start: int
    ) -> list[ImportResult]:
        checker = RowChecker(self._catalogue)
        results: list[ImportResult] = []
        requests: list[_Request] = []
        for place, credential in enumerate(waiting):
            how = "its draft was published"
            result = ImportResult(start + place + 1, title, f"draft {draft}", how, achievement, None, draft=draft)
            result = result.ask([f"credential.{name}" for name in credential.missing], credential.asked)
            if not (result.missing or result.problems):
                checked = self._check_waiting(checker, credential, achievement, result.path)
                if isinstance(checked, IssueRequest):
                    requests.append(_Request(place, credential.key, checked))
                else:
                    result = msgspec.structs.replace(result, problems=checked)
            results.append(result)

        def add_rows(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
            pairs = zip(requests, outcomes, strict=True)
            transaction.add(self._drafts.issued(draft, [one.key for one, way in pairs if isinstance(way, Issued)]))

        if requests:
            override = CHECKED_HERE if any(ready.request.parts for ready in requests) else ()
            outcomes = self._issuer.issue([ready.request for ready in requests], add_rows=add_rows, override=override)
            for ready, outcome in zip(requests, outcomes, strict=True):
                results[ready.place] = results[ready.place].resolve(outcome)
        return results

    def _check_waiting(
        self, checker: RowChecker, credential: Waiting, achievement: str, path: str
    ) -> IssueRequest | list[Problem]:
        """Return a waiting credential as a request, or all that is wrong with it."""
        values = credential.values
        result = request_credential(checker, values, achievement, None, None, path, credential.named).result
        if isinstance(result, IssueRequest) and result.parts and (fault := self._parts_fault(result, achievement)):
            result = (Problem(path, "credential.parts", "", fault),)
        issuer = issuer_fault(values, self._registry.member, path)
        if issuer is not None:
            return [issuer, *(result if isinstance(result, tuple) else ())]
        return list(result) if isinstance(result, tuple) else result

    def _parts_fault(self, request: IssueRequest, achievement: str) -> str | None:
        """Return why the parts of a waiting credential do not fit, or None. The views judge parts of other members."""
        own = [part for part in request.parts or () if part.member == self._registry.member]
        if len(own) != len(request.parts or ()):
            return None
        parts = [IssuedPart.of(self._registry, part.credential) for part in own]
        content = self._registry.achievements.get(achievement).content
        return composition_fault(self._registry, content, request.awarding_date, parts)


def publish_achievement(
    registry: Registry, drafts: Drafts, content: AchievementContent, draft: str | None, meant: Collection[str]
) -> None:
    """Publish an achievement, and record that its draft was published.

    `meant` are the fields whose texts are right although they look broken.
    """
    with registry.transaction() as transaction:
        registry.achievements.publish(content, keep_text=meant, transaction=transaction)
        if draft is not None:
            transaction.add(drafts.published(draft, content.achievement))
        transaction.commit()
