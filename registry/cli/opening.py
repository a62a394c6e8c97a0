"""The node of a command: opened when it is first needed, closed at the end."""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from registry.node.node import Node

_SERVICES = ("serve", "run", "demo")
"""Commands that work for others, or for nobody: what they store is not their caller's act."""


class State:
    """The global options; the node that they name is loaded and opened on first use."""

    def __init__(self, home: Path | None, log_level: str | None) -> None:
        self._home = home
        self._log_level = log_level
        self._node: Node | None = None
        self._open = contextlib.ExitStack()
        self._learners: set[str] = set()
        self.command = ""
        """The words of the command, without its arguments, which may be personal data."""
        self.actor: str | None = None
        """The account that acts, as `--actor` has it; None for the account that runs the command."""

    @property
    def home(self) -> Path | None:
        """The folder that `--home` names; None if there is no such option."""
        return self._home

    @property
    def node(self) -> "Node":
        """The node. Raises `SettingsError`."""
        if self._node is None:
            from registry import observability  # noqa: PLC0415 - half a second of imports that help texts do not need
            from registry.application.acting import Acting, acting_as  # noqa: PLC0415 - likewise
            from registry.node.node import Node  # noqa: PLC0415 - likewise
            from registry.settings.settings import load  # noqa: PLC0415 - likewise
            from registry.vault.openings import watch_openings  # noqa: PLC0415 - likewise

            settings = load(self._home)
            # The level of the command line applies to the processes that this one starts, too.
            settings = settings.model_copy(update={"log_level": self._log_level or settings.log_level})
            observability.configure(settings.log_level, settings.log_format)
            self._node = Node(settings)
            self._learners = self._open.enter_context(watch_openings())
            if not self.command.startswith(_SERVICES):
                acting = Acting(self._who(), f"command {self.command}")
                self._open.enter_context(acting_as(acting))
        return self._node

    def close(self) -> None:
        """Close the node if it was opened; note in the access journal whose data the command read."""
        if self._node is None:
            return
        with contextlib.closing(self._node), self._open:
            if self._learners:
                from registry.node.access_journal import journal_command  # noqa: PLC0415 - commands without personal data do without it

                journal_command(self._node, self._who(), self.command, self._learners)

    def _who(self) -> str:
        from registry.cli.account import who  # noqa: PLC0415 - half a second of imports that help texts do not need

        return who(self.actor or os.environ.get("REGISTRY_ACTOR"))


def home_of(context: typer.Context) -> Path | None:
    """Return the folder that `--home` names, for a command that opens the node itself."""
    state = context.find_object(State)
    return None if state is None else state.home


def open_service(context: typer.Context) -> "Node":
    """Return the node of a command that goes on until it is stopped, and write all that it reports to its log."""
    from registry import observability  # noqa: PLC0415 - as in `State.node`
    from registry.cli.output import warn  # noqa: PLC0415 - likewise
    from registry.node.services.log_level import begin_logging  # noqa: PLC0415 - likewise
    from registry.node.services.starting import await_database, report_start_faults  # noqa: PLC0415 - likewise

    observability.begin_service()  # settings that are wrong are reported there, too
    node = node_of(context)
    begin_logging(node.settings.home, node.settings.log_level, node.settings.log_format)
    await_database(node.settings, warn)
    report_start_faults(node.settings, warn)
    return node


def node_of(context: typer.Context) -> "Node":
    """Return the node of a command."""
    state = context.find_object(State)
    if state is None:
        raise RuntimeError("the command line has no state")
    state.command = state.command or context.command_path.partition(" ")[2]
    state.actor = state.actor or context.params.get("actor")
    return state.node
