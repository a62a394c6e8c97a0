"""Who uses the command: the account that a case, a merge or a release is done by."""

import getpass
import re
from typing import Annotated, Final

import typer

As = Annotated[
    str | None, typer.Option("--actor", help="Who does it: an account's name (else yours).", envvar="REGISTRY_ACTOR")
]
_ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")


def who(account: str | None) -> str:
    """Return an account's name in its one spelling, in lower case; of None, the one that runs the command.

    Two spellings of one name would pass for two persons. Whether the name is the caller's, nothing here checks: who may
    run commands on a node is the machine's to say.
    """
    name = (account if account is not None else getpass.getuser()).strip().lower()
    if _ACCOUNT.fullmatch(name) is None:
        raise typer.BadParameter(
            f"{name!r} is not an account's name: up to 100 letters a to z, digits and . _ @ + -", param_hint="--actor"
        )
    return name
