"""Drafts: achievements of documents that lack fields of Annex I, and the credentials that wait for them.

A draft is private until it is published. The values of the document stay as they are; completions are stored beside
them and take precedence. Credentials wait encrypted, and are issued when their achievement is published.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.intake.formats.award import Award, Oddity, select_unanswered
from registry.intake.formats.completions import Completions, Values
from registry.intake.formats.requirements import build_content, missing_columns, missing_fields, repeated_texts
from registry.intake.rows.report import IntakeError
from registry.values.persons import normalise_identifier
from registry.vault.vault import random_id, retry_read
from registry.wire.achievements import AchievementContent

_PURPOSE: Final = "waiting"
_COLUMNS: Final = (
    "d.draft::text, d.format, d.sealed, d.created, d.achievement::text,"
    " (SELECT count(*) FROM intake.waiting w WHERE w.draft = d.draft) AS waiting"
)
_OPEN: Final = "(achievement IS NULL OR EXISTS (SELECT FROM intake.waiting w WHERE w.draft = d.draft))"
"""The condition that a draft is not published, or that credentials wait for it."""


class UnknownDraft(IntakeError):
    """No draft has this id."""


class DraftIncomplete(IntakeError):
    """A draft that cannot be published yet."""

    def __init__(self, draft: str, missing: Sequence[str]) -> None:
        super().__init__(f"draft {draft} still requires {', '.join(missing)}")
        self.missing = missing


class Draft(msgspec.Struct, frozen=True):
    """An achievement that is not published yet."""

    draft: str
    title: str
    format: str
    codes: list[str]
    read: Values
    given: Values
    odd: list[str]
    """Statements that were read and are unclear."""
    created: datetime
    achievement: str | None
    """Id of the achievement as which it was published."""
    waiting: int
    """Number of credentials that wait for it."""
    asked: list[Oddity] = []
    """Unclear statements of its document, until an importer names their fields."""
    named: list[str] = []
    """Fields that an importer named beside the document, with a value or null."""

    @property
    def values(self) -> Values:
        """Values of the document with the completions."""
        return {**self.read, **self.given}

    @property
    def texts_to_keep(self) -> set[str]:
        """Fields whose texts are right although they look broken, because an importer repeated them."""
        return repeated_texts(self.read, self.values, self.named)


class Waiting(msgspec.Struct, frozen=True):
    """A credential that waits for its achievement."""

    key: bytes
    values: Values
    asked: list[Oddity] = []
    """Unclear statements of its document, until an importer names their fields."""
    named: list[str] = []
    """Fields that an importer named beside the document or in the draft: their texts are right as they are."""

    @property
    def missing(self) -> list[str]:
        """Columns that issuing still requires, and those that are unclear."""
        unclear = [question.asks.removeprefix("credential.") for question in self.asked]
        return list(dict.fromkeys([*missing_columns(self.values), *unclear]))


class Drafts:
    """The drafts of one university. For one thread."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def list_all(self) -> list[Draft]:
        """Return the drafts that are not published, or that credentials wait for, the oldest first."""
        return self._select(_OPEN, ())

    def read_page(self, limit: int, after: tuple[datetime, UUID] | None = None) -> list[Draft]:
        """Return the drafts of `list_all` that come after a place, which is the time and the id of a draft."""
        created, draft = after or (None, None)
        return self._select(
            f"{_OPEN} AND (%s::timestamptz IS NULL OR (created, draft) > (%s, %s))", (created, created, draft), limit
        )

    def count(self) -> int:
        """Return the number of drafts that lack something, or for which credentials wait."""
        row = self._registry.cursor().execute(f"SELECT count(*) AS n FROM intake.drafts d WHERE {_OPEN}").fetchone()  # noqa: S608 - names of our own
        assert row is not None  # noqa: S101 - an aggregate function returns a row
        return int(row["n"])

    def get(self, draft: str) -> Draft:
        """Return the draft with this id. Raises `UnknownDraft`."""
        drafts = self._select("draft = %s", (draft,))
        if not drafts:
            raise UnknownDraft(f"there is no draft {draft}; `registry achievement draft list` shows those that are")
        return drafts[0]

    def _select(self, where: LiteralString, values: tuple[Any, ...], limit: int | None = None) -> list[Draft]:
        def read() -> list[Draft]:
            rows = self._registry.cursor().execute(
                f"SELECT {_COLUMNS} FROM intake.drafts d WHERE {where} ORDER BY created, draft LIMIT %s",  # noqa: S608 - names of our own
                (*values, limit),
            )
            return [self._decrypt(row) for row in rows.fetchall()]

        return retry_read(read)

    def _decrypt(self, row: DictRow) -> Draft:
        texts = self._registry.vault.open_own(_draft_purpose(row["draft"]), row.pop("sealed"))
        questions = msgspec.convert(texts.pop("asked", []), list[Oddity])  # a draft of an earlier version has none
        return Draft(**row, **texts, asked=questions)

    def find(self, award: Award) -> Draft | None:
        """Return the draft of an award's achievement; None where there is none."""
        draft = self.find_id(award)
        return None if draft is None else self.get(draft)

    def find_id(self, award: Award) -> str | None:
        """Return the id of the draft of an award's achievement; None where there is none."""
        row = (
            self._registry.cursor()
            .execute("SELECT draft::text FROM intake.drafts WHERE content = %s", (self._digest(award),))
            .fetchone()
        )
        return None if row is None else str(row["draft"])

    def _digest(self, award: Award) -> bytes:
        # The composition is not stated: it is made of the parts.
        stated = {name: value for name, value in award.achievement.items() if name != "composition"}
        return self._registry.vault.digest(msgspec.json.encode([stated, award.codes], order="sorted"))

    def list_waiting(self, draft: str) -> list[Waiting]:
        """Return the credentials that wait for a draft, in the order in which they came."""
        vault = self._registry.vault

        def read() -> list[Waiting]:
            rows = self._registry.cursor().execute(
                "SELECT record, sealed FROM intake.waiting WHERE draft = %s ORDER BY arrived, record", (draft,)
            )
            return [
                _read_waiting(bytes(row["record"]), vault.open_own(f"{_PURPOSE} {draft}", row["sealed"]))
                for row in rows.fetchall()
            ]

        return retry_read(read)

    def version_of(self, draft: Draft) -> str:
        """Return a text that changes with what a draft says. The credentials that wait for it do not change it."""
        stated = [draft.read, draft.given, draft.asked, draft.named, draft.achievement]
        return self._registry.vault.digest(msgspec.json.encode(stated, order="sorted")).hex()

    def list_missing(self, draft: Draft) -> list[str]:
        """Return the fields that Annex I still requires, and those that are unclear."""
        return list(
            dict.fromkeys(
                [*missing_fields(draft.values, self._registry.member), *(question.asks for question in draft.asked)]
            )
        )

    def build_content(self, draft: Draft, identifier: str, keep_text: Collection[str]) -> AchievementContent:
        """Return the content to publish. Raises `DraftIncomplete`, and `FaultyContent` with all faults.

        `keep_text` are the fields whose texts are right although they look broken.
        """
        if missing := self.list_missing(draft):
            raise DraftIncomplete(draft.draft, missing)
        return build_content(
            draft.values, identifier, self._registry.member, self._registry.achievements.newest_version, keep_text
        )

    # Changing

    def build_row(self, award: Award, kind: str, completions: Completions, version: int | None = None) -> "DraftRow":
        """Return the row of an award: its achievement as a draft, which may exist, and its waiting credential.

        `version` is the version of a published achievement for which the credential waits.
        """
        existing = self.find(award)
        draft = existing.draft if existing is not None else random_id()
        completed = {
            name: value
            for name, value in award.complete("achievement", completions).items()
            if award.achievement.get(name) != value
        }
        named = [] if existing is None else existing.named  # an answered question stays answered
        named = sorted({*named, *award.named_fields("achievement", completions)})
        return DraftRow(
            draft,
            (
                self._digest(award),
                kind,
                self._encrypt(
                    draft,
                    title=award.title[:500],
                    codes=award.codes,
                    read=award.achievement,
                    given={**(existing.given if existing is not None else {}), **completed},
                    odd=[f"{problem.where} {problem.detail}" for problem in award.problems],
                    asked=select_unanswered(award.problems, "achievement", named),
                    named=named,
                ),
            ),
            self._build_waiting_row(
                draft,
                award.complete("credential", completions) | ({} if version is None else {"version": version}),
                award.list_unanswered("credential", completions),
                award.named_fields("credential", completions),
            ),
        )

    def _encrypt(self, draft: str, **texts: Any) -> bytes:  # noqa: ANN401 - any JSON values
        """Encrypt the statements about an achievement: a document may have a person's name in a wrong field."""
        return self._registry.vault.seal_own(_draft_purpose(draft), texts)

    def key_of(self, award: Award, completions: Completions) -> bytes:
        """Return the key of an award's waiting credential."""
        return self._waiting_key(award.complete("credential", completions))

    def _waiting_key(self, values: Values) -> bytes:
        vault, record = self._registry.vault, values.get("record")
        if record:
            return vault.hash_for_lookup("record", normalise_identifier(str(record)))
        stated = {name: value for name, value in values.items() if name != "version"}  # a field of the achievement
        return vault.digest(msgspec.json.encode(stated, order="sorted"))

    def _build_waiting_row(
        self, draft: str, values: Values, questions: Sequence[Oddity], named: Collection[str]
    ) -> tuple[Any, ...]:
        vault = self._registry.vault
        student = values.get("student")
        hashed = vault.hash_for_lookup("student", normalise_identifier(str(student))) if student else None
        sealed = {"values": values, "asked": questions, "named": sorted(named)}
        return self._waiting_key(values), hashed, vault.seal_own(f"{_PURPOSE} {draft}", sealed)

    def complete(self, draft: str, completions: Mapping[str, Any]) -> Draft:
        """Complete a draft: `achievement`; `credential` where one waits; `credentials` by record.

        Raises `UnknownDraft`, and `IntakeError` for an unknown field or a record that does not wait.
        """
        stored = self.get(draft)
        if unknown := completions.keys() - {"achievement", "credential", "credentials"}:
            raise IntakeError(f"{min(unknown)} is not one of achievement, credential, credentials")
        if stored.achievement is not None and completions.get("achievement"):
            raise IntakeError(f"draft {draft} is published; revise achievement {stored.achievement} instead")
        award = Award(f"draft {draft}", "$", stored.values, {})
        values = award.complete("achievement", {"achievement": completions.get("achievement", {})})
        more = {name: value for name, value in values.items() if stored.read.get(name) != value}
        named = sorted({*stored.named, *(completions.get("achievement") or {})})
        sealed = self._encrypt(
            draft,
            title=stored.title,
            codes=stored.codes,
            read=stored.read,
            given=more,
            odd=stored.odd,
            asked=select_unanswered(stored.asked, "achievement", named),
            named=named,
        )
        self._registry.store_rows(_CompletedRows(draft, sealed, self._complete_waiting(draft, completions)))
        return self.get(draft)

    def _complete_waiting(self, draft: str, completions: Mapping[str, Any]) -> list[tuple[bytes, tuple[Any, ...]]]:
        waiting = self.list_waiting(draft)
        named: dict[str, Any] = dict(completions.get("credentials") or {})
        if single := completions.get("credential"):
            if len(waiting) != 1:
                raise IntakeError(f"{len(waiting)} credentials wait; name them by record in `credentials`")
            named[str(waiting[0].values.get("record", ""))] = single
        rows = []
        for credential in waiting:
            if (more := named.pop(str(credential.values.get("record", "")), None)) is not None:
                award = Award(f"draft {draft}", "$", {}, credential.values)
                values = award.complete("credential", {"credential": more})
                questions = select_unanswered(credential.asked, "credential", more)
                rows.append(
                    (credential.key, self._build_waiting_row(draft, values, questions, {*credential.named, *more}))
                )
        if named:
            raise IntakeError(f"no credential with record {min(named)!r} waits for draft {draft}")
        return rows

    def mark_published(self, draft: str, achievement: str) -> "PublishedRow":
        """Return the row that marks a draft as published, to be written with the achievement's first event."""
        return PublishedRow(draft, achievement)

    def end_waiting(self, draft: str, keys: Sequence[bytes]) -> "IssuedRows":
        """Return the rows that end the waiting of credentials, to be written when they are issued."""
        return IssuedRows(draft, keys)

    def drop(self, draft: str, transaction: Transaction | None = None) -> None:
        """Delete a draft and the credentials that wait for it. Raises `UnknownDraft`."""
        self.get(draft)
        with self._registry.join(transaction) as joined:
            joined.add(_DroppedRow(draft))


