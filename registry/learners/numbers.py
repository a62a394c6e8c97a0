"""Looking up a learner by a student number."""

from registry.application.registry import Registry
from registry.values.persons import normalise_identifier
from registry.vault.openings import no_openings
from registry.vault.vault import KnownLearner


def find_learner(registry: Registry, student: str) -> KnownLearner | None:
    """Return the learner of a student number in any spelling; None if it leads to nobody.

    An earlier version stored numbers as they were spelled, so that spelling is looked up, too.
    """
    vault = registry.vault
    hashes = [vault.hash_for_lookup("student", text) for text in (normalise_identifier(student), student)]
    with no_openings():  # the number is looked up; a page that shows the learner reads them again
        learners = vault.find_learners(registry.cursor(), set(hashes))
    return learners.get(hashes[0]) or learners.get(hashes[1])


def find_former_owners(registry: Registry, student: str) -> list[str]:
    """Return the learners who had a student number before it was given to another person.

    Their former number is in their encrypted data alone, so every learner of the vault is read.
    """
    number = normalise_identifier(student)
    with no_openings():  # numbers are compared; nobody sees a person
        return [
            learner.learner.learner
            for learner in registry.vault.list_learners(registry.cursor())
            if (former := learner.person.get("formerStudent")) and normalise_identifier(former["student"]) == number
        ]
