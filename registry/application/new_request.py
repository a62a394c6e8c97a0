"""A request of a batch, in the form in which it is looked up and issued."""

from collections.abc import Mapping
from typing import Final

import msgspec

from registry.application.records import KnownRecord
from registry.application.requests import IssueRequest
from registry.rules.achievements import Achievement as AchievementState
from registry.vault.vault import Vault, random_id
from registry.wire.credentials import CredentialIssued

_encode: Final = msgspec.json.Encoder().encode


class NewRequest:
    """A request with normalised identifiers and names, and the hashes by which its row is found.

    An earlier version hashed rows as they were sent, so a row is also looked up in the spelling that was sent.
    """

    __slots__ = ("content", "contents", "person", "place", "raw_student", "record", "records", "request", "student")

    def __init__(self, vault: Vault, place: int, raw: IssueRequest) -> None:
        """`place` is its place in the batch."""
        self.place = place
        self.request = request = raw.normalise()
        self.person = request.person()
        self.record = vault.hash_for_lookup("record", request.record)
        self.student = self.raw_student = vault.hash_for_lookup("student", request.student)
        self.content = vault.digest(_encode(request))
        self.records: tuple[bytes, ...] = (self.record,)
        self.contents: tuple[bytes, ...] = (self.content,)
        if request is not raw:
            self.records = self.record, vault.hash_for_lookup("record", raw.record)
            self.raw_student = vault.hash_for_lookup("student", raw.student)
            self.contents = self.content, vault.digest(_encode(raw))

    def find_among(self, records: Mapping[bytes, KnownRecord]) -> KnownRecord | None:
        """Return the record that this row became; None if it has become none yet."""
        if (record := records.get(self.record)) is not None:
            return record
        return next((records[key] for key in self.records if key in records), None)

    def describe_credential(self, state: AchievementState | None, learner: str, claims: str) -> CredentialIssued:
        """Return the credential that it asks for, with a fresh id. `state` is of its achievement; None if unknown."""
        request, version = self.request, self.request.version
        if version is None:
            version = state.version if state is not None else 1
        exists = state is not None and 1 <= version <= state.version
        return CredentialIssued(
            random_id(),
            request.achievement,
            version,
            learner,
            request.awarding_date,
            state.ects[version - 1] if state is not None and exists else None,
            request.valid_until,
            request.parts,
            request.replaces,
            claims,
        )
