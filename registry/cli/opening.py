"""The node of a command: opened when it is first needed, closed at the end."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from registry.node.node import Node


class State:
    """The global options; the node that they name is loaded and opened on first use."""

    def __init__(self, home: Path | None, log_level: str | None) -> None:
        self._home = home
        self._log_level = log_level
        self._node: Node | None = None

    @property
    def node(self) -> "Node":
        """The node. Raises `SettingsError`."""
        if self._node is None:
            from registry import observability  # noqa: PLC0415 - half a second of imports that help texts do not need
            from registry.node.node import Node  # noqa: PLC0415 - likewise
            from registry.settings.settings import load  # noqa: PLC0415 - likewise

            settings = load(self._home)
            # The level of the command line applies to the processes that this one starts, too.
            settings = settings.model_copy(update={"log_level": self._log_level or settings.log_level})
            observability.configure(settings.log_level)
            self._node = Node(settings)
        return self._node

    def close(self) -> None:
        """Close the node if it was opened."""
        if self._node is not None:
            self._node.close()


def node_of(context: typer.Context) -> "Node":
    """Return the node of a command."""
    state = context.find_object(State)
    if state is None:
        raise RuntimeError("the command line has no state")
    return state.node
