"""Whether the shared log is the one that a new node is meant for."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from consumers.governance.governance import GovernanceFold, check_log_of
from registry.cli.consortium.node_folder import is_consortium
from registry.log import GOVERNANCE, ForeignLog, NoSuchStream, SharedLog, open_log
from registry.rules.governance import Governance
from registry.wire import commit as wire
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import leaf_hash


class Founding(NamedTuple):
    """What the first record of a governance log says of itself, unverified; None where it cannot be read."""

    consortium: str | None
    founded: str | None
    """The hash of its first event, hexadecimal."""


def check_new_log(url: str, consortium: str, founded: str) -> Governance | None:
    """Compare a log with the consortium and the founding that somebody named for a new node.

    Returns what its governance says; None where it holds none yet.

    Raises `ForeignLog` where it is another consortium's, and the log's own errors where it cannot be read.
    """
    fold = GovernanceFold(consortium, bytes.fromhex(founded))
    with _opened(url, consortium) as log:
        if log is None:
            return None
        try:
            check_log_of(log, fold)
        except NoSuchStream:
            return None
        except ForeignLog as error:
            raise ForeignLog(f"{url}: {error}. No node was made") from error
        for record in log.records(GOVERNANCE):
            fold.take(record.data)
    return fold.state


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
    with _opened(url, consortium) as log:
        if log is not None:
            with contextlib.suppress(NoSuchStream):
                return next((record.data for record in log.records(GOVERNANCE)), None)
    return None


@contextlib.contextmanager
def _opened(url: str, consortium: str) -> Iterator[SharedLog | None]:
    """The log, opened without writing anything; None where nobody has made its folder."""
    scheme, _, path = url.partition(":")
    if scheme == "file" and not Path(path).is_dir():
        yield None
        return
    with contextlib.closing(open_log(url, consortium, read_only=True)) as log:
        yield log
