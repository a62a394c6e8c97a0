"""Everything that this node knows of one person, as a ZIP for the learner who asks (GDPR, Art. 15 and 20).

`export.json` has the person and their credentials. The other files have what else the node stores: cases with their
texts and files, rows that wait or were refused, answers to systems, what people did with the person's data, and who
read it. The manifest lists each file with its SHA-256, which files are cut (`cut`), and what is not in the archive,
with the reason. `cases.json` lists the cases that have a folder of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import sql

from registry.accounts.journal import JournalEntry
from registry.application.held_row import open_content
from registry.application.registry import Registry
from registry.batches.imports.import_store import ImportStore
from registry.batches.redaction import SoughtLearner
from registry.batches.store import BatchStore
from registry.domain.case import Case
from registry.domain.case_errors import UnknownCase
from registry.learners.access_export import AccessExport
from registry.learners.erasure import find_merged_learners
from registry.learners.own_decisions import find_hidden_decisions
from registry.office.cases.attachments import Attachment, list_attachments, read_attachment
from registry.office.cases.rows import Written, read_texts
from registry.privacy.access_journal import list_reads
from registry.privacy.batch_rows import BatchRows, find_batch_rows
from registry.privacy.streamed_zip import ArchiveFile, stream_zip
from registry.values.persons import normalise_identifier
from registry.vault.keys import SHARED
from registry.vault.vault import KnownLearner

MAX_ROWS: Final = 10_000
"""Rows of one file of the archive."""
MAX_CASES: Final = 500
"""Cases of one archive, the oldest."""
NOT_INCLUDED: Final = (
    ("keyed hashes and keys", "They say nothing by themselves, and would let others look people up."),
    ("messages on the university's own intake topic", "They are its systems' own, and stay there for a week."),
    ("letters and documents that were handed out", "They are not stored: each is made when somebody asks for it."),
    ("backups", "They have the same data as it was earlier, encrypted, and are read only to restore the node."),
    ("what other members of the consortium store", "Each answers for itself: ask that university."),
)
"""Data that is not in an archive, and why."""
_HANDLED: Final = frozenset(
    {
        ("vault", "learners"),
        ("vault", "records"),
        ("vault", "held_rows"),
        ("vault", "decisions"),
        ("vault", "status_notes"),
        ("vault", "further_numbers"),
        ("office", "cases"),
    }
)
"""Tables by learner that files of their own are about."""
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Part(NamedTuple):
    """One file of the archive with rows."""

    name: str
    rows: list[Any]
    is_cut: bool
    """True if there are more rows."""


class StoredCase(NamedTuple):
    """One of the learner's cases, with its data and texts."""

    case: Case
    data: dict[str, Any]
    """The case's row."""
    texts: list[Written]
    attachments: list[Attachment]

    @property
    def folder(self) -> str:
        """The folder of the case in the archive."""
        return f"cases/{self.case.id}"

    @property
    def stored(self) -> dict[str, object]:
        """All but its files, as `case.json` has it."""
        return {"case": self.data or None, "texts": self.texts, "attachments": self.attachments}

    def __repr__(self) -> str:
        return f"StoredCase({self.case.id})"  # a person is never shown by accident


