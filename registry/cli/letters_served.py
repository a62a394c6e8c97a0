"""Letters of a node that answers over HTTP."""

from collections.abc import Callable

from registry.api import Desk
from registry.cli.context import Node, opened
from registry.cli.letters import Letters
from registry.letters import Language, LetterContent
from registry.letters.composing import Asked


class ServedLetters:
    """What letters say is looked up one at a time, at the desk; they are set side by side. Shared by threads."""

    def __init__(self, node: Node, desk: Desk) -> None:
        self._node = node
        self._desk = desk

    def of_case(self, case: str, language: Language | None) -> bytes:
        """The letter about the decision that stands in a case. Raises `CannotWrite` and refusals."""
        return self._set(lambda letters: letters.of_case(case, language))

    def of_decision(self, decision: str, asked: Asked) -> bytes:
        """The letter about one of this office's decisions. Raises `CannotWrite`."""
        return self._set(lambda letters: letters.of_decision(decision, asked))

    def _set(self, said: Callable[[Letters], LetterContent]) -> bytes:
        # A log and a connection to the views of its own: threads don't share one.
        with self._desk.reading() as registry, opened(self._node.settings.home) as another:
            another.registry = registry
            content = said(Letters(another))
        return Letters(self._node).set(content)
