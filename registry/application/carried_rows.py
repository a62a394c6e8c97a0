"""The rows that a trial carries to its later requests, encrypted and outside of memory."""

from collections.abc import Iterable
from typing import Any

import msgspec

from registry.application.prepared_batch import PreparedBatch
from registry.application.records import KnownRecord
from registry.domain.credential import Credential
from registry.rules.achievements import Achievement as AchievementState
from registry.vault.scratch import Scratch
from registry.vault.vault import KnownLearner


class CarriedRows:
    """The records, learners and replaced credentials of a trial's batches, and the achievements offered to it.

    Of a record, its hash is carried. Of a learner, the person, and no key: nothing is stored. What the newest batch
    brings is in memory until the next one comes, so that a trial of one batch writes nothing.
    """

    def __init__(self) -> None:
        self.replaced: dict[str, Credential] = {}
        self.offered: dict[str, AchievementState] = {}
        self._records = Scratch()
        self._learners = Scratch()
        self._newest_records: dict[bytes, bytes] = {}
        self._newest_learners: dict[bytes, tuple[str, dict[str, Any]]] = {}

    def add(self, ready: PreparedBatch) -> None:
        """Carry the rows of a batch."""
        for key, content in self._newest_records.items():
            self._records.replace(key, content)
        for student, learner in self._newest_learners.items():
            self._learners.replace(student, msgspec.msgpack.encode(learner))
        self._newest_records = {
            key: record.content for key, record in ready.records.items() if record.content is not None
        }
        self._newest_learners = {
            student: (each.learner.learner, each.person) for student, each in ready.learners.items()
        }
        self.replaced.update(ready.replaced)

    def find_records(self, keys: Iterable[bytes]) -> dict[bytes, KnownRecord]:
        """Return the known records among these hashes, by their hash."""
        keys = list(keys)
        contents = self._records.find_all(keys)
        contents |= {key: self._newest_records[key] for key in keys if key in self._newest_records}
        return {key: KnownRecord(content, "", "") for key, content in contents.items()}

    def find_learners(self, students: Iterable[bytes]) -> dict[bytes, KnownLearner]:
        """Return the known learners among these hashes of numbers, without their keys."""
        students = list(students)
        stored = self._learners.find_all(students).items()
        learners = {student: msgspec.msgpack.decode(value) for student, value in stored}
        learners |= {
            student: self._newest_learners[student] for student in students if student in self._newest_learners
        }
        return {student: KnownLearner.without_key(*learner) for student, learner in learners.items()}
