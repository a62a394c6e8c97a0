"""Stops of a proposal. Each is removed by a change, or overridden with a reason that two persons read. Pure.

The same stops are looked for at the proposal, at its approval and at the decision: something may have changed between.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from registry.domain.case import Case
from registry.domain.case_events import KnownStatus, Override
from registry.domain.case_history import FORGED
from registry.office.assessments.comparison import Comparison, unanswered_suggestions
from registry.office.assessments.grant_limits import places_without_credits, places_without_level
from registry.office.assessments.offered import Offered
from registry.office.assessments.suggestion_facts import suggestion_facts
from registry.office.cases.decision import subject_in_words
from registry.office.cases.earlier_decisions import EarlierDecision
from registry.office.cases.holder import HolderCheck
from registry.office.ports import Key
from registry.wire.recognition import Grant

_DIGEST_DIGITS: Final = 16
_INCOMPLETE: Final = ("formal", "documentsIncomplete")


class Stop(msgspec.Struct, frozen=True, rename="camel"):
    """A reason not to make a proposal."""

    code: str
    """A status (`revoked`, `suspended`, `replaced`, `notArrived`), a flag, `notAuthentic`, `holderDiffers`,
    `decidedBefore`, `levelNotStated`, `creditsNotStated`, `comparedWithOther`, `requirementDiffers`, `partOfOther`, a
    suggested difference such as `differentField`, `withoutDocuments` or `noDocumentsRequested`."""
    subject: int
    """The number of the credential in the case, from 0."""
    detail: str
    """The problem in a sentence."""
    facts: tuple[str, ...] = ()
    """The values that the stop rests on beyond its key, without a person: other values are another reason."""

    @property
    def key(self) -> str:
        """The stop as an event names it: no words, no person."""
        return f"{self.code}:{self.subject}"

    @property
    def digest(self) -> str:
        """Hexadecimal digits that stand for this stop with its facts: another reason has another digest."""
        return hashlib.sha256(msgspec.json.encode([self.key, *self.facts])).hexdigest()[:_DIGEST_DIGITS]


def override_of(stops: Sequence[Stop], text: str) -> Override:
    """Return the override of these stops; `text` is the id of the sealed text that says why."""
    return Override(sorted({stop.key for stop in stops}), text, sorted({stop.digest for stop in stops}))


def stops_not_overridden(stops: Iterable[Stop], keys: Collection[str], override: Override | None) -> list[Stop]:
    """Return the stops that nobody overrode, or that were overridden for another reason.

    `keys` are those that were overridden. An override of an earlier version has no digests: there the keys count.
    """
    remaining = []
    for stop in stops:
        if stop.key not in keys:
            remaining.append(stop)
        elif override is not None and override.digests and stop.digest not in override.digests:
            remaining.append(msgspec.structs.replace(stop, detail=f"{stop.detail} (the reason changed since)"))
    return remaining


def stops_of(
    case: Case,
    grants: Sequence[Grant],
    now: Sequence[KnownStatus],
    holders: Iterable[HolderCheck],
    offered: Sequence[Offered],
    compared: Mapping[int, Sequence[Comparison]],
    earlier: Iterable[EarlierDecision] = (),
    contained: Iterable[tuple[Key, Key]] = (),
) -> list[Stop]:
    """Return all stops of these grants.

    `offered` has the facts of the case's credentials, by their numbers. `compared` has the comparisons of those
    that were assessed, or that are recognised without an assessment although the office has a requirement.
    `contained` are the credentials of which others of the case are parts: the whole, and its part.
    """
    return [
        *status_stops(case, grants, now),
        *_holder_stops(grants, holders),
        *_earlier_stops(case, grants, earlier),
        *_value_stops(case, grants, offered),
        *_part_stops(case, grants, contained),
        *_suggestion_stops(case, grants, offered, compared),
        *_document_stops(case, grants),
    ]


def status_stops(case: Case, grants: Sequence[Grant], now: Sequence[KnownStatus]) -> list[Stop]:
    """Return the stops because of the credentials' status or their issuers' answers.

    A credential that is not active, has a flag or has not arrived is refused on a formal ground. One that its issuer
    denies is refused as `formal:notAuthentic`, and on no other ground.
    """
    stops: list[Stop] = []
    carrying = {number for grant in grants if not _formally_refused(grant) for number in grant.from_}
    for status in now:
        if status.subject not in carrying:
            continue
        what = subject_in_words(case, status.subject)
        if status.status == "unknown":
            stops.append(Stop("notArrived", status.subject, f"{what} has not arrived here"))
        elif status.status != "active":
            stops.append(Stop(status.status, status.subject, f"{what} is {status.status}"))
        stops += [
            Stop(flag, status.subject, f"{what} is {flag}")
            for flag in status.flags
            if flag != "pending" or status.status != "unknown"
        ]
    honoured = {number for grant in grants if not _refused_as_forged(grant) for number in grant.from_}
    stops += [
        Stop("notAuthentic", number, f"the issuer of {subject_in_words(case, number)} says that it is not authentic")
        for number in sorted(honoured)
        if number < len(case.subjects) and case.is_denied(number)
    ]
    return stops


def _holder_stops(grants: Sequence[Grant], holders: Iterable[HolderCheck]) -> list[Stop]:
    """Return the credentials of another holder; a refusal on a formal ground may be about one."""
    carrying = {number for grant in grants if not _formally_refused(grant) for number in grant.from_}
    return [
        Stop("holderDiffers", check.subject, check.detail, (str(check.source), *check.differs_in))
        for check in holders
        if check.state == "differs" and check.subject in carrying
    ]


def _earlier_stops(case: Case, grants: Sequence[Grant], earlier: Iterable[EarlierDecision]) -> Iterable[Stop]:
    """Return the credentials about which another case of the same applicant decided, and that is in force."""
    concerned = {number for grant in grants for number in grant.from_}
    for decision in earlier:
        if decision.subject in concerned:
            credential = subject_in_words(case, decision.subject)
            detail = f"{credential}: {decision.sentence}; that is in force. Amend it there, or leave it out"
            yield Stop("decidedBefore", decision.subject, detail, decision.facts)


def _value_stops(case: Case, grants: Sequence[Grant], offered: Sequence[Offered]) -> Iterable[Stop]:
    """Return the credentials of which nobody has stated the level or the credits that are granted on them."""
    advice = "state it in an assessment, or say why it is granted all the same"
    for number in places_without_credits(offered, grants):
        yield Stop(
            "creditsNotStated",
            number,
            f"{subject_in_words(case, number)}: credits are granted that nobody stated; {advice}",
        )
    for grant in grants:
        for place in places_without_level(grant, [offered[number] for number in grant.from_]):
            number = grant.from_[place]
            detail = f"EQF level {grant.eqf_level} is granted, and nobody stated the level of the original; {advice}"
            yield Stop("levelNotStated", number, f"{subject_in_words(case, number)}: {detail}", (str(grant.eqf_level),))


def _part_stops(case: Case, grants: Sequence[Grant], contained: Iterable[tuple[Key, Key]]) -> Iterable[Stop]:
    """Return stops for credentials that are recognised together with one that they are a part of."""
    recognised = {number for grant in grants if grant.outcome != "refused" for number in grant.from_}
    numbers = {
        (subject.credential.member, subject.credential.credential): number
        for number, subject in enumerate(case.subjects)
        if subject.credential is not None and number in recognised
    }
    for whole, part in contained:
        if whole in numbers and part in numbers:
            larger = subject_in_words(case, numbers[whole])
            detail = f"it is a part of {larger}, whose credits include its own; leave one of them out"
            yield Stop("partOfOther", numbers[part], f"{subject_in_words(case, numbers[part])}: {detail}", whole)


def _suggestion_stops(
    case: Case, grants: Sequence[Grant], offered: Sequence[Offered], compared: Mapping[int, Sequence[Comparison]]
) -> Iterable[Stop]:
    recognised = {number for grant in grants if grant.outcome != "refused" for number in grant.from_}
    named_by = {
        (number, ground.difference) for grant in grants for ground in grant.grounds or () for number in grant.from_
    }
    for number in sorted(recognised & set(compared)):
        open_suggestions = (
            (comparison.requirement, element, suggestion)
            for comparison in compared[number]
            for element in comparison.elements
            for suggestion in unanswered_suggestions(element)
            if (number, suggestion.difference) not in named_by
        )
        for requirement, element, suggestion in open_suggestions:
            yield Stop(
                suggestion.difference,
                number,
                f"{subject_in_words(case, number)}: in {element.name}, {suggestion.difference} is worth a look"
                f" ({suggestion.because}); name it as a difference, or say in the assessment why it is not"
                " substantial",
                (suggestion_facts(suggestion.difference, offered[number], requirement),),
            )


def _document_stops(case: Case, grants: Sequence[Grant]) -> Iterable[Stop]:
    """A refusal for documents that nobody asked for, or that cannot be had (Lisbon Recognition Convention, VII)."""
    for grant in grants:
        if grant.outcome != "refused" or _INCOMPLETE not in _grounds(grant):
            continue
        for number in grant.from_:
            what = subject_in_words(case, number)
            if not case.subjects[number].documented:
                yield Stop(
                    "withoutDocuments",
                    number,
                    f"{what} was submitted without documents that cannot be had; a background paper, an interview or an"
                    " examination replaces them, so it is not refused for lack of documents",
                )
            elif not case.requested:
                yield Stop(
                    "noDocumentsRequested",
                    number,
                    f"{what} would be refused for lack of documents, and the applicant was asked for none; ask first",
                )


def _grounds(grant: Grant) -> set[tuple[str, str]]:
    return {(ground.aspect, ground.difference) for ground in grant.grounds or ()}


def _formally_refused(grant: Grant) -> bool:
    return grant.outcome == "refused" and any(aspect == "formal" for aspect, _ in _grounds(grant))


def _refused_as_forged(grant: Grant) -> bool:
    return grant.outcome == "refused" and _grounds(grant) == FORGED
