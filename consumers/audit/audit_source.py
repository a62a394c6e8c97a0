"""A log that an auditor knows by its address and the founding's hash alone."""

import contextlib
import itertools
import re
from pathlib import Path
from typing import Final

from consumers.audit.log_audit import require_governance
from consumers.projecting.rebuild import Source
from registry.log import GOVERNANCE, open_log
from registry.log.archive_manifest import load
from registry.wire import commit
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import leaf_hash

_CANDIDATES: Final = 100
"""The number of first records of governance among which the founding must be."""

_NAME: Final = re.compile(rb"[^\s/+]{1,200}")


class OtherFounding(Exception):
    """The log's governance does not begin with the founding that is trusted."""


def source_of(url: str, founded: bytes) -> Source:
    """Return the log at an address, with the name of its consortium, which its founding says.

    Governance's first leaf must have the hash `founded` (32 bytes). Where it has not, the log is the one that it claims
    to be, and an audit of it says that nothing there can be judged. Raises `OtherFounding` where it claims nothing, and
    `NoSuchStream`.
    """
    names = _names(url)
    for name in names:
        with contextlib.closing(open_log(url, name, read_only=True)) as log:
            for record in itertools.islice(log.records(GOVERNANCE), _CANDIDATES):
                with contextlib.suppress(MalformedCommit):
                    first = commit.parse(record.data)
                    if first.base == 0 and leaf_hash(first.lines[0]) == founded:
                        return Source(url, name, founded)
    if names:
        return Source(url, names[0], founded)
    raise OtherFounding(
        f"the governance log at {url} does not begin with a founding whose hash is {founded.hex()}. Ask"
        " somebody you trust for the hash, and for the log that belongs to it."
    )


def _names(url: str) -> list[str]:
    """Return the consortia that governance's first records, or an archive, claim to be of."""
    if url.startswith("archive:"):
        return [load(Path(url.removeprefix("archive:"))).consortium]
    # The name is needed to read records. Read under any other name, a commit's first line still says whose it is.
    with contextlib.closing(open_log(url, "unknown.invalid", read_only=True)) as log:
        require_governance(log, url)
        records = itertools.islice(log.records(GOVERNANCE), _CANDIDATES)
        lines = dict.fromkeys(record.data.split(b"\n", 1)[0] for record in records)
    return [line.decode() for line in lines if _NAME.fullmatch(line) and line.isascii()]
