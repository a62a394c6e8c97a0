"""Values of options that name a consortium, a member or a node's addresses, checked in plain words."""

import typer

from registry.log import GOVERNANCE, BadAddress, check_address
from registry.postgres.addresses import BadDatabaseAddress, check_database_address
from registry.settings.names import is_consortium, is_founding_hash, is_member


def check_consortium(name: str) -> None:
    """Refuse an impossible name of a consortium as a usage error."""
    if not is_consortium(name):
        raise typer.BadParameter(
            f"{name!r} is not a domain name: 3 to 100 of a-z, 0-9, '.' and '-', for example eciu.example",
            param_hint="--consortium",
        )


def check_member(name: str, option: str = "--member") -> None:
    """Refuse an impossible short name of a member as a usage error."""
    if not is_member(name):
        raise typer.BadParameter(f"{name!r} is not a member's name: 2 to 40 of a-z, 0-9 and '-'", param_hint=option)
    if name == GOVERNANCE:
        raise typer.BadParameter(
            f"{GOVERNANCE!r} is the consortium's own log; no member can have that name", param_hint=option
        )


def parse_founded(text: str) -> bytes:
    """Return a founding's hash (32 bytes) from its digits; refuse anything else as a usage error."""
    if not is_founding_hash(text):
        raise typer.BadParameter(
            f"a founding's hash is 64 of 0-9 and a-f, as `registry consortium create` printed it; this has"
            f" {len(text)} characters",
            param_hint="--founded",
        )
    return bytes.fromhex(text)


def check_log(url: str) -> None:
    """Refuse an address that names no log as a usage error."""
    try:
        check_address(url)
    except BadAddress as error:
        raise typer.BadParameter(str(error), param_hint="--log") from error


def check_addresses(log: str, database: str) -> None:
    """Refuse addresses of a log and a database in an unknown form as a usage error."""
    check_log(log)
    try:
        check_database_address(database)
    except BadDatabaseAddress as error:
        raise typer.BadParameter(str(error), param_hint="--database") from error
