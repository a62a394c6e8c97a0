"""The `registry` command.

The meaning of its exit codes is in `registry/cli/exits.py`: `MEANINGS`.
"""

import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Final

import typer
from rich.text import Text
from typer.core import TyperGroup
from typer.main import get_command

from registry import observability
from registry.cli.opening import State
from registry.cli.output import errors, out

COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "node": ("consortium.nodes", "operations.backups"),
    "consortium": ("consortium.founding",),
    "member": ("consortium.members",),
    "governance": ("consortium.governance", "consortium.acts", "consortium.governance_show"),
    "achievement": ("issuing.achievements", "issuing.drafts"),
    "credential": ("issuing.credentials",),
    "import": ("issuing.imports",),
    "course-code": ("issuing.course_codes",),
    "issuing-key": ("issuing.issuing_keys",),
    "intake": ("issuing.intake",),
    "recognition": ("recognition.recognition",),
    "case": ("recognition.cases", "recognition.case_file"),
    "office": ("recognition.profiles",),
    "stack": ("issuing.stacking",),
    "agreement": ("recognition.agreements",),
    "reasons": ("recognition.reasons",),
    "publish": ("operations.running",),
    "views": ("operations.views",),
    "run": ("operations.running",),
    "serve": ("operations.serving",),
    "account": ("operations.accounts",),
    "api-key": ("operations.api_keys",),
    "key": ("consortium.signing_keys",),
    "learner": (
        "issuing.reading",
        "issuing.erasing",
        "issuing.exporting",
        "issuing.restricting",
        "issuing.learner_changes",
    ),
    "vault": ("operations.vaults",),
    "privacy": ("operations.privacy",),
    "university": ("issuing.reading",),
    "refused": ("issuing.refused_events",),
    "status": ("operations.status",),
    "log-level": ("operations.log_levels",),
    "doctor": ("operations.doctor",),
    "status-list": ("operations.status_lists",),
    "topics": ("operations.topics",),
    "reconcile": ("issuing.reconcile",),
    "precedents": ("recognition.search",),
    "verify": ("evidence.documents",),
    "receipt": ("evidence.receipts",),
    "disclosure": ("evidence.disclosures",),
    "seal": ("evidence.receipts",),
    "feed": ("operations.feeds",),
    "webhook": ("operations.webhooks",),
    "witness": ("consortium.witness",),
    "log": ("evidence.logs", "evidence.tiles", "evidence.quarantine", "operations.archives"),
    "audit": ("evidence.audit", "evidence.audit_comparison"),
    "demo": ("demo.demo",),
}
"""The modules of each command. Only those of the requested command are loaded: all of them take a second more."""

PANELS: Final[dict[str, tuple[str, ...]]] = {
    "Issuing": (
        "achievement", "credential", "import", "course-code", "intake", "reconcile", "refused", "stack", "learner",
        "issuing-key",
    ),
    "Recognition": ("recognition", "case", "office", "agreement", "reasons", "precedents"),
    "Evidence": (
        "verify", "receipt", "disclosure", "seal", "audit", "witness", "log",
    ),
    "Operations": (
        "node", "status", "doctor", "log-level", "publish", "views", "run", "serve", "account", "api-key", "key",
        "vault", "privacy", "webhook", "feed", "status-list", "demo",
    ),
    "Consortium": ("consortium", "member", "governance", "university", "topics"),
}  # fmt: skip
"""The panels of `registry --help`, by audience."""

_GLOBAL: Final = ("--home", "--log-level")
"""Options of all commands, which may come before or after the command."""


def _print_version(requested: bool) -> None:  # noqa: FBT001 - as Typer calls it
    if requested:
        from importlib.metadata import version as version_of  # noqa: PLC0415 - it loads the email package

        out.print(f"registry {version_of('credential-registry')}", markup=False, highlight=False)
        raise typer.Exit


def _check_level(level: str | None) -> str | None:
    if level is not None and level.lower() not in observability.LEVELS:
        raise typer.BadParameter(f"{level!r} is not a log level. Use one of {', '.join(observability.LEVELS)}.")
    return level and level.lower()


