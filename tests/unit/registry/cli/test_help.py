"""What `--help` shows: every command has an example, and an example uses what is there."""

import re
import shlex
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from registry.cli.app import COMMANDS, PANELS, app_for, global_options_first


def commands(command, path=()):
    """Every command that does something, by the words that call it."""
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from commands(inner, (*path, name))
        if not command.invoke_without_command:
            return
    yield path, command


TOP: Any = get_command(app_for([]))
ALL = dict(commands(TOP))


def examples(command):
    _, _, text = " ".join((command.help or "").split()).partition("Example")
    text = re.sub(r"^s?: ", "", text)
    return [f"registry {part}".rstrip(" ;") for part in re.split(r"(?:^|[ ;]+)registry ", text) if part]


@pytest.mark.parametrize("path", sorted(ALL), ids=" ".join)
def test_a_command_has_an_example_whose_words_and_options_are_there(path):
    found = examples(ALL[path])
    if path != ():
        assert found, f"registry {' '.join(path)} has no example"
    for example in found:
        command, words = TOP, shlex.split(example)[1:]
        while isinstance(command, TyperGroup) and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= options, f"{example}: {used - options}"
        arguments = [one for one in command.params if one.param_type_name == "argument" and one.required]
        assert len(words) >= len(arguments), f"{example} lacks {[one.name for one in arguments]}"


def test_a_command_that_is_called_by_itself_is_the_one_that_all_together_have():
    assert set(TOP.commands) == set(COMMANDS)
    for word in COMMANDS:
        group: Any = get_command(app_for(["--home", "somewhere", word, "--help"]))
        alone = group.commands
        assert {path for path, _ in commands(alone[word])} == {path for path, _ in commands(TOP.commands[word])}


def test_each_command_stands_in_one_panel_of_the_help():
    in_panels = [command for commands in PANELS.values() for command in commands]
    assert sorted(in_panels) == sorted(COMMANDS)


def test_the_options_of_all_commands_may_stand_after_them_too():
    assert global_options_first(TOP, ["credential", "list", "--home", "x", "--json"]) == [
        "--home", "x", "credential", "list", "--json",
    ]  # fmt: skip
    assert global_options_first(TOP, ["status", "--log-level=debug"]) == ["--log-level=debug", "status"]
    # `node restore` has a --home of its own, and what follows -- is not an option
    assert global_options_first(TOP, ["node", "restore", "--home", "x"]) == ["node", "restore", "--home", "x"]
    assert global_options_first(TOP, ["--home", "y", "node", "restore", "--home", "x"]) == [
        "--home", "y", "node", "restore", "--home", "x",
    ]  # fmt: skip
    assert global_options_first(TOP, ["feed", "--", "--home", "x"]) == ["feed", "--", "--home", "x"]
