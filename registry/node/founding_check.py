"""Check that a shared log is the one that a new node is meant for, before anything is created."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from consumers.governance.governance import GovernanceFold, check_log_of
from registry.log import GOVERNANCE, ForeignLog, NoSuchStream, SharedLog, open_log
from registry.settings.names import is_consortium
from registry.wire import commit as wire
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import leaf_hash


class Founding(NamedTuple):
    """The claims of the first record of a governance log, unverified; None where it cannot be read."""

    consortium: str | None
    founded: str | None
    """The hash of its first event, hexadecimal."""


def check_new_log(url: str, consortium: str, founded: str) -> GovernanceFold | None:
    """Compare a log with the consortium and the founding that somebody named for a new node.

    Returns its governance; None if it holds none yet. Raises `ForeignLog` if it is another consortium's, and the log's
    own errors if it cannot be read.
    """
    fold = GovernanceFold(consortium, bytes.fromhex(founded))
    with _open_existing(url, consortium) as log:
        if log is None:
            return None
        try:
            check_log_of(log, fold)
        except NoSuchStream:
            return None
        except ForeignLog as error:
            raise ForeignLog(f"{url}: {error}. No node was made") from error
        return fold.read(log)


def first_founding(url: str, consortium: str) -> Founding | None:
    """Return what the first record of a log's governance claims; None if there is no record.

    `consortium` is a guess: a log in files is cut into records by its consortium's name.
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
    with _open_existing(url, consortium) as log:
        if log is not None:
            with contextlib.suppress(NoSuchStream):
                return next((record.data for record in log.records(GOVERNANCE)), None)
    return None


@contextlib.contextmanager
def _open_existing(url: str, consortium: str) -> Iterator[SharedLog | None]:
    """Open a log without writing anything; yield None if its folder does not exist."""
    scheme, _, path = url.partition(":")
    if scheme == "file" and not Path(path).is_dir():
        yield None
        return
    with contextlib.closing(open_log(url, consortium, read_only=True)) as log:
        yield log