def settings(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(help="The node's folder (else REGISTRY_HOME, else this folder or one above it)."),
    ] = None,
    log_level: Annotated[
        str | None,
        typer.Option(
            help=f"The least level of messages on standard error: {', '.join(observability.LEVELS)}.",
            envvar="REGISTRY_LOG_LEVEL",
            callback=_check_level,
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001, FBT002 - its callback prints it; as Typer calls it
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Micro-credentials that universities share: issue, publish, verify, recognise, audit.

    --home and --log-level may also come after the command.
    """
    observability.configure(log_level or "warning")
    # Nothing is opened before it is needed.
    context.obj = State(home, log_level)
    context.call_on_close(context.obj.close)


def app_for(words: Sequence[str]) -> typer.Typer:
    """Return the app with the command that these words call, or with all commands if they call an unknown one.

    Only the modules of these commands are loaded.
    """
    name = _find_command(words)
    if not name and "--version" in words:
        return _create_app(())
    return _create_app(COMMANDS.get(name, [module for modules in COMMANDS.values() for module in modules]))


def _find_command(words: Sequence[str]) -> str:
    rest = iter(words)
    for word in rest:
        if word in _GLOBAL:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


def _create_app(modules: Iterable[str]) -> typer.Typer:
    app = typer.Typer(
        name="registry",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(settings)
    for module in dict.fromkeys(modules):
        import_module(f"registry.cli.{module}").add_to(app)
    panels = {command: panel for panel, commands in PANELS.items() for command in commands}
    for command in app.registered_commands:
        command.rich_help_panel = panels.get(command.name or "")
    for group in app.registered_groups:
        group.rich_help_panel = panels.get(str(group.name or ""))
    return app


def global_options_first(command: Any, words: Sequence[str]) -> list[str]:  # noqa: ANN401 - Typer's own command class
    """Move `--home` and `--log-level` before the command, unless the command has its own option of that name."""
    first: list[str] = []
    rest: list[str] = []
    current = command
    remaining = iter(words)
    for word in remaining:
        name, equals, _ = word.partition("=")
        if word == "--":
            return [*first, *rest, word, *remaining]
        if name in _GLOBAL and (current is command or not any(name in each.opts for each in current.params)):
            value = None if equals else next(remaining, None)
            if value is None and not equals:
                return [*first, word]  # the parser says that the value is missing
            first += [word] if value is None else [word, value]
        else:
            rest.append(word)
            if isinstance(current, TyperGroup):
                current = current.commands.get(word, current)
    return [*first, *rest]


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    words = sys.argv[1:] or ["--help"]
    # A character that the terminal's encoding lacks is printed as an escape.
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    command = get_command(app_for(words))
    sys.exit(run(lambda: command(args=global_options_first(command, words), prog_name="registry"), words))


def run(command: Callable[[], Any], words: Sequence[str] = ()) -> int:
    """Run a command and return its exit code. Errors become a sentence on standard error, never a traceback."""
    # SIGTERM ends the servers that a command started, too; ignored, it would leave them behind.
    before = signal.signal(signal.SIGTERM, _exit_on_signal)
    try:
        code = _run_to_exit_code(command)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except Exception as error:  # noqa: BLE001 - the last place that can turn an error into a sentence
        code = _report_error(error, words)
    finally:
        signal.signal(signal.SIGTERM, before)
    if code == 130:
        errors.print("interrupted", style="yellow")
    return code


def _run_to_exit_code(command: Callable[[], Any]) -> int:
    try:
        command()
    except SystemExit as end:  # as Typer ends every command
        if _is_interruption(end):  # at a question, where Typer exits with 1
            return 130
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    return 0


def _is_interruption(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _report_error(error: Exception, words: Sequence[str]) -> int:
    from registry.cli.exits import explain  # noqa: PLC0415 - it imports every package

    explained = explain(error, words)
    if explained is None:
        _print_error(f"Internal error: {type(error).__name__}: {str(error).strip()}")
        if observability.debugging():
            errors.print("".join(traceback.format_exception(error)), markup=False, highlight=False)
        else:
            _print_error(
                "This is a defect of the software, not a mistake of yours. Run the command again with --log-level"
                " debug to see where it happened, and report that."
            )
        return 1
    code, sentence = explained
    _print_error(f"error: {sentence}")
    return code


def _print_error(text: str) -> None:
    first, colon, rest = text.partition(":")
    errors.print(Text.assemble((first, "red" if colon else ""), colon, rest), highlight=False)


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)
