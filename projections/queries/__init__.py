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


def narrowed(parameters: Mapping[str, Any], *names: str) -> bytes:
    """Such files, one after the other, with those conditions alone whose parameter is given, and is not None.

    It is the same object each time: what is known of it by others is found without looking at all of it.
    """
    return _without(frozenset(one for one in _conditions(names) if parameters.get(one) is None), names)


@cache
def _conditions(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(found for name in names for found in _OPTIONAL.findall(named(name).decode()))


@cache
def _without(absent: frozenset[str], names: tuple[str, ...]) -> bytes:
    kept = []
    for line in (line for name in names for line in named(name).decode().splitlines()):
        found = _OPTIONAL.search(line)
        if found is None or found[1] not in absent:
            kept.append(line if found is None else line[: found.start()])
    return "\n".join(kept).encode()
