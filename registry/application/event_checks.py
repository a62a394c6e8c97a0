"""Checks of events before they are stored: consumers would accept them, and their form is right."""

from collections.abc import Collection, Sequence

from registry.application.acceptance import Acceptance, NotAccepted
from registry.application.refusals import FindRefusals, find_refused_basis
from registry.domain.errors import InvalidEvent
from registry.log import LogError
from registry.store.recorder import StoredEvent
from registry.store.translation import PUBLISHED, EventRow, Translator
from registry.wire.commit import MAX_EVENT
from registry.wire.events import Reader, Refused, Skipped


class EventChecker:
    """Checks the events of one member. May be shared by threads."""

    def __init__(self, origin: str, acceptance: Acceptance | None, find_refusals: FindRefusals) -> None:
        """`acceptance` says whether consumers would accept an event; without it, every event is acceptable.

        `find_refusals` returns what this member published and the log refused.
        """
        self.acceptance = acceptance
        self.find_refusals = find_refusals
        self._translator = Translator(origin)
        self._reader = Reader(origin)

    def check_accepted(self, event_types: Collection[str]) -> None:
        """Raise `NotAccepted` where consumers would refuse events of these types now."""
        if self.acceptance is None or not event_types:
            return
        try:
            self.acceptance.check_events(event_types)
        except NotAccepted as refused:
            raise NotAccepted(refused.code, refused.detail, f"Nothing was stored. {refused.remedy}") from None

    def is_refused_at(self, topic: str, size: int) -> bool:
        """Return whether consumers refuse an event of this topic at this size of the log.

        Where the log cannot be read, they are taken to refuse it.
        """
        if self.acceptance is None:
            return False
        try:
            self.acceptance.check_events(self._translator.list_types([topic]), size)
        except (NotAccepted, LogError):
            return True
        return False

    def find_faults(self, events: Sequence[StoredEvent]) -> dict[int, Refused]:
        """Return what a verifier would refuse of these events for their form, by their place in the list."""
        places, lines = [], []
        for place, event in enumerate(events):
            line = self._translator.write_line(
                EventRow(str(event.originator_id), event.originator_version, event.topic, event.state)
            )
            if line is not None:
                places.append(place)
                lines.append(line)
        faults: dict[int, Refused] = {}
        for place, line, read in zip(places, lines, self._reader.decode_lines(lines), strict=True):
            if len(line) > MAX_EVENT:
                faults[place] = Refused("schema", "$", f"{len(line):,} bytes, {MAX_EVENT:,} at most")
            elif isinstance(read, Refused):
                faults[place] = read
            elif isinstance(read, Skipped):
                faults[place] = Refused("schema", "$.type", f"{read.type} is not an event of this log")
        return faults

    def check_form(self, events: Sequence[StoredEvent]) -> None:
        """Raise `InvalidEvent` for the first event that a verifier would refuse for its form."""
        for refused in self.find_faults(events).values():
            raise InvalidEvent(refused.code, refused.path, refused.detail)

    def check(self, events: Sequence[StoredEvent]) -> None:
        """Check events as a verifier would read them.

        Raises `NotAccepted` where consumers would refuse them now, the refusal of an event that one builds on, and
        `InvalidEvent` for their form.
        """
        if not events:
            return
        self.check_accepted(self._translator.list_types(event.topic for event in events))
        refusals = self.find_refusals()
        for event in events:
            if event.topic in PUBLISHED:
                refusal = find_refused_basis(refusals, str(event.originator_id), event.state)
                if refusal is not None:
                    raise refusal
        self.check_form(events)
