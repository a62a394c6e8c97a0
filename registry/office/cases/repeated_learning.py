"""Whether a case has the same learning twice: an uploaded document of what is on the log, say."""

from collections.abc import Iterator, Mapping

from registry.domain.case import Case
from registry.office.ports import CredentialFacts, Key
from registry.values.persons import comparison_key


def repeated_notes(case: Case, facts: Mapping[Key, CredentialFacts]) -> list[str]:
    """Return in sentences which credentials of a case read like one another: the same learning counts once.

    They do where they have a title in common, and the issuer's name or country. Two awards of one achievement on the
    log are told from their references, and need no note.
    """
    known = [number for number in range(len(case.subjects)) if number not in case.removed]
    found = []
    for place, first in enumerate(known):
        for second in known[place + 1 :]:
            if case.subjects[first].external is None and case.subjects[second].external is None:
                continue
            titles = set(_titles(case, first, facts)) & set(_titles(case, second, facts))
            if titles and _may_be_one_issuer(case, first, second, facts):
                found.append(
                    f"credentials {first} and {second} have the same title and may be the same one: the same learning"
                    " counts once. Leave one out (`--leave`), or say why both count"
                )
    return found


def _titles(case: Case, number: int, facts: Mapping[Key, CredentialFacts]) -> Iterator[str]:
    subject = case.subjects[number]
    if subject.external is not None:
        yield comparison_key(subject.external.title)
    elif (known := _facts(case, number, facts)) is not None:
        yield from (comparison_key(text) for text in known.title.values())


def _may_be_one_issuer(case: Case, first: int, second: int, facts: Mapping[Key, CredentialFacts]) -> bool:
    """Whether two credentials have an issuer's name in common; of a member's credential the country will do.

    An issuer writes its name in full, and the log has the member's short one.
    """
    names: list[set[str]] = []
    countries: list[str | None] = []
    for number in (first, second):
        subject, known = case.subjects[number], _facts(case, number, facts)
        if subject.external is not None:
            names.append(set(comparison_key(subject.external.issuer_name).split()))
            countries.append(subject.external.country)
        else:
            names.append({comparison_key(known.member) if known is not None else ""})
            countries.append(known.country if known is not None else None)
    if names[0] <= names[1] or names[1] <= names[0]:
        return True
    if case.subjects[first].external is not None and case.subjects[second].external is not None:
        return False
    return None in countries or countries[0] == countries[1]


def _facts(case: Case, number: int, facts: Mapping[Key, CredentialFacts]) -> CredentialFacts | None:
    reference = case.subjects[number].credential
    return None if reference is None else facts.get((reference.member, reference.credential))
