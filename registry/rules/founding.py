"""A check that a log is the one for which a node was set up: the consortium's name and its founding."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from registry.wire import commit as wire
from registry.wire.checkpoint import Checkpoint
from registry.wire.errors import MalformedCommit, MalformedNote
from registry.wire.merkle import leaf_hash

LOOKED_AT: Final = 32
"""The number of records at the beginning of governance in which a founding is searched."""

_COMPARE: Final = (
    "Compare the settings' `consortium` and `founded` with what the consortium gave you out of band, in person or by"
    " telephone; if they are the same, the log's address is wrong, or the log is not the consortium's"
)


def foreign(records: Iterable[bytes], consortium: str, founded: bytes) -> str | None:
    """Say which log begins its governance with these records, if it is not this consortium's; else return None.

    `founded` is the founding's leaf hash. No records: None.
    """
    beginnings = [_beginning(record) for record in islice(records, LOOKED_AT)]
    if (consortium, founded) in beginnings or not beginnings:
        return None
    for origin, founding in beginnings:
        if origin is not None and origin != consortium:
            return f"this log is of {origin}, and the settings say {consortium}. {_COMPARE}"
        if founding is not None:
            # The log's own hash is not shown: a reader who copied it from here would trust the log that is in question.
            return (
                f"this log is of another founding of {consortium} than the settings say ({founded.hex()}). {_COMPARE}"
            )
    return (
        f"governance on this log does not begin with the founding of {consortium} that the settings name"
        f" ({founded.hex()}). Correct the log's address, or restore the log from another copy"
    )


def _beginning(record: bytes) -> tuple[str | None, bytes | None]:
    """Return the origin that a record names, and the hash of its first event where that is leaf 0."""
    try:
        commit = wire.parse(record)
    except MalformedCommit:
        commit = None
    if commit is not None:
        return commit.checkpoint.origin, leaf_hash(commit.lines[0]) if commit.base == 0 else None
    try:
        # A folder's reader expects commits of its own consortium and cuts others at their empty lines.
        return Checkpoint.parse(record.decode()).origin, None
    except (MalformedNote, UnicodeDecodeError):
        return None, None
