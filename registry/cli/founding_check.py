"""Whether the shared log is the one that a new node is meant for."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from consumers.governance import GovernanceFold
from registry.cli.node_folder import is_consortium
from registry.config import SettingsError
from registry.log import GOVERNANCE, NoSuchStream, SharedLog, open_log
from registry.rules.governance import Governance
from registry.wire import commit as wire
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import leaf_hash


class Founding(NamedTuple):
    """What the first record of a governance log says of itself, unverified; None where it cannot be read."""

    consortium: str | None
    founded: str | None
    """The hash of its first event, hexadecimal."""


def check_log(url: str, consortium: str, founded: str) -> Governance | None:
    """Compare a log with the consortium and the founding that somebody named.

    Returns what its governance says; None where it holds none yet.

    Raises `SettingsError` where it is another consortium's, and the log's own errors where it cannot be read.
    """
    fold = GovernanceFold(consortium, bytes.fromhex(founded))
    empty = True
    with _governance(url, consortium) as records:
        for record in records:
            empty = False
            fold.take(record)
    if fold.size:
        return fold.state
    if empty:
        return None
    found = first_founding(url, consortium)
    if found is not None and found.consortium is not None and found.consortium != consortium:
        raise SettingsError(
            f"the log at {url} is of {found.consortium}; you said {consortium}. Correct --consortium, or --log."
        )
    shown = found.founded if found is not None and found.founded is not None else "that cannot be read"
    raise SettingsError(
        f"the log at {url} has another founding: its hash is {shown}; you said {founded}. Ask somebody whom you trust"
        " for the founding's hash of your consortium."
    )


def first_founding(url: str, consortium: str) -> Founding | None:
    """What the first record of a log's governance says of itself; None where there is no record.

    `consortium` is only a guess: a log in files is cut into records by its consortium's name.
    """
    first = _first(url, consortium)
    if first is None:
        return None
    name = first.split(b"\n", 1)[0].decode(errors="replace")
    if not is_consortium(name):
        return Founding(None, None)
    try:
        parsed = wire.parse(_first(url, name) or b"")
    except MalformedCommit:
        return Founding(name, None)
    return Founding(name, leaf_hash(parsed.lines[0]).hex())


def _first(url: str, consortium: str) -> bytes | None:
    with _governance(url, consortium) as records:
        return next(records, None)


@contextlib.contextmanager
def _governance(url: str, consortium: str) -> Iterator[Iterator[bytes]]:
    """The records of governance, read without writing anything; none where nobody has made the log."""
    scheme, _, path = url.partition(":")
    if scheme == "file" and not Path(path).is_dir():
        yield iter(())
        return
    log = open_log(url, consortium, read_only=True)
    try:
        yield _records(log)
    finally:
        log.close()


def _records(log: SharedLog) -> Iterator[bytes]:
    with contextlib.suppress(NoSuchStream):
        for record in log.records(GOVERNANCE):
            yield record.data
