"""The history of one of this university's credentials, as this node stored it: when, what, why, and in which words."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from registry.application.registry import Registry
from registry.application.status_notes import read_notes_by_version
from registry.domain.credential import Credential, ReplacedBy
from registry.wire.credentials import CredentialRevoked, CredentialSuspended

_STEPS: Final = {
    Credential.Issued.TOPIC: "issued",
    Credential.Suspended.TOPIC: "suspended",
    Credential.Reinstated.TOPIC: "active",
    Credential.Revoked.TOPIC: "revoked",
    Credential.Replaced.TOPIC: "replaced",
}


class HistoryStep(NamedTuple):
    """The issuing of a credential, or a change of its status."""

    status: str
    """`issued`, or the status after it."""
    at: datetime
    reason: str = ""
    """The code that is on the log; empty where it needs none."""
    replaced_by: str = ""
    """The credential that took its place."""
    note: str = ""
    """The university's own words about it."""


def read_credential_history(registry: Registry, credential: str) -> list[HistoryStep]:
    """Return the steps of a credential, the oldest first; empty if this node has not issued it."""
    notes = read_notes_by_version(registry.vault, registry.cursor(), credential)
    steps = []
    for stored in registry.recorder.select_events(UUID(credential)):
        status = _STEPS.get(stored.topic)
        if status is None:  # a repetition, which changes nothing here
            continue
        event: Any = registry.mapper.to_domain_event(stored)
        data, note = event.data, notes.get(stored.originator_version)
        steps.append(
            HistoryStep(
                status,
                event.timestamp,
                data.reason if isinstance(data, CredentialRevoked | CredentialSuspended) else "",
                data.credential if isinstance(data, ReplacedBy) else "",
                "" if note is None else note.note,
            )
        )
    return steps
