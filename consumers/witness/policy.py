"""Policies on witnesses: how many must cosign a head, and how old their cosignatures may be."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from registry.wire.checkpoint import SignedNote
from registry.wire.cosignature import CosignerKey

CLOCK_SKEW: Final = timedelta(minutes=5)
"""The time by which another clock may run ahead of this one."""


class PolicyUnmet(Exception):
    """The policy does not accept a head: the message says who is missing, or how old it is."""


class Cosigned(msgspec.Struct, frozen=True):
    """A witness that cosigned, and the time."""

    witness: str
    time: str


class Policy(msgspec.Struct, frozen=True):
    """`needed` of these witnesses; their cosignatures no older than `max_age` (None: of any age)."""

    witnesses: tuple[CosignerKey, ...] = ()
    needed: int = 0
    max_age: timedelta | None = None

    def check(self, note: SignedNote, now: datetime) -> list[Cosigned]:
        """Return the witnesses that cosigned the head. Raises `PolicyUnmet`."""
        times = {w.name: t for w in self.witnesses if (t := w.time_of(note)) is not None}
        head = f"the head of {note.checkpoint.origin} at {note.checkpoint.size}"
        ahead = sorted(name for name, time in times.items() if time > now + CLOCK_SKEW)
        if ahead:
            raise PolicyUnmet(f"{head} was cosigned in the future by {', '.join(ahead)}: a clock is wrong")
        if len(times) < self.needed:
            lacking = sorted(w.name for w in self.witnesses if w.name not in times)
            needed = "witness that is needed" if self.needed == 1 else "witnesses that are needed"
            raise PolicyUnmet(f"{len(times)} of {self.needed} {needed} cosigned {head}; {', '.join(lacking)} did not")
        if self.max_age is not None and self.needed:
            newest = sorted(times.values(), reverse=True)[self.needed - 1]
            if now - newest > self.max_age:
                hours = (now - newest).total_seconds() / 3600
                allowed = self.max_age.total_seconds() / 3600
                raise PolicyUnmet(f"{head} was cosigned {hours:.0f} hours ago, and {allowed:.0f} are allowed")
        return [Cosigned(name, time.isoformat()) for name, time in sorted(times.items())]
