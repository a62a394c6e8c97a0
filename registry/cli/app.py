"""The `registry` command: the composition root. It wires the packages together and holds no logic.

Exit codes: 0 done and all well; 1 something is not as it should be (an audit's fault, rows refused, a thing
that is not known); 2 the call's words are off; 3 settings or keys are missing or wrong; 4 the log or the
database cannot be reached, is full, or somebody else is writing; 130 interrupted; 143 told to end by SIGTERM.
"""

import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

from registry import observability
from registry.cli.context import State
from registry.cli.output import errors

COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "init": ("founding",),
    "found": ("founding",),
    "member": ("founding",),
    "governance": ("governance", "acts", "governance_show"),
    "achievement": ("achievements", "drafts"),
    "credential": ("credentials",),
    "import": ("imports",),
    "template": ("imports",),
    "mapping": ("mapping",),
    "intake": ("intake",),
    "recognition": ("recognition",),
    "case": ("cases",),
    "stack": ("stacking",),
    "agreement": ("agreements",),
    "reasons": ("reasons",),
    "publish": ("running",),
    "project": ("running",),
    "run": ("running",),
    "serve": ("serving",),
    "api-key": ("api_keys",),
    "key": ("signing_keys",),
    "learner": ("reading", "erasing"),
    "vault": ("vaults",),
    "university": ("reading",),
    "quarantine": ("reading",),
    "refused": ("refused",),
    "status": ("status",),
    "reconcile": ("reconcile",),
    "precedents": ("search",),
    "receipt": ("receipts",),
    "verify-receipt": ("receipts",),
    "seal": ("receipts",),
    "tiles": ("receipts",),
    "export": ("receipts",),
    "feed": ("feeds",),
    "webhook": ("webhooks",),
    "witness": ("witness",),
    "cosign": ("witness",),
    "log": ("logs",),
    "audit": ("audit",),
    "digest": ("digests",),
    "archive": ("archives",),
    "backup": ("archives",),
    "restore": ("archives",),
    "demo": ("demo",),
}
"""The files that make each command. Only those of the command that is called are loaded: all take a second more."""

_WITH_VALUE: Final = ("--home", "--log-level")


def settings(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="The node's folder (else REGISTRY_HOME, else the current one or above it).")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error, to standard error.", envvar="REGISTRY_LOG_LEVEL")
    ] = None,
) -> None:
    """Micro-credentials that universities share: issue, publish, verify, recognise, audit."""
    observability.configure(log_level or "warning")
    # Nothing is opened before it is needed.
    context.obj = State(home, log_level)
    context.call_on_close(context.obj.close)


def app_for(words: Sequence[str]) -> typer.Typer:
    """The command with what these words call; with everything where they call nothing that is known."""
    return _made(COMMANDS.get(_called(words), [file for files in COMMANDS.values() for file in files]))


def _called(words: Sequence[str]) -> str:
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


def _made(files: Iterable[str]) -> typer.Typer:
    app = typer.Typer(
        name="registry",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(settings)
    for file in dict.fromkeys(files):
        import_module(f"registry.cli.{file}").add_to(app)
    return app


def main() -> None:
    """Run the command; what is ours to explain is explained in a sentence, not in a traceback."""
    sys.exit(run(app_for(sys.argv[1:])))


def run(command: Callable[[], None]) -> int:
    """Run a command and give its exit code."""
    # What a command started ends with it, whoever ends it: a signal that is not heard would leave servers behind.
    before = signal.signal(signal.SIGTERM, _ended)
    try:
        command()
    except KeyboardInterrupt:
        errors.print("interrupted", style="yellow")
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    except Exception as error:
        from registry.cli.exits import code_of  # noqa: PLC0415 - as its docstring says

        if (code := code_of(error)) is None:
            raise
        errors.print(f"[red]error[/red] {type(error).__name__}: ", end="")
        errors.print(str(error).strip(), markup=False, highlight=False)
        return code
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _ended(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)
