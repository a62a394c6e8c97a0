"""Whether a log is the one that this node was set up for: the consortium's name and its founding."""

from consumers.governance import GovernanceFold
from registry.log import GOVERNANCE, NoSuchStream, SharedLog
from registry.wire import commit as wire
from registry.wire.checkpoint import Checkpoint
from registry.wire.errors import MalformedCommit, MalformedNote
from registry.wire.merkle import leaf_hash

_LOOKED_AT = 32
"""Records at the beginning of governance that are looked at for a founding."""


def foreign(log: SharedLog, fold: GovernanceFold) -> str | None:
    """Return in what a log whose governance does not begin as `fold` trusts differs; None where it has no governance.

    For a fold that took nothing of the log.
    """
    consortium, founded = fold.state.consortium, fold.founded.hex()
    try:
        records = log.read(GOVERNANCE)
    except NoSuchStream:
        return None
    for record in records[:_LOOKED_AT]:
        origin, founding = _beginning(record.data)
        if origin is not None and origin != consortium:
            return (
                f"this log is of {origin}, and the settings say {consortium}. Correct `consortium` and `founded`,"
                " or the log's address"
            )
        if founding not in (None, founded):
            return (
                f"this log is of another founding of {consortium}: its founding hash is {founding}, and the settings"
                f" say {founded}. Correct `founded`, or the log's address"
            )
    if not records:
        return None
    return (
        f"governance on this log does not begin with the founding of {consortium} that the settings name"
        f" ({founded}). Correct the log's address, or restore the log from another copy"
    )


def _beginning(record: bytes) -> tuple[str | None, str | None]:
    """Return the origin that a record names, and the hash of its first event where that is leaf 0."""
    try:
        commit = wire.parse(record)
    except MalformedCommit:
        commit = None
    if commit is not None:
        return commit.checkpoint.origin, leaf_hash(commit.lines[0]).hex() if commit.base == 0 else None
    try:
        # A folder's reader expects commits of its own consortium and cuts others at their empty lines.
        return Checkpoint.parse(record.decode()).origin, None
    except (MalformedNote, UnicodeDecodeError):
        return None, None
