"""Whether the log at an address is the one that the settings mean."""

from registry.log import GOVERNANCE, SharedLog
from registry.wire.commit import parse
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import leaf_hash


def foreign_log(log: SharedLog, consortium: str, founded: bytes) -> str | None:
    """In what a log is of another consortium or founding than the settings say; None where it is the one they mean.

    Raises `NoSuchStream` where nothing was founded, and other `LogError`s.
    """
    record = next(log.records(GOVERNANCE), None)
    if record is None:
        return None
    founding = None
    try:
        commit = parse(record.data)
    except MalformedCommit:  # read as another consortium's, its first line still says whose it is
        origin = record.data.partition(b"\n")[0].decode(errors="replace")[:80]
    else:
        origin = commit.checkpoint.origin
        founding = leaf_hash(commit.lines[0]) if commit.base == 0 else None
    if origin != consortium:
        return f"this log is of {origin}; the settings say {consortium}. Correct the settings' log or consortium."
    if founding not in (None, founded):
        assert founding is not None  # noqa: S101 - just looked
        return (
            f"this log was founded as {founding.hex()}; the settings say {founded.hex()}. Correct the settings' log or"
            " founded; ask whoever told you the founding's hash."
        )
    return None
