"""Other cases of the applicant, or about the credentials, of a new case."""

from collections.abc import Mapping, Sequence

from registry.application.registry import Registry
from registry.office.cases.people import open_cases_of
from registry.office.cases.rows import cases_about
from registry.office.ports import Key
from registry.vault.vault import Learner


def related_cases(registry: Registry, learner: Learner, person: Mapping[str, str], keys: Sequence[Key]) -> list[str]:
    """Return in sentences which cases the person has, and which are about the same credentials.

    A person who is known by a number or an earlier case is the same; another is taken for the same only where the whole
    name and the date of birth agree, and then the sentence says so.
    """
    applicant = {**_known_person(registry, learner), **person}
    notes = []
    for case in open_cases_of(registry.cursor(), registry.vault, learner.learner, applicant):
        if case.same_learner:
            notes.append(
                f"the applicant has another case: {case.file_number}, which is {_standing(case.state)} (learner"
                f" {case.learner})"
            )
        else:
            notes.append(
                f"a person of the same name and date of birth has a case: {case.file_number}, which is"
                f" {_standing(case.state)}. If it is the same person, open this one with the learner's id of that case:"
                f" {case.learner}"
            )
    notes += [
        f"credential {member}/{credential} is in another case, too: {number}, which is {_standing(state)} (learner"
        f" {learner})"
        for number, state, member, credential, learner in cases_about(registry.cursor(), keys)
    ]
    return notes


def _standing(state: str) -> str:
    """Return whether a case is open or decided, and its state where that says more."""
    if state in ("decided", "closed"):
        return "decided"
    return "decided, and appealed" if state == "appealed" else f"open ({state})"


def _known_person(registry: Registry, learner: Learner) -> dict[str, str]:
    holder = registry.vault.read_learner(registry.cursor(), learner.learner)
    return {} if holder is None else holder[1]
