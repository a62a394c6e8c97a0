"""The reference of the command line, from the Typer app: every command, its arguments, options and examples."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

from typer.core import TyperGroup
from typer.main import get_command

from registry.cli.app import PANELS, app_for
from registry.cli.exits import EXITS, MEANINGS
from registry.cli.json_shapes import SHAPES
from registry.cli.reference.markdown import NOTICE, anchor, plain, table

Words = tuple[str, ...]
_KINDS: Final = {str: "text", int: "whole number", float: "number", Path: "path", bool: "true or false"}

_OPENING: Final = """# Commands

`registry` is the one program. Each command has `--help`. Two options belong to all commands and may stand before or
after them: `--home` names the node's folder (else `REGISTRY_HOME`, else the current folder or one above it), and
`--log-level` says what goes to standard error.

Reading commands print JSON with `--json` ([its shapes](../command-json.md)), and lists have `--csv` and `--wide`.

"""


def pages() -> dict[str, str]:
    """Return the pages by their paths below docs/: one a panel of the help, and one that lists them all."""
    top = get_command(app_for([]))
    all_commands = {path: command for path, command in _commands(top, ()) if path}
    texts = {"commands/README.md": _overview(all_commands)}
    for panel, words in PANELS.items():
        title = f"{NOTICE}# {panel} commands\n"
        mine = [_describe(path, command) for path, command in all_commands.items() if path[0] in words]
        texts[_file(panel)] = "\n".join([title, *mine])
    return texts


def _file(panel: str) -> str:
    return f"commands/{panel.lower()}.md"


def _commands(command: Any, path: Words) -> Iterator[tuple[Words, Any]]:  # noqa: ANN401 - Typer's own command class
    """Every command that does something, by the words that call it."""
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from _commands(inner, (*path, name))
        if not command.invoke_without_command:
            return
    yield path, command


def _overview(all_commands: dict[Words, Any]) -> str:
    sections = [NOTICE + _OPENING]
    for panel, words in PANELS.items():
        file = _file(panel).removeprefix("commands/")
        rows = [
            (f"[`{_link_to(path)}`]({file}#{anchor(_link_to(path))})", _sentences(command)[0].partition("\n\n")[0])
            for path, command in all_commands.items()
            if path[0] in words
        ]
        sections += [f"## {panel}\n", table(("command", "what it does"), rows)]
    sections += ["## Exit codes\n", table(("code", "meaning"), [(str(code), text) for code, text in MEANINGS.items()])]
    sections += [
        "What becomes of each foreseen error:\n",
        table(("code", "what it is", "class"), sorted(_exit_row(kind, code) for kind, code in _own_errors())),
    ]
    return "\n".join(sections)


def _own_errors() -> Iterator[tuple[type[Exception], int]]:
    """The errors that this project defines, without those of its libraries."""
    return (
        (kind, code) for kind, code in EXITS if kind.__module__.startswith(("registry", "consumers", "projections"))
    )


def _exit_row(kind: type[Exception], code: int) -> tuple[str, str, str]:
    own = inspect.cleandoc(kind.__dict__.get("__doc__") or "")
    return str(code), plain(own).partition("\n\n")[0], f"`{kind.__name__}`"


def _link_to(path: Words) -> str:
    return " ".join(("registry", *path))


def _sentences(command: Any) -> tuple[str, list[str]]:  # noqa: ANN401 - Typer's own command class
    """Return what the help says, and its examples."""
    text, _, examples = inspect.cleandoc(command.help or "").partition("Example")
    examples = re.sub(r"^s?: ", "", " ".join(examples.split()))
    calls = [f"registry {part}".rstrip(" ;") for part in re.split(r"(?:^|[ ;]+)registry ", examples) if part]
    return plain(_without_markup(text)), calls


def _without_markup(text: str) -> str:
    """Take out Rich's markup for styles and its escapes."""
    return re.sub(r"\[/?(?:bold|italic|dim|red|green|yellow|cyan)\]", "", text).replace("\\[", "[")


def _describe(path: Words, command: Any) -> str:  # noqa: ANN401 - Typer's own command class
    text, calls = _sentences(command)
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not _hidden(each)]
    words = " ".join(map(_placeholder, arguments))
    pieces = [f"## {_link_to(path)}\n", text + "\n", f"```\n{_link_to(path)} [OPTIONS] {words}".rstrip() + "\n```\n"]
    if arguments:
        pieces.append(table(("argument", "value", "meaning"), [_argument(each) for each in arguments]))
    if options:
        pieces.append(table(("option", "value", "default", "meaning"), [_option(each) for each in options]))
    if calls:
        pieces += ["Examples:\n", "```\n" + "\n".join(calls) + "\n```\n"]
    if (shape := " ".join(path)) in SHAPES:
        pieces.append(f"With `--json`: [the shape of `{shape}`](../command-json.md).\n")
    return "\n".join(pieces)


def _hidden(option: Any) -> bool:  # noqa: ANN401 - Typer's own option class
    return bool(option.hidden) or option.name == "help"


def _placeholder(argument: Any) -> str:  # noqa: ANN401 - Typer's own argument class
    name = str(argument.metavar or argument.name).upper().replace("-", "_")
    dots = "..." if argument.nargs != 1 else ""
    return f"{name}{dots}" if argument.required else f"[{name}]{dots}"


def _argument(argument: Any) -> tuple[str, str, str]:  # noqa: ANN401 - Typer's own argument class
    return f"`{_placeholder(argument)}`", _value(argument), _meaning(argument)


def _option(option: Any) -> tuple[str, str, str, str]:  # noqa: ANN401 - Typer's own option class
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return names, "" if option.is_flag else _value(option), _default(option), _meaning(option)


def _value(parameter: Any) -> str:  # noqa: ANN401 - Typer's own parameter class
    """Return the kind of value that may be given, with its bounds."""
    kind = parameter.type_descriptor.annotation
    word = _KINDS.get(next(iter(get_args(kind)), kind), "text")
    low, high = (None if bound is None else f"{bound:,}" for bound in (parameter.min, parameter.max))
    if low or high:
        word += f", {low} to {high}" if low and high else f", at least {low}" if low else f", at most {high}"
    return f"{word}, may be repeated" if parameter.multiple or parameter.nargs != 1 else word


def _default(option: Any) -> str:  # noqa: ANN401 - Typer's own option class
    value = option.default
    if option.required:
        return "must be given"
    if value is None or value is False or value in ((), [], "") or callable(value) or option.show_default is False:
        return ""
    return f"`{getattr(value, 'value', value)}`"


def _meaning(parameter: Any) -> str:  # noqa: ANN401 - Typer's own parameter class
    text = plain(_without_markup(parameter.help or ""))
    names = [parameter.envvar] if isinstance(parameter.envvar, str) else list(parameter.envvar or ())
    return f"{text} Environment: {', '.join(f'`{name}`' for name in names)}." if names else text
