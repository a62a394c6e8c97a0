"""The worklist as people read it: with the applicant, what is assessed, who works on it, and what changed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec

from registry.application.restricted import find_restricted
from registry.domain.case import Case
from registry.office.cases import worklist
from registry.office.cases.assignments import assignees
from registry.office.cases.changes import CredentialChange, changed_cases, changes_of
from registry.office.cases.decision import FactsByKey
from registry.office.cases.holder import HolderCheck, HolderState, check_holders
from registry.office.cases.opening import key_of
from registry.office.cases.people import find_by_name, name_of, read_applicants
from registry.office.cases.service import Office
from registry.office.cases.worklist import CaseLine, CredentialLine, Place, WorklistQuery
from registry.office.ports import CredentialFacts, Key
from registry.values.actors import actor_names

_WORST_FIRST: Final[tuple[HolderState, ...]] = ("differs", "notChecked", "partly", "matches")


class Listed(msgspec.Struct, frozen=True):
    """Cases, and what a reader must know of the search."""

    lines: list[CaseLine]
    notes: list[str]


class KnownCase(NamedTuple):
    """A case that was read already, with what its line is made from."""

    case: Case
    facts: FactsByKey
    changes: Sequence[CredentialChange]
    holders: Sequence[HolderCheck]
    """Without those of credentials that a correction removed."""


def list_cases(
    office: Office,
    query: WorklistQuery,
    *,
    today: date,
    name: str | None = None,
    changed: bool = False,
    after: Place | None = None,
    limit: int = 50,
) -> Listed:
    """Return cases in the order of their due dates.

    `name`: only those whose applicant's name has words that begin so. `changed`: only decided cases with a change that
    nobody acknowledged. A note says where a search did not look through all cases.
    """
    cursor, notes = office.registry.cursor(), list[str]()
    selected: set[str] | None = None if query.cases is None else set(query.cases)
    if name is not None:
        search = find_by_name(cursor, office.registry.vault, name)
        selected = set(search.cases) if selected is None else selected & set(search.cases)
        if not search.complete:
            notes.append("there are more cases than one search by name opens: only the newest were looked through")
    if changed:
        changes = changed_cases(cursor, office.lookup)
        selected = set(changes.cases) if selected is None else selected & set(changes.cases)
        if not changes.complete:
            notes.append("there are more decided credentials than one search looks at: only the newest were")
    narrowed = query if selected is None else msgspec.structs.replace(query, cases=sorted(selected))
    soon = office.setting.due_soon_days
    lines = worklist.read_lines(cursor, narrowed, today=today, soon=soon, after=after, limit=limit)
    return Listed(describe(office, lines), notes)


def count_changed(office: Office) -> int:
    """Return how many decided cases have a change that nobody acknowledged."""
    return len(changed_cases(office.registry.cursor(), office.lookup).cases)


def describe(office: Office, lines: Sequence[CaseLine]) -> list[CaseLine]:
    """Return these lines with whom and what they are about."""
    cursor, identifiers = office.registry.cursor(), [line.case for line in lines]
    changes = changes_of(cursor, office.lookup, identifiers)
    cases = {line.case: office.registry.case(line.case) for line in lines}
    keys = {key for case in cases.values() for subject in case.subjects if (key := key_of(subject)) is not None}
    facts = office.lookup.find_credentials(list(keys)) if keys else {}
    read = {
        identifier: KnownCase(case, facts, changes.get(identifier, ()), _holders(office, case))
        for identifier, case in cases.items()
    }
    return describe_known(office, lines, read)


def describe_known(office: Office, lines: Sequence[CaseLine], cases: Mapping[str, KnownCase]) -> list[CaseLine]:
    """Return these lines with whom and what they are about; `cases` has the case of each by its id."""
    cursor, identifiers = office.registry.cursor(), [line.case for line in lines]
    people = read_applicants(cursor, office.registry.vault, identifiers)
    learners = {line.case: cases[line.case].case.data.learner for line in lines}
    hidden = find_restricted(cursor, set(learners.values()))
    working = assignees(cursor, identifiers)
    names = actor_names(cursor, [who for line in lines for who in (line.assessor, line.approver) if who is not None])
    return [
        msgspec.structs.replace(
            line,
            applicant=name_of(people[line.case]) if line.case in people and learners[line.case] not in hidden else None,
            is_restricted=learners[line.case] in hidden,
            credentials=_credential_lines(cases[line.case].case, cases[line.case].facts),
            assignee=working.get(line.case),
            assessor_name=names.get(line.assessor or ""),
            approver_name=names.get(line.approver or ""),
            holder=_worst(cases[line.case].holders) if line.case in people else None,
            concerns=_concerns(cases[line.case].case, cases[line.case].facts),
            changed=any(change.acknowledged_by is None for change in cases[line.case].changes),
        )
        for line in lines
    ]


def _credential_lines(case: Case, facts: Mapping[Key, CredentialFacts]) -> list[CredentialLine]:
    lines = []
    for number, subject in enumerate(case.subjects):
        if number in case.removed:
            continue
        if subject.external is not None:
            lines.append(CredentialLine(subject.external.title, subject.external.issuer_name, subject.external.country))
        elif (key := key_of(subject)) is not None:
            credential = facts.get(key)
            lines.append(
                CredentialLine("", key[0], None)
                if credential is None
                else CredentialLine(_title(credential.title), credential.member, credential.country)
            )
    return lines


def _concerns(case: Case, facts: Mapping[Key, CredentialFacts]) -> list[str]:
    """Return what speaks against the credentials that a case honours now; nothing where it was withdrawn."""
    if case.state == "withdrawn":
        return []
    concerns = []
    for number in sorted(case.honoured_subjects()):
        key = key_of(case.subjects[number])
        credential = facts.get(key) if key is not None else None
        concerns += ["denied"] if case.is_denied(number) else []
        concerns += [credential.status] if credential is not None and credential.status != "active" else []
    return list(dict.fromkeys(concerns))


def _title(texts: Mapping[str, str]) -> str:
    return texts.get("en") or next(iter(texts.values()), "")


def _holders(office: Office, case: Case) -> list[HolderCheck]:
    return [check for check in check_holders(office.registry, case) if check.subject not in case.removed]


def _worst(holders: Sequence[HolderCheck]) -> HolderState | None:
    states = {check.state for check in holders}
    return next((state for state in _WORST_FIRST if state in states), None)
