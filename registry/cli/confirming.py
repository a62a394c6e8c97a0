"""The question before something irreversible."""

import sys

import typer

from registry.cli.output import errors


def confirm(consequence: str, question: str, *, yes: bool, instead: str = "--yes") -> None:
    """State the consequence, and ask. Without a terminal the option `instead` is needed, else exit code 2.

    After the answer *no* the command ends with exit code 1, and nothing was done.
    """
    errors.print(consequence, markup=False, highlight=False)
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"Refusing without confirmation. Pass {instead}.", param_hint=instead)
    typer.confirm(question, abort=True, err=True)
