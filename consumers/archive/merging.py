"""Merges verified commits for an archive, and reads how old they say that they are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from consumers.streams.verifier import Trust
from registry.wire.commit import MAX_COMMIT, MAX_EVENTS, Commit, merge, parse
from registry.wire.merkle import Tree

_HEAD_ROOM: Final = 32 * 1024
"""Bytes that the checkpoint and signatures of a merged commit take at most."""


class _Time(msgspec.Struct):
    time: str


def merge_commits(
    commits: Iterator[tuple[Tree, Commit]], trust: Trust, anchors: set[int]
) -> Iterator[tuple[Tree, Commit]]:
    """Merge consecutive commits, up to the limits of a commit and never across an anchor."""
    waiting: list[Commit] = []
    base = Tree()
    events = size = 0

    def join() -> Iterator[tuple[Tree, Commit]]:
        if len(waiting) > 1:
            whole = parse(merge(waiting))
            keys, needed = trust.keys_for(whole)
            # The head's signatures were verified; its key must also be valid from the earlier base on.
            if len(whole.note.by(keys)) >= needed:
                yield base, whole
                return
        tree = base
        for commit in waiting:
            yield tree, commit
            tree = tree.extend(commit.leaves())

    for before, commit in commits:
        length = len(commit.record)
        if waiting and (events + len(commit.lines) > MAX_EVENTS or size + length > MAX_COMMIT - _HEAD_ROOM):
            yield from join()
            waiting, events, size = [], 0, 0
        if not waiting:
            base = before
        waiting.append(commit)
        events += len(commit.lines)
        size += length
        if commit.checkpoint.size in anchors:
            yield from join()
            waiting, events, size = [], 0, 0
    yield from join()


def earlier(commit: Commit, moment: datetime) -> bool:
    """True if the newest event of a commit has a time before `moment`; false if its time cannot be read."""
    try:
        time = datetime.fromisoformat(msgspec.json.decode(commit.lines[-1], type=_Time).time)
    except (msgspec.MsgspecError, ValueError):
        return False
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)) < moment
