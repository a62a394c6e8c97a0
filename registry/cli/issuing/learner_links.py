"""Prints merges and splits of a learner."""

from collections.abc import Sequence

from projections.records.learners import relied_on
from registry.cli.output import say
from registry.learners.change import Change
from registry.learners.changes import LearnerChanges
from registry.node.node import Node
from registry.values.plural import plural


def changes_of(node: Node) -> LearnerChanges:
    """Return the changes to learners of a node, which finds in its views what depends on credentials."""

    def look_up(credentials: Sequence[str]) -> dict[str, str]:
        return relied_on(node.views(), node.settings.member, credentials)

    return LearnerChanges(node.registry, look_up)


def say_changes(changes: Sequence[Change], learner: str) -> None:
    """Print into whom a learner was merged or split, and who was merged into them."""
    for change in reversed(changes):
        if change.confirmed is None:
            say(f"A {change.kind} with learner {_other(change, learner)} waits to be confirmed: change {change.change}")
        elif change.kind == "merge" and change.source == learner:
            say(f"Merged into learner {change.target} on {change.confirmed:%Y-%m-%d} (change {change.change}).")
        elif change.kind == "merge":
            say(f"Learner {change.source} was merged into this one on {change.confirmed:%Y-%m-%d}.")
        elif change.source == learner:
            count = plural(len(change.credentials), "credential")
            say(f"Split on {change.confirmed:%Y-%m-%d}: {count} went to learner {change.target}.")
        else:
            say(f"Split from learner {change.source} on {change.confirmed:%Y-%m-%d}.")
        for old, new in sorted(change.credentials.items()):
            say(f"  credential {old} was issued again as {new}")


def _other(change: Change, learner: str) -> str:
    return change.target if change.source == learner else change.source
