"""The account of the person who uses a command, as a case, a merge or a release names it."""

import getpass
import re
import unicodedata
from typing import Annotated, Final

import typer

from registry.values.actors import normalise_account

As = Annotated[
    str | None,
    typer.Option("--actor", help="The account that acts (else your own).", envvar="REGISTRY_ACTOR"),
]
_ACCOUNT: Final = re.compile(r"[^\W_](?:[^\W]|[ .@+'\u2019-]){0,99}")
"""Letters, digits and `_` of any script, and what stands between the parts of names."""


def who(account: str | None) -> str:
    """Return an account's name as actors are compared; without a name, that of the account that runs the command.

    Two spellings of one name would pass for two persons: letter case, width and spaces make no difference
    (`normalise_account`), and no name has letters of two scripts, of which some look alike. That the name is the
    caller's own is not checked: the machine decides who may run commands on a node.
    """
    name = normalise_account(account if account is not None else getpass.getuser())
    if _ACCOUNT.fullmatch(name) is None or len({_script_of(char) for char in name if char.isalpha()}) > 1:
        raise typer.BadParameter(
            f"{name!r} is not an account's name: up to 100 letters of one script, digits, spaces and . _ @ + - '",
            param_hint="--actor",
        )
    return name


def _script_of(letter: str) -> str:
    """Return the first word of a letter's Unicode name, which is its script."""
    return unicodedata.name(letter, "").partition(" ")[0]