def _read_waiting(key: bytes, sealed: Values) -> Waiting:
    """Return a waiting credential from its decrypted row; a row of an earlier version has the values only."""
    if sealed.keys() >= {"values", "asked"}:
        questions = msgspec.convert(sealed["asked"], list[Oddity])
        return Waiting(key, sealed["values"], questions, sealed.get("named", []))
    return Waiting(key, sealed)


class DraftRow:
    """A draft and a credential that waits for it, to be written."""

    def __init__(self, draft: str, values: tuple[Any, ...], waiting: tuple[Any, ...]) -> None:
        self.draft = draft
        self._values = values
        self._waiting = waiting

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write both. When the document comes again, its newest completions count."""
        now = datetime.now(UTC)
        cursor.execute(
            "INSERT INTO intake.drafts (draft, content, format, sealed, created) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (content) DO UPDATE SET sealed = excluded.sealed",
            (self.draft, *self._values, now),
        )
        cursor.execute(
            "INSERT INTO intake.waiting (draft, record, student, sealed, arrived) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (draft, record) DO UPDATE SET student = excluded.student, sealed = excluded.sealed",
            (self.draft, *self._waiting, now),
        )


class _CompletedRows:
    def __init__(self, draft: str, sealed: bytes, waiting: Sequence[tuple[bytes, tuple[Any, ...]]]) -> None:
        self._draft = draft
        self._sealed = sealed
        self._waiting = waiting

    def write(self, cursor: Cursor[DictRow]) -> None:
        cursor.execute("UPDATE intake.drafts SET sealed = %s WHERE draft = %s", (self._sealed, self._draft))
        for before, row in self._waiting:
            cursor.execute(
                "UPDATE intake.waiting SET record = %s, student = %s, sealed = %s WHERE draft = %s AND record = %s",
                (*row, self._draft, before),
            )


class PublishedRow:
    """The row that marks a draft as published."""

    def __init__(self, draft: str, achievement: str) -> None:
        self._row = achievement, draft

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the row."""
        cursor.execute("UPDATE intake.drafts SET achievement = %s WHERE draft = %s", self._row)


class IssuedRows:
    """The rows of credentials of a draft that no longer wait."""

    def __init__(self, draft: str, keys: Sequence[bytes]) -> None:
        self._row = draft, list(keys)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the row."""
        cursor.execute("DELETE FROM intake.waiting WHERE draft = %s AND record = ANY(%s)", self._row)


class _DroppedRow:
    def __init__(self, draft: str) -> None:
        self._row = (draft,)

    def write(self, cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM intake.drafts WHERE draft = %s", self._row)


def _draft_purpose(draft: str) -> str:
    return f"draft {draft}"
