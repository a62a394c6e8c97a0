"""Credentials of a case that may be the same learning twice, for example on the log and in a document."""

from collections.abc import Iterator, Mapping

from registry.domain.case import Case
from registry.office.ports import CredentialFacts, Key
from registry.values.persons import comparison_key


def repeated_notes(case: Case, facts: Mapping[Key, CredentialFacts]) -> list[str]:
    """Return in sentences which credentials of a case read like one another: the same learning counts once.

    They do where they have a title in common, and the issuer's name or country. Two awards of one achievement on the
    log differ by their references, and need no note.
    """
    numbers = [number for number in range(len(case.subjects)) if number not in case.removed]
    notes = []
    for place, first in enumerate(numbers):
        for second in numbers[place + 1 :]:
            if case.subjects[first].external is None and case.subjects[second].external is None:
                continue
            titles = set(_titles(case, first, facts)) & set(_titles(case, second, facts))
            if titles and _may_be_one_issuer(case, first, second, facts):
                notes.append(
                    f"credentials {first} and {second} have the same title and may be the same one: the same learning"
                    " counts once. Leave one out, or say why both count"
                )
    return notes


def _titles(case: Case, number: int, facts: Mapping[Key, CredentialFacts]) -> Iterator[str]:
    subject = case.subjects[number]
    if subject.external is not None:
        yield comparison_key(subject.external.title)
    elif (credential := _facts(case, number, facts)) is not None:
        yield from (comparison_key(text) for text in credential.title.values())


def _may_be_one_issuer(case: Case, first: int, second: int, facts: Mapping[Key, CredentialFacts]) -> bool:
    """Return whether two credentials have an issuer's name in common; of a member's credential the country will do.

    An issuer writes its name in full, and the log has the member's short one.
    """
    names: list[set[str]] = []
    countries: list[str | None] = []
    for number in (first, second):
        subject, credential = case.subjects[number], _facts(case, number, facts)
        if subject.external is not None:
            names.append(set(comparison_key(subject.external.issuer_name).split()))
            countries.append(subject.external.country)
        else:
            names.append({comparison_key(credential.member) if credential is not None else ""})
            countries.append(credential.country if credential is not None else None)
    if names[0] <= names[1] or names[1] <= names[0]:
        return True
    if case.subjects[first].external is not None and case.subjects[second].external is not None:
        return False
    return None in countries or countries[0] == countries[1]


def _facts(case: Case, number: int, facts: Mapping[Key, CredentialFacts]) -> CredentialFacts | None:
    reference = case.subjects[number].credential
    return None if reference is None else facts.get((reference.member, reference.credential))
