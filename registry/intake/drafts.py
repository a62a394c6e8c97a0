"""Drafts: achievements that a document describes and Annex I wants more of; and the credentials that wait for them.

A draft is the university's own matter until it is published. What was read stays as it was; what was given since
stands beside it and counts before it. Credentials wait encrypted, and are issued when their achievement is there.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, LiteralString

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.intake.formats.award import Award, Oddity, unanswered
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
    """Statements of its document that are unclear, until somebody names their fields."""
    named: list[str] = []
    """The fields that somebody named beside the document, null included."""

    @property
    def values(self) -> Values:
        """Fields of Annex I that are known so far."""
        return {**self.read, **self.given}

    @property
    def meant(self) -> set[str]:
        """The fields whose texts are meant as the document has them: somebody repeated them."""
        return repeated_texts(self.read, self.values, self.named)


class Waiting(msgspec.Struct, frozen=True):
    """A credential that waits for its achievement."""

    key: bytes
    values: Values
    asked: list[Oddity] = []
    """Statements of its document that are unclear, until somebody names their fields."""
    named: list[str] = []
    """The fields that somebody named beside the document, or in the draft: a text of theirs is meant."""

    @property
    def missing(self) -> list[str]:
        """The columns that issuing still wants, and those that are unclear."""
        unclear = [one.asks.removeprefix("credential.") for one in self.asked]
        return list(dict.fromkeys([*missing_columns(self.values), *unclear]))


class Drafts:
    """The drafts of one university. For one thread."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def all(self) -> list[Draft]:
        """Return the drafts that are not published, or that credentials wait for, the oldest first."""
        return self._select("achievement IS NULL OR EXISTS (SELECT FROM intake.waiting w WHERE w.draft = d.draft)", ())

    def one(self, draft: str) -> Draft:
        """Return the draft with this id. Raises `UnknownDraft`."""
        found = self._select("draft = %s", (draft,))
        if not found:
            raise UnknownDraft(f"there is no draft {draft}; `registry achievement draft list` shows those that are")
        return found[0]

    def _select(self, where: LiteralString, values: tuple[str, ...]) -> list[Draft]:
        def read() -> list[Draft]:
            rows = self._registry.cursor().execute(
                f"SELECT {_COLUMNS} FROM intake.drafts d WHERE {where} ORDER BY created, draft",  # noqa: S608 - names of our own
                values,
            )
            return [self._opened(row) for row in rows.fetchall()]

        return retry_read(read)

    def _opened(self, row: DictRow) -> Draft:
        texts = self._registry.vault.open_own(_draft_purpose(row["draft"]), row.pop("sealed"))
        asked = msgspec.convert(texts.pop("asked", []), list[Oddity])  # a draft of an earlier version has none
        return Draft(**row, **texts, asked=asked)

    def of(self, award: Award) -> Draft | None:
        """Return the draft of an award's achievement; None where there is none."""
        draft = self.id_of(award)
        return None if draft is None else self.one(draft)

    def id_of(self, award: Award) -> str | None:
        """Return the id of the draft of an award's achievement; None where there is none."""
        row = (
            self._registry.cursor()
            .execute("SELECT draft::text FROM intake.drafts WHERE content = %s", (self._content(award),))
            .fetchone()
        )
        return None if row is None else str(row["draft"])

    def _content(self, award: Award) -> bytes:
        said = {name: value for name, value in award.achievement.items() if name != "composition"}  # made of its parts
        return self._registry.vault.digest(msgspec.json.encode([said, award.codes], order="sorted"))

    def waiting(self, draft: str) -> list[Waiting]:
        """Return the credentials that wait for a draft, in the order in which they came."""
        vault = self._registry.vault

        def read() -> list[Waiting]:
            rows = self._registry.cursor().execute(
                "SELECT record, sealed FROM intake.waiting WHERE draft = %s ORDER BY arrived, record", (draft,)
            )
            return [
                _waiting(bytes(row["record"]), vault.open_own(f"{_PURPOSE} {draft}", row["sealed"]))
                for row in rows.fetchall()
            ]

        return retry_read(read)

    def missing(self, draft: Draft) -> list[str]:
        """What Annex I still wants of it, and what is unclear in it."""
        return list(
            dict.fromkeys([*missing_fields(draft.values, self._registry.member), *(one.asks for one in draft.asked)])
        )

    def content(self, draft: Draft, identifier: str, keep_text: Collection[str]) -> AchievementContent:
        """Return what would be published. Raises `DraftIncomplete`, and `FaultyContent` with all that is wrong.

        `keep_text` are the fields whose texts are meant though they look broken.
        """
        if missing := self.missing(draft):
            raise DraftIncomplete(draft.draft, missing)
        return build_content(
            draft.values, identifier, self._registry.member, self._registry.achievements.newest_version, keep_text
        )

    # Changing

    def row_of(self, award: Award, kind: str, completions: Completions, version: int | None = None) -> "DraftRow":
        """Return rows that keep an award: its achievement as a draft, unless it is one, and its waiting credential.

        `version` is that of a published achievement for which the credential is meant.
        """
        known = self.of(award)
        draft = known.draft if known is not None else random_id()
        given = {
            name: value
            for name, value in award.completed("achievement", completions).items()
            if award.achievement.get(name) != value
        }
        named = [] if known is None else known.named  # what was settled stays settled
        named = sorted({*named, *award.named_fields("achievement", completions)})
        return DraftRow(
            draft,
            (
                self._content(award),
                kind,
                self._sealed(
                    draft,
                    title=award.title[:500],
                    codes=award.codes,
                    read=award.achievement,
                    given={**(known.given if known is not None else {}), **given},
                    odd=[f"{one.where} {one.detail}" for one in award.problems],
                    asked=unanswered(award.problems, "achievement", named),
                    named=named,
                ),
            ),
            self._waiting_row(
                draft,
                award.completed("credential", completions) | ({} if version is None else {"version": version}),
                award.unanswered("credential", completions),
                award.named_fields("credential", completions),
            ),
        )

    def _sealed(self, draft: str, **texts: Any) -> bytes:  # noqa: ANN401 - any JSON values
        """Encrypt what a document says of an achievement: it may have a person's name in a wrong field."""
        return self._registry.vault.seal_own(_draft_purpose(draft), texts)

    def key(self, award: Award, completions: Completions) -> bytes:
        """Return the key of an award's waiting credential."""
        return self._key(award.completed("credential", completions))

    def _key(self, values: Values) -> bytes:
        vault, record = self._registry.vault, values.get("record")
        if record:
            return vault.hash_for_lookup("record", normalise_identifier(str(record)))
        said = {name: value for name, value in values.items() if name != "version"}  # of the achievement, not of it
        return vault.digest(msgspec.json.encode(said, order="sorted"))

    def _waiting_row(
        self, draft: str, values: Values, asked: Sequence[Oddity], named: Collection[str]
    ) -> tuple[Any, ...]:
        vault = self._registry.vault
        student = values.get("student")
        hashed = vault.hash_for_lookup("student", normalise_identifier(str(student))) if student else None
        sealed = {"values": values, "asked": asked, "named": sorted(named)}
        return self._key(values), hashed, vault.seal_own(f"{_PURPOSE} {draft}", sealed)

    def complete(self, draft: str, given: Mapping[str, Any]) -> Draft:
        """Complete a draft with what is missing: `achievement`; `credential` where one waits; `credentials` by record.

        Raises `UnknownDraft`, and `IntakeError` for what is no field or no credential that waits.
        """
        found = self.one(draft)
        if unknown := given.keys() - {"achievement", "credential", "credentials"}:
            raise IntakeError(f"{min(unknown)} is none of achievement, credential, credentials")
        if found.achievement is not None and given.get("achievement"):
            raise IntakeError(f"draft {draft} is published; revise achievement {found.achievement} instead")
        award = Award(f"draft {draft}", "$", found.values, {})
        values = award.completed("achievement", {"achievement": given.get("achievement", {})})
        more = {name: value for name, value in values.items() if found.read.get(name) != value}
        named = sorted({*found.named, *(given.get("achievement") or {})})
        sealed = self._sealed(
            draft,
            title=found.title,
            codes=found.codes,
            read=found.read,
            given=more,
            odd=found.odd,
            asked=unanswered(found.asked, "achievement", named),
            named=named,
        )
        self._registry.store_rows(_Completed(draft, sealed, self._completed(draft, given)))
        return self.one(draft)

    def _completed(self, draft: str, given: Mapping[str, Any]) -> list[tuple[bytes, tuple[Any, ...]]]:
        waiting = self.waiting(draft)
        named: dict[str, Any] = dict(given.get("credentials") or {})
        if single := given.get("credential"):
            if len(waiting) != 1:
                raise IntakeError(f"{len(waiting)} credentials wait; say in `credentials`, by record, what is whose")
            named[str(waiting[0].values.get("record", ""))] = single
        rows = []
        for one in waiting:
            if (more := named.pop(str(one.values.get("record", "")), None)) is not None:
                award = Award(f"draft {draft}", "$", {}, one.values)
                values = award.completed("credential", {"credential": more})
                asked = unanswered(one.asked, "credential", more)
                rows.append((one.key, self._waiting_row(draft, values, asked, {*one.named, *more})))
        if named:
            raise IntakeError(f"no credential with record {min(named)!r} waits for draft {draft}")
        return rows

    def published(self, draft: str, achievement: str) -> "Published":
        """Return the row that records it, to be written with the achievement's first event."""
        return Published(draft, achievement)

    def issued(self, draft: str, keys: Sequence[bytes]) -> "NoLonger":
        """Return rows that let credentials no longer wait, to be written when they are issued."""
        return NoLonger(draft, keys)

    def drop(self, draft: str, transaction: Transaction | None = None) -> None:
        """Delete a draft and the credentials that wait for it. Raises `UnknownDraft`."""
        self.one(draft)
        with self._registry.join(transaction) as joined:
            joined.add(_Dropped(draft))


def _waiting(key: bytes, sealed: Values) -> Waiting:
    """A waiting credential as it was sealed; one of an earlier version holds its values alone."""
    if sealed.keys() >= {"values", "asked"}:
        asked = msgspec.convert(sealed["asked"], list[Oddity])
        return Waiting(key, sealed["values"], asked, sealed.get("named", []))
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


class _Completed:
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


class Published:
    """Row that records the publishing of a draft."""

    def __init__(self, draft: str, achievement: str) -> None:
        self._row = achievement, draft

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it."""
        cursor.execute("UPDATE intake.drafts SET achievement = %s WHERE draft = %s", self._row)


class NoLonger:
    """Rows that let credentials of a draft no longer wait."""

    def __init__(self, draft: str, keys: Sequence[bytes]) -> None:
        self._row = draft, list(keys)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it."""
        cursor.execute("DELETE FROM intake.waiting WHERE draft = %s AND record = ANY(%s)", self._row)


class _Dropped:
    def __init__(self, draft: str) -> None:
        self._row = (draft,)

    def write(self, cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM intake.drafts WHERE draft = %s", self._row)


def _draft_purpose(draft: str) -> str:
    return f"draft {draft}"
