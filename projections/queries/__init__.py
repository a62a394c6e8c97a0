"""The named queries of this folder, one file each.

A line that ends with `--? name` is a condition that holds only if the parameter `name` is given. Without it the line is
omitted, so that PostgreSQL plans only the conditions that apply. A line `--< name` stands for the fragment
`name`.sql, which several queries share.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

_OPTIONAL: Final = re.compile(r" *--\? (\w+)$", re.MULTILINE)
_FRAGMENT: Final = re.compile(r"^ *--< (\w+)$", re.MULTILINE)


@cache
def load_query(name: str) -> bytes:
    """Return the text of `name`.sql with its fragments, as psycopg takes it: parameters are `%(name)s`."""
    text = resources.files("projections.queries").joinpath(f"{name}.sql").read_text()
    return _FRAGMENT.sub(lambda line: load_query(line[1]).decode().rstrip("\n"), text).encode()


def build_query(parameters: Mapping[str, Any], *names: str) -> bytes:
    """Join the named queries, with only those optional conditions whose parameter is present and not None.

    The same names and conditions return the same object, so that psycopg finds its prepared statement quickly.
    """
    return _without(frozenset(name for name in _conditions(names) if parameters.get(name) is None), names)


@cache
def _conditions(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(condition for name in names for condition in _OPTIONAL.findall(load_query(name).decode()))


@cache
def _without(absent: frozenset[str], names: tuple[str, ...]) -> bytes:
    lines = []
    for line in (line for name in names for line in load_query(name).decode().splitlines()):
        condition = _OPTIONAL.search(line)
        if condition is None or condition[1] not in absent:
            lines.append(line if condition is None else line[: condition.start()])
    return "\n".join(lines).encode()
