"""Events of this member that are on the log and had no effect: what they would have created exists for nobody."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from registry.application.acceptance import NotAccepted

CREATE: Final[Mapping[str, str]] = {
    "achievement.published.v1": "unknown-achievement",
    "credential.issued.v1": "unknown-credential",
    "recognition.decided.v1": "unknown-decision",
    "recognition.assessed.v1": "unknown-assessment",
    "agreement.declared.v1": "unknown-agreement",
    "issuing.key.announced.v1": "unknown-key",
}
"""The types of event that create something, and the refusal of consumers while it does not exist."""
_ID: Final = re.compile(rb'"([0-9a-f]{8}-[0-9a-f-]{27})"')


class RefusedEvent(msgspec.Struct, frozen=True):
    """An event of this member that is on its log and had no effect."""

    leaf: int
    code: str
    """docs/events.md's name of the rule that refused it."""
    detail: str
    event: str
    """The event's id: aggregate and version."""
    type: str
    subject: str
    names: tuple[str, ...]
    """All ids in the event's data: what it is about and builds on."""


class RefusedCommits(NamedTuple):
    """Commits of this node that its own projector refuses."""

    detail: str
    """The rule that refuses them, and what to do."""
    codes: tuple[str, ...]
    """The codes of the rules."""
    commits: int
    read: int
    """The size of the stream from which the projector reads on: later commits have not been judged yet."""

    def is_same(self, other: "RefusedCommits") -> bool:
        """Return whether the same rules refuse as many commits; the projector may have read on."""
        return (self.codes, self.commits) == (other.codes, other.commits)


def read_refused(leaf: int, code: str, detail: str, line: bytes) -> RefusedEvent:
    """Read a refused event from its line on the log.

    A holder of the key may have written any line. A line that is not an event in form has no id, type or subject.
    """
    try:
        values: Any = msgspec.json.decode(line)
        names = tuple(_ids(values.get("data"))) if isinstance(values, dict) else ()
    except (msgspec.MsgspecError, ValueError, RecursionError):  # no JSON, no UTF-8, or nested too deep
        values, names = {}, ()
    if not isinstance(values, dict):
        values = {}
    event, kind, subject = (str(values.get(name, "")) for name in ("id", "type", "subject"))
    return RefusedEvent(leaf, code, detail, event, kind, subject, names)


def _ids(value: Any) -> Iterable[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        if len(value) == 36:
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _ids(each)
    elif isinstance(value, Sequence):
        for each in value:
            yield from _ids(each)


Refusals = Mapping[str, RefusedEvent]
"""The refused events by the id of what they would have created."""
FindRefusals = Callable[[], Refusals]


def index_by_subject(refused: Collection[RefusedEvent]) -> Refusals:
    """Return the refused events that would have created something, by its id."""
    return {event.subject: event for event in refused if event.type in CREATE}


def find_refused_basis(refusals: Refusals, originator: str, state: bytes) -> NotAccepted | None:
    """Return why an event would be refused for what it is about or builds on; None if the log refused none of that."""
    if not refusals:
        return None
    for name in (originator, *(identifier.decode() for identifier in _ID.findall(state))):
        if (refused := refusals.get(name)) is not None:
            return refuse_missing(refused)
    return None


def refuse_missing(refused: RefusedEvent) -> NotAccepted:
    """Return the error that names what the log refused, why, and the command that repairs it."""
    what = "key" if refused.type.startswith("issuing.key.") else refused.type.partition(".")[0]
    return NotAccepted(
        CREATE[refused.type],
        f"{what} {refused.subject} exists for nobody: the log refused it at entry {refused.leaf + 1} ({refused.code},"
        f" {refused.detail})",
        "Publish it again once nothing is against it: `registry refused publish-again`",
    )
