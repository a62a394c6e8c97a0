"""Asking before something is done for good."""

import sys

import typer

from registry.cli.output import errors


def confirm(consequence: str, question: str, *, yes: bool, instead: str = "--yes") -> None:
    """Say what follows, and ask. Without a terminal nobody can be asked: then an option is needed, else exit code 2.

    Where the answer is no, the command ends with exit code 1 and nothing was done.
    """
    errors.print(consequence, markup=False, highlight=False)
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"Refusing without confirmation. Pass {instead}.", param_hint=instead)
    typer.confirm(question, abort=True, err=True)
