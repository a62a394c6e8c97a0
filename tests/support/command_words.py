"""Words of commands in files that others start them from: units, compose files, charts."""

from typing import Any

from typer.main import get_command

from registry.cli.app import app_for


def parse_words(words):
    """Parse the words after `registry` as the program does, without running them; return the options of the command.

    Raises click's `UsageError` for a word that the program does not know.
    """
    group: Any = get_command(app_for(words))  # a group of click's, by whatever name it is vendored
    context = group.make_context("registry", list(words), resilient_parsing=False)
    command, rest = group, [*context._protected_args, *context.args]  # noqa: SLF001 - click has no other way to parse
    while rest and hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, list(rest), parent=context)
        rest = [*context._protected_args, *context.args]  # noqa: SLF001 - as above
    return context.params
