"""The changes to learners of the university, with what the views know of what rests on their credentials."""

from collections.abc import Mapping, Sequence

from projections.api.reading import Views
from projections.records.learners import relied_on
from registry.application.registry import Registry
from registry.learners.changes import LearnerChanges


def changes_of(registry: Registry, views: Views) -> LearnerChanges:
    """Return the merges and splits of learners, which find in the views what depends on credentials."""

    def look_up(credentials: Sequence[str]) -> Mapping[str, str]:
        with views.snapshot() as snapshot:
            return relied_on(snapshot.connection, registry.member, credentials)

    return LearnerChanges(registry, look_up)
