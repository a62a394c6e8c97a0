"""Personal values of a command: `-` reads them from the input, which other users of the machine cannot see.

Every user of the machine can see the words of a command (`ps`), and the shell keeps them in its history.
"""

import sys
from typing import Final

import typer

FROM_INPUT: Final = "- reads it from the input or asks for it, so that no other user of the machine sees it."


def from_input(parameter: typer.CallbackParam, value: str | None) -> str | None:
    """Return the value of an option or an argument; for `-`, the next line of the input, or what is typed.

    Several such values are the input's lines in the order of the options. Raises a usage error if a line is missing.
    """
    if value != "-":
        return value
    return read_personal((parameter.name or "value").replace("_", " ").capitalize())


def read_personal(name: str) -> str:
    """Return the next line of the input, or at a terminal the answer to a prompt for `name`.

    Raises a usage error if the line is missing.
    """
    if sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=True, err=True)).strip()
    if line := sys.stdin.readline().strip():
        return line
    raise typer.BadParameter("this value is read from the input, and the input has no further line with text")
