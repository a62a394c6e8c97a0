"""The file that says by which principals brokers know members, readers and administrators.

TOML. `[members]` maps a member's short name, or `governance`, to a principal or a list of them (two while a certificate
is replaced); `readers` and `administrators` are lists:

    readers = ["User:CN=witness.example.org"]
    administrators = ["User:CN=kafka-admin"]
    [members]
    governance = "User:CN=governance.example.org"
    twente = "User:CN=registry.twente.example"
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.log.errors import LogError

_KEYS: Final = ("members", "readers", "administrators")
_TYPE: Final = "User:"
EVERYBODY: Final = "User:*"
_NOBODY: Final = (EVERYBODY, "User:ANONYMOUS", _TYPE)
_MAX_BYTES: Final = 1024 * 1024


class PrincipalsError(LogError):
    """The file of principals cannot be read or is wrong. The message says where."""


@dataclass(frozen=True)
class Principals:
    """Who is who for brokers."""

    members: Mapping[str, tuple[str, ...]]
    readers: tuple[str, ...] = ()
    """Those who may read all topics besides the members: witnesses and auditors; `User:*` for everybody."""
    administrators: tuple[str, ...] = ()
    """Those whose rights are left alone: who runs the brokers."""


def read_principals(file: Path, known: Collection[str]) -> Principals:
    """Read the file. `known` are the names that governance admitted. Raises `PrincipalsError`."""
    try:
        with file.open("rb") as opened:
            content = tomllib.loads(opened.read(_MAX_BYTES).decode())
    except OSError as error:
        raise PrincipalsError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise PrincipalsError(f"{file} is not TOML in UTF-8: {error}") from error
    if unknown := content.keys() - {"members", "readers", "administrators"}:
        raise PrincipalsError(
            f"{file}: there is no {', '.join(sorted(unknown))}; known are members, readers and administrators"
        )
    members = content.get("members", {})
    if not isinstance(members, dict):
        raise PrincipalsError(f"{file}: members is a table, a line for each member")
    if strangers := members.keys() - set(known):
        raise PrincipalsError(f"{file}: governance has admitted no member {', '.join(sorted(strangers))}")
    principals = Principals(
        {name: _list_principals(file, f"members.{name}", value) for name, value in members.items()},
        _list_principals(file, "readers", content.get("readers", []), everybody=True),
        _list_principals(file, "administrators", content.get("administrators", [])),
    )
    _check_distinct(file, principals)
    return principals


def _list_principals(file: Path, place: str, value: Any, *, everybody: bool = False) -> tuple[str, ...]:  # noqa: ANN401 - from TOML
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise PrincipalsError(f"{file}: {place} is a principal such as User:CN=registry.example.org, or a list of them")
    for each in values:
        if everybody and each == EVERYBODY:
            continue
        if not each.startswith(_TYPE) or each in _NOBODY:
            raise PrincipalsError(
                f"{file}: {place}: {each!r} is not the principal of one client; write User: and the subject of its"
                " certificate, or its user"
            )
    return tuple(values)


def _check_distinct(file: Path, principals: Principals) -> None:
    """Refuse a principal of two: each could write the other's topic. Raises `PrincipalsError`."""
    owner: dict[str, str] = {}
    for member, names in principals.members.items():
        for name in names:
            if owner.setdefault(name, member) != member:
                raise PrincipalsError(
                    f"{file}: {name} is the principal of both {owner[name]} and {member}; give each its own"
                )
