"""Verified commits merged for keeping, and how old they say that they are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from consumers.streams.verifier import Trust
from registry.wire.commit import MAX_COMMIT, MAX_EVENTS, Commit, merge, parse
from registry.wire.merkle import Tree

_HEAD_ROOM: Final = 32 * 1024
"""What checkpoint and signatures of a merged commit take at most, beside its events."""


class _Time(msgspec.Struct):
    time: str


def merged(commits: Iterator[tuple[Tree, Commit]], trust: Trust, anchors: set[int]) -> Iterator[tuple[Tree, Commit]]:
    """Consecutive commits joined, up to the limits of one and never across an anchor."""
    held: list[Commit] = []
    base = Tree()
    events = size = 0

    def joined() -> Iterator[tuple[Tree, Commit]]:
        if len(held) > 1:
            whole = parse(merge(held))
            keys, needed = trust.keys_for(whole)
            # The head's signatures were verified; what is asked is whether its key counts from the earlier base on.
            if len(whole.note.by(keys)) >= needed:
                yield base, whole
                return
        tree = base
        for commit in held:
            yield tree, commit
            tree = tree.extend(commit.leaves())

    for before, commit in commits:
        length = len(commit.record)
        if held and (events + len(commit.lines) > MAX_EVENTS or size + length > MAX_COMMIT - _HEAD_ROOM):
            yield from joined()
            held, events, size = [], 0, 0
        if not held:
            base = before
        held.append(commit)
        events += len(commit.lines)
        size += length
        if commit.checkpoint.size in anchors:
            yield from joined()
            held, events, size = [], 0, 0
    yield from joined()


def earlier(commit: Commit, moment: datetime) -> bool:
    """Whether a commit's newest event says that it is of before a moment. One that says nothing readable is not."""
    try:
        said = datetime.fromisoformat(msgspec.json.decode(commit.lines[-1], type=_Time).time)
    except (msgspec.MsgspecError, ValueError):
        return False
    return (said if said.tzinfo is not None else said.replace(tzinfo=UTC)) < moment
