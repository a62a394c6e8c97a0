"""The state of an import in one word, and which page of a list a row is on. Pure."""

from typing import Final, Literal

from registry.batches.imports.import_view import ImportView

ImportState = Literal[
    "checking", "failed", "toCorrect", "ready", "awaitingRelease", "releasing", "refused", "done", "closed"
]
TONES: Final[dict[ImportState, str]] = {
    "checking": "info",
    "failed": "bad",
    "toCorrect": "warn",
    "ready": "info",
    "awaitingRelease": "info",
    "releasing": "info",
    "refused": "bad",
    "done": "ok",
    "closed": "quiet",
}
_FAILED: Final = ("failed", "cancelled", "incomplete")
ROWS_PER_PAGE: Final = 25


def state_of(view: ImportView) -> ImportState:
    """Return what an import waits for."""
    if view.batch.state in _FAILED:
        return "failed"
    if not view.is_checked:
        return "checking"
    states = {each.batch.state for each in view.hand_overs if each.is_in_force}
    if "awaitingRelease" in states:
        return "awaitingRelease"
    if states - {"done"}:
        return "releasing"
    ended: ImportState = "refused" if view.refused else "done"
    if view.is_closed:
        return ended if states else "closed"
    if view.to_correct:
        return "toCorrect"
    return "ready" if view.ready else ended


def page_of(index: int) -> int:
    """Return the page, from 1, on which the item with this index is."""
    return index // ROWS_PER_PAGE + 1
