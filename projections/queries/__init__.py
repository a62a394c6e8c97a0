"""The named queries of this folder, one file each.

A line that ends with `--? name` is a condition that holds only where `name` is asked for: without it the line is left
out, so that it neither stands in an index's way nor is planned. As it stands the file is the query with all of them.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

_OPTIONAL: Final = re.compile(r" *--\? (\w+)$", re.MULTILINE)


@cache
def named(name: str) -> bytes:
    """The text of `name`.sql, as psycopg takes it: parameters are `%(name)s`."""
    return resources.files("projections.queries").joinpath(f"{name}.sql").read_bytes()


def narrowed(name: str, parameters: Mapping[str, Any]) -> bytes:
    """The same with those conditions alone whose parameter is given, and is not None."""
    return _without(name, frozenset(one for one in _conditions(name) if parameters.get(one) is None))


@cache
def _conditions(name: str) -> frozenset[str]:
    return frozenset(_OPTIONAL.findall(named(name).decode()))


@cache
def _without(name: str, absent: frozenset[str]) -> bytes:
    kept = []
    for line in named(name).decode().splitlines():
        found = _OPTIONAL.search(line)
        if found is None or found[1] not in absent:
            kept.append(line if found is None else line[: found.start()])
    return "\n".join(kept).encode()