class AccessArchive:
    """The archive of one learner, and of those who were merged into them."""

    def __init__(self, registry: Registry, batch_store: BatchStore, export: AccessExport) -> None:
        self._registry = registry
        self._batch_store = batch_store
        self._imports = ImportStore(registry.dsn, registry.vault, batch_store)
        self.export = export
        self._learners = [export.learner, *find_merged_learners(registry, export.learner)]
        self._holders = [
            holder
            for learner in self._learners
            if (holder := registry.vault.read_learner(registry.cursor(), learner)) is not None
        ]
        self._credentials = self._read_ids(
            "SELECT credential::text AS id FROM vault.records WHERE learner = ANY(%s::uuid[])"
        )
        self._cases = self._read_ids(
            "SELECT id::text FROM office.cases WHERE learner = ANY(%s::uuid[]) ORDER BY opened LIMIT %s",
            MAX_CASES + 1,
        )

    @property
    def merged_learners(self) -> list[str]:
        """The ids of those who were merged into the learner."""
        return self._learners[1:]

    def stream(self) -> Iterator[bytes]:
        """Yield the archive."""
        described: dict[str, object] = {
            "learner": self.export.learner,
            "mergedLearners": self.merged_learners,
            "university": self.export.university,
            "written": self.export.written,
            "notIncluded": [{"data": data, "reason": reason} for data, reason in NOT_INCLUDED],
        }
        return stream_zip(self._list_files(), described, self.export.written)

    def _list_files(self) -> Iterator[ArchiveFile]:
        yield _json_file("export.json", self.export)
        for name, rows, is_cut in self.read_parts():
            yield _json_file(name, rows, is_cut=is_cut)
        yield _json_file("cases.json", self._cases[:MAX_CASES], is_cut=len(self._cases) > MAX_CASES)
        for case in self.read_cases():
            yield _json_file(f"{case.folder}/case.json", case.stored)
            for attachment in case.attachments:
                content = read_attachment(self._registry, case.case, attachment.attachment)
                yield ArchiveFile(f"{case.folder}/{attachment.file_name}", content.content)

    def read_parts(self) -> Iterator[Part]:
        """Yield what is stored beside the person, the credentials and the cases, a file of the archive each."""
        parts: Sequence[tuple[str, Callable[[], list[Any]]]] = (
            ("status-notes.json", self._read_notes),
            ("decisions.json", self._read_decisions),
            ("held-rows.json", self._read_held_rows),
            ("waiting-credentials.json", self._read_waiting),
            ("answers.json", self._read_answers),
            ("acts.json", self._read_acts),
            ("reads.json", self._read_reads),
            ("further-rows.json", self._read_further_rows),
        )
        for name, read in parts:
            rows = read()
            yield Part(name, rows[:MAX_ROWS], len(rows) > MAX_ROWS)
        batches = self._read_batches()
        is_cut = len(batches) > MAX_ROWS or any(batch.is_cut for batch in batches)
        yield Part("batches.json", batches[:MAX_ROWS], is_cut)

    def read_cases(self) -> Iterator[StoredCase]:
        """Yield the learner's cases with their data and texts, the oldest first."""
        for identifier in self._cases[:MAX_CASES]:
            case = self._read_case(identifier)
            if case is not None:
                yield case

    def _read_ids(self, statement: str, *more: int) -> list[str]:
        values = (self._learners, *more)
        return [row["id"] for row in self._registry.cursor().execute(statement.encode(), values).fetchall()]

    def _read_case(self, identifier: str) -> StoredCase | None:
        """Return a case's data and texts; None where its row came from an earlier version, or its key is gone."""
        registry = self._registry
        try:
            case = registry.case(identifier)
        except UnknownCase:
            return None
        holder = next((holder for holder in self._holders if holder.learner.learner == case.data.learner), None)
        if holder is None:
            return None
        texts = read_texts(registry.cursor(), registry.vault, identifier, holder.learner)
        attachments = list_attachments(registry.cursor(), identifier)
        row = registry.cursor().execute("SELECT to_jsonb(c) AS data FROM office.cases c WHERE id = %s", (identifier,))
        stored = row.fetchone()
        return StoredCase(case, {} if stored is None else stored["data"], texts, attachments)

    def _read_notes(self) -> list[Any]:
        vault, notes = self._registry.vault, []
        for holder in self._holders:
            rows = self._registry.cursor().execute(
                "SELECT credential::text, version, change, written, sealed FROM vault.status_notes WHERE learner = %s"
                " ORDER BY written LIMIT %s",
                (holder.learner.learner, MAX_ROWS + 1),
            )
            for row in rows.fetchall():
                sealed = row.pop("sealed")
                note = vault.open(holder.learner, f"note {row['credential']} {row['version']}", sealed)
                notes.append({**row, "note": note})
        return notes

    def _read_decisions(self) -> list[Any]:
        """Return what this office's decisions say of credentials by digest only."""
        registry, cursor = self._registry, self._registry.cursor()
        own = cursor.execute(
            "SELECT decision::text FROM vault.decisions WHERE learner = ANY(%s::uuid[])", (self._learners,)
        ).fetchall()
        hidden = find_hidden_decisions(cursor, registry.vault, self._credentials)
        decisions = [*(row["decision"] for row in own), *(each.decision for each in hidden)]
        return [{"decision": each, "disclosures": registry.vault.read_bases(cursor, each)} for each in decisions]

    def _read_held_rows(self) -> list[Any]:
        rows = []
        for holder in self._holders:
            waiting = self._registry.cursor().execute(
                "SELECT at, decision, decided, sealed FROM vault.held_rows WHERE learner = %s ORDER BY at",
                (holder.learner.learner,),
            )
            for row in waiting.fetchall():
                content = open_content(self._registry.vault, holder.learner, row.pop("sealed"))
                if not self._is_about(holder, content.stated):
                    continue  # it states another person, whose data is not this learner's
                rows.append({**row, "row": content})
        return rows

    def _is_about(self, holder: KnownLearner, stated: dict[str, str]) -> bool:
        """Return whether a held row states this learner: the same date of birth, or the same family name."""
        return any(
            stated.get(name) and stated[name] == holder.person.get(name) for name in ("dateOfBirth", "familyName")
        )

    def _numbers(self) -> list[str]:
        return [number for holder in self._holders if (number := holder.person.get("student"))]

    def _read_waiting(self) -> list[Any]:
        vault = self._registry.vault
        spellings = {each for number in self._numbers() for each in (number, normalise_identifier(number))}
        hashes = [vault.hash_for_lookup("student", spelling) for spelling in spellings]
        rows = self._registry.cursor().execute(
            "SELECT draft::text, arrived, sealed FROM intake.waiting WHERE student = ANY(%s::bytea[])", (hashes,)
        )
        return [
            {
                "draft": row["draft"],
                "arrived": row["arrived"],
                "credential": vault.open_own(f"waiting {row['draft']}", row["sealed"]),
            }
            for row in rows.fetchall()
        ]

    def _read_batches(self) -> list[BatchRows]:
        return [
            rows
            for number in self._numbers()
            for rows in find_batch_rows(self._batch_store, self._imports, SoughtLearner(normalise_identifier(number)))
        ]

    def _read_answers(self) -> list[Any]:
        """Return the stored answers to requests that name a learner's id."""
        vault = self._registry.vault
        buckets = {SHARED, *(int(learner[:2], 16) for learner in self._learners)}
        rows = self._registry.cursor().execute(
            "SELECT began, status, encode(key, 'hex') AS key, body FROM access.requests"
            " WHERE body IS NOT NULL AND substr(body, 1, 2) = ANY(%s::bytea[])",
            ([bucket.to_bytes(2, "big") for bucket in buckets],),
        )
        answers = []
        for row in rows.fetchall():
            answer = vault.open_own(f"answer {row['key']}", row["body"])
            if any(learner in _encode(answer).decode() for learner in self._learners):
                answers.append({"at": row["began"], "status": row["status"], "answer": answer})
        return answers

    def _read_acts(self) -> list[Any]:
        """Return what people did with the learner, their credentials and their cases."""
        subjects = [*self._learners, *self._credentials, *self._cases]
        rows = self._registry.cursor().execute(
            "SELECT number, at, actor, act, subject FROM accounts.journal WHERE subject = ANY(%s)"
            " ORDER BY number DESC LIMIT %s",
            (subjects, MAX_ROWS + 1),
        )
        return [JournalEntry(**row) for row in rows.fetchall()]

    def _read_reads(self) -> list[Any]:
        cursor = self._registry.cursor()
        return [read for learner in self._learners for read in list_reads(cursor, learner, MAX_ROWS + 1)]

    def _read_further_rows(self) -> list[Any]:
        """Return the rows of every other table that has learners' ids, without what is encrypted or hashed."""
        cursor = self._registry.cursor()
        tables = cursor.execute(
            "SELECT table_schema AS schema, table_name AS name FROM information_schema.columns"
            " WHERE column_name = 'learner' AND data_type = 'uuid' AND table_schema = ANY(%s) ORDER BY 1, 2",
            (["access", "accounts", "intake", "office", "privacy", "vault"],),
        ).fetchall()
        rows: list[Any] = []
        for table in tables:
            if (table["schema"], table["name"]) in _HANDLED:
                continue
            learner_rows = cursor.execute(
                sql.SQL("SELECT to_jsonb(t) AS row FROM {} t WHERE learner = ANY(%s::uuid[]) LIMIT %s").format(
                    sql.Identifier(table["schema"], table["name"])
                ),
                (self._learners, MAX_ROWS + 1),
            ).fetchall()
            for row in learner_rows:
                values = {name: value for name, value in row["row"].items() if not str(value).startswith("\\x")}
                rows.append({"table": f"{table['schema']}.{table['name']}", "row": values})
        return rows


def _json_file(name: str, value: object, *, is_cut: bool = False) -> ArchiveFile:
    return ArchiveFile(name, msgspec.json.format(_encode(value), indent=2), is_cut)
