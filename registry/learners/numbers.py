"""Student numbers: which learner one leads to."""

from registry.application.registry import Registry
from registry.values.persons import normalise_identifier
from registry.vault.vault import KnownLearner


def find_learner(registry: Registry, student: str) -> KnownLearner | None:
    """Return the learner of a student number, in whichever spelling; None where it leads to nobody.

    An earlier version stored the spelling that it was given: that is looked for, too.
    """
    vault = registry.vault
    hashed = [vault.hash_for_lookup("student", text) for text in (normalise_identifier(student), student)]
    found = vault.find_learners(registry.cursor(), set(hashed))
    return found.get(hashed[0]) or found.get(hashed[1])
