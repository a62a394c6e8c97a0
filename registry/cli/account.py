"""The account of the person who uses a command, as a case, a merge or a release names it."""

import getpass
import re
from typing import Annotated, Final

import typer

As = Annotated[
    str | None,
    typer.Option("--actor", help="The account that acts (else your own).", envvar="REGISTRY_ACTOR"),
]
_ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")


def who(account: str | None) -> str:
    """Return an account's name in lower case; without a name, that of the account that runs the command.

    Two spellings of one name would pass for two persons. That the name is the caller's own is not checked: the machine
    decides who may run commands on a node.
    """
    name = (account if account is not None else getpass.getuser()).strip().lower()
    if _ACCOUNT.fullmatch(name) is None:
        raise typer.BadParameter(
            f"{name!r} is not an account's name: up to 100 letters a to z, digits and . _ @ + -", param_hint="--actor"
        )
    return name
