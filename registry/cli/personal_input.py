"""Personal values that a command is given: `-` reads them from the input, which other users of the machine cannot see.

What stands in a command's words is shown to every user of the machine (`ps`), and is kept in the shell's history.
"""

import sys
from typing import Final

import typer

FROM_INPUT: Final = "- reads it from the input or asks for it, so that no other user of the machine sees it."


def from_input(parameter: typer.CallbackParam, value: str | None) -> str | None:
    """Return the value of an option or an argument; where it is `-`, the next line of the input, or what is typed.

    Several such values are the input's lines in the order in which the options are given.
    Raises a usage error where the input has no such line.
    """
    if value != "-":
        return value
    return read_personal((parameter.name or "value").replace("_", " ").capitalize())


def read_personal(name: str) -> str:
    """Return the next line of the input, or what is typed where somebody sits there; `name` is what is asked for.

    Raises a usage error where the input has no such line.
    """
    if sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=True, err=True)).strip()
    if line := sys.stdin.readline().strip():
        return line
    raise typer.BadParameter("a line of the input is read, and the input has no further line with anything in it")
