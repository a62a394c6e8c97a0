"""Open cases by what they present: from a country, or covered by an agreement of this office's university.

Both look at the most urgent open cases first, at `MAX_SEARCHED` of them at most, and say whether that was all.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.domain.case import Case
from registry.office.cases.opening import key_of
from registry.office.cases.service import Office
from registry.office.ports import CredentialFacts, Key
from registry.wire.recognition import AgreementDeclared, Grant

MAX_SEARCHED: Final = 500
OPEN_STATES: Final = ("collecting", "waiting", "assessing", "proposed", "approved", "appealed")
_TOGETHER: Final = ("assessing", "proposed", "approved")
_CENT: Final = Decimal("0.01")


class Selection(NamedTuple):
    """Cases that were selected, and whether all open cases were looked at."""

    cases: list[str]
    complete: bool


class Agreement(NamedTuple):
    """An agreement in force of this university, as cases are compared with it."""

    agreement: str
    content: AgreementDeclared


class CoveredCase(NamedTuple):
    """A case of which an agreement covers all credentials, and what the agreement grants on each of them."""

    case: Case
    grants: list[Grant]

    @property
    def is_proposed_alike(self) -> bool:
        """True if the proposal that waits grants what the agreement grants."""
        return self.case.proposal is not None and self.case.proposal.grants == self.grants


class CoveredCases(NamedTuple):
    """The cases that an agreement covers, and whether all open cases were looked at."""

    cases: list[CoveredCase]
    complete: bool


def find_by_country(office: Office, country: str) -> Selection:
    """Return the open cases with a credential from a country (ISO 3166-1 alpha-2)."""
    identifiers, complete = _most_urgent(office.registry.cursor(), OPEN_STATES)
    cases = [office.registry.case(each) for each in identifiers]
    facts = _facts_of(office, cases)
    return Selection([str(case.id) for case in cases if country in _countries(case, facts)], complete)


def find_covered(office: Office, agreement: Agreement) -> CoveredCases:
    """Return the cases that wait for a proposal or its approval, and that an agreement covers whole.

    Only an agreement of full recognition decides anything by itself: other outcomes need grounds, which differ.
    """
    identifiers, complete = _most_urgent(office.registry.cursor(), _TOGETHER, of_members=True)
    cases = [office.registry.case(each) for each in identifiers]
    facts = _facts_of(office, cases)
    covered = [
        CoveredCase(case, grants)
        for case in cases
        if (grants := _grants_by_agreement(case, facts, agreement, office.registry.member))
    ]
    return CoveredCases(covered, complete)


def count_covered(office: Office, agreements: list[Agreement]) -> dict[str, int]:
    """Return, by agreement, how many cases wait for a proposal that it covers; without those that cover none."""
    identifiers, _ = _most_urgent(office.registry.cursor(), ("assessing",), of_members=True)
    keys = _keys_by_case(office.registry.cursor(), identifiers)
    facts = office.lookup.find_credentials([key for several in keys.values() for key in several]) if keys else {}
    own = office.registry.member
    named = own_agreements((each for fact in facts.values() for each in fact.recognised_by), own)
    candidates = [case for case, several in keys.items() if all(key in facts for key in several)] if named else []
    cases = [office.registry.case(case) for case in candidates]
    counts = {
        each.agreement: sum(bool(_grants_by_agreement(case, facts, each, own)) for case in cases)
        for each in agreements
        if each.agreement in named
    }
    return {agreement: count for agreement, count in counts.items() if count}


def own_agreements(recognised_by: Iterable[str], own: str) -> set[str]:
    """Return the agreements of this university among those of all, each named as `member/agreement`."""
    pairs = (each.partition("/") for each in recognised_by)
    return {agreement for member, _, agreement in pairs if member == own}


def _most_urgent(
    cursor: Cursor[DictRow], states: tuple[str, ...], *, of_members: bool = False
) -> tuple[list[str], bool]:
    """Return the most urgent cases in these states, and whether they are all; `of_members`: that members issued."""
    rows = cursor.execute(
        "SELECT id::text FROM office.cases c WHERE state = ANY(%s)"
        " AND (NOT %s OR EXISTS (SELECT FROM office.subjects s WHERE s.case_id = c.id))"
        " ORDER BY coalesce(due, date '9999-12-31'), id LIMIT %s",
        (list(states), of_members, MAX_SEARCHED + 1),
    ).fetchall()
    return [row["id"] for row in rows[:MAX_SEARCHED]], len(rows) <= MAX_SEARCHED


def _keys_by_case(cursor: Cursor[DictRow], cases: list[str]) -> dict[str, list[Key]]:
    rows = cursor.execute(
        "SELECT case_id::text, member, credential::text FROM office.subjects WHERE case_id = ANY(%s::uuid[])", (cases,)
    ).fetchall()
    keys: dict[str, list[Key]] = {}
    for row in rows:
        keys.setdefault(row["case_id"], []).append((row["member"], row["credential"]))
    return keys


def _facts_of(office: Office, cases: list[Case]) -> Mapping[Key, CredentialFacts]:
    keys = {key for case in cases for subject in case.subjects if (key := key_of(subject)) is not None}
    return office.lookup.find_credentials(sorted(keys)) if keys else {}


def _countries(case: Case, facts: Mapping[Key, CredentialFacts]) -> set[str | None]:
    countries: set[str | None] = set()
    for number, subject in enumerate(case.subjects):
        if number in case.removed:
            continue
        if subject.external is not None:
            countries.add(subject.external.country)
        elif (key := key_of(subject)) is not None and key in facts:
            countries.add(facts[key].country)
    return countries


def _grants_by_agreement(
    case: Case, facts: Mapping[Key, CredentialFacts], agreement: Agreement, own: str
) -> list[Grant]:
    """Return what an agreement grants on a case's credentials; nothing where it does not cover them all."""
    content = agreement.content
    if content.outcome != "full" or content.purpose != case.data.purpose or len(case.data.towards or ()) > 1:
        return []
    towards = next(iter(case.data.towards or ()), None)
    grants = []
    for number, subject in enumerate(case.subjects):
        if number in case.removed:
            continue
        key = key_of(subject)
        fact = facts.get(key) if key is not None else None
        if fact is None or fact.status != "active" or fact.flags or case.is_denied(number):
            return []
        if f"{own}/{agreement.agreement}" not in fact.recognised_by:
            return []
        grants.append(
            Grant([number], "full", "recognised", "none", towards=towards, ects=_grant_ects(fact.ects, content))
        )
    return grants


def _grant_ects(ects: float | None, content: AgreementDeclared) -> float | None:
    """Return the credits that an agreement grants, in hundredths."""
    if ects is None:
        return None
    granted = (Decimal(str(ects)) * Decimal(str(content.ects_ratio))).quantize(_CENT, ROUND_HALF_UP)
    return int(granted) if granted == int(granted) else float(granted)
