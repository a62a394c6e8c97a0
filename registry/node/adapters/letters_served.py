"""Letters of a node that answers over HTTP."""

from collections.abc import Callable

from registry.api import PrivateSide
from registry.letters import Language, LetterContent
from registry.letters.composing import LetterRequest
from registry.letters.notices import Notice
from registry.node.adapters.letters import Letters
from registry.node.node import Node, open_node
from registry.office.cases.notices import LetterKind


class ServedLetters:
    """Writes letters in several threads at once, without a lock."""

    def __init__(self, node: Node, private: PrivateSide) -> None:
        self._node = node
        self._private = private

    def of_case(
        self,
        case: str,
        language: Language | None,
        kind: LetterKind | None = None,
        *,
        decision: str | None = None,
        enquiry: str | None = None,
    ) -> tuple[str, bytes]:
        """Return the kind of a case's letter, and the letter: the one that its state needs, or another kind.

        Raises `CannotWrite` and refusals.
        """
        kinds: list[str] = []

        def write(letters: Letters) -> LetterContent | Notice:
            content = letters.of_case(case, language, kind, decision=decision, enquiry=enquiry)
            kinds.append(content.kind if isinstance(content, Notice) else "decision")
            return content

        letter = self._render(write)
        return kinds[0], letter

    def of_decision(self, decision: str, request: LetterRequest) -> bytes:
        """Return the letter about one of this office's decisions. Raises `CannotWrite`."""
        return self._render(lambda letters: letters.of_decision(decision, request))

    def _render(self, write: Callable[[Letters], LetterContent | Notice]) -> bytes:
        # The letter has a log, a connection to the views and one to the private side of its own: no other request
        # waits for it, and it waits for none.
        with self._private.reading() as registry, open_node(self._node.settings.home) as another:
            another.registry = registry
            content = write(Letters(another))
        return Letters(self._node).render(content)
