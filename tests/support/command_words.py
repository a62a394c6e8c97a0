"""Words of commands in files that others start them from: units, compose files, charts."""

from typing import Any

from typer.main import get_command

from registry.cli.app import app_for


def parse_words(words):
    """Parse the words after `registry` as the program does, without running them; return the options of the command.

    Raises click's `UsageError` for a word that the program does not know.
    """
    command: Any = get_command(app_for(words))
    context, rest = None, list(words)
    name = "registry"
    while True:
        context = command.make_context(name, rest, parent=context)
        if not hasattr(command, "resolve_command"):
            return context.params
        rest = [*context._protected_args, *context.args]  # noqa: SLF001 - click has no other way to parse alone
        name, command, rest = command.resolve_command(context, rest)
