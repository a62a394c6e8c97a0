"""Files of a case: scans, documents, and what is kept as evidence.

The content and the file's own name are encrypted under the applicant's key in the private database, and go when the
applicant is erased. What a file is, is found out from its content; nothing of it is read further.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.domain.case import Case
from registry.domain.case_errors import ApplicantErased, NotAttached, UnknownSubject
from registry.domain.case_events import Document
from registry.settings.settings import OfficeSetting
from registry.vault.ciphers import open_bytes, seal_bytes
from registry.vault.vault import Learner, Vault, random_id, retry_read

AttachmentKind = Literal[Document, "evidence"]
"""The kind of the file: a document that an applicant can be asked for, or evidence, for example an altered receipt."""
KINDS: Final[tuple[str, ...]] = (*get_args(Document), "evidence")
MAX_FILES: Final = 200
"""The number of files that a case may have."""
_TEXT_KINDS: Final = ("credential", "evidence")
"""As what plain text is kept: a credential's data, and a receipt."""
_EXTENSIONS: Final = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tiff",
    "text/plain": ".txt",
}
_ERASED: Final = "the applicant was erased; the case has no files any more, and takes none"
FileName = Annotated[str, Meta(max_length=500)]


class Attachment(msgspec.Struct, frozen=True, rename="camel"):
    """A file of a case, without its content and its own name."""

    attachment: str
    kind: str
    subject: int | None
    """Which credential of the case it is about, from 0 on; null: the case as a whole."""
    media_type: str
    """Found out from the content."""
    bytes: int
    added: datetime
    by: str

    @property
    def file_name(self) -> str:
        """A name for a copy of it that says nothing of the person."""
        return f"{self.attachment}{_EXTENSIONS.get(self.media_type, '')}"


class AttachedContent(NamedTuple):
    """A file of a case, opened."""

    attachment: Attachment
    content: bytes
    name: str | None
    """The file's own name, where one was given. It may name the person."""


class NewAttachment:
    """A row to be written: one file, sealed."""

    def __init__(self, values: tuple[Any, ...], setting: OfficeSetting, case: Case, size: int, digest: bytes) -> None:
        self._values = values
        self._setting = setting
        self._case = case
        self._size = size
        self._digest = digest

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it, one file of a case after another. Raises `NotAttached`, `ApplicantErased`."""
        cursor.execute("SELECT FROM office.cases WHERE id = %s FOR UPDATE", (self._case.id,))
        learner = self._case.data.learner
        if cursor.execute("SELECT FROM vault.learners WHERE learner = %s FOR SHARE", (learner,)).fetchone() is None:
            raise ApplicantErased(_ERASED, "$.case")
        _check_room(cursor, self._setting, self._case, self._size, self._digest)
        cursor.execute(
            "INSERT INTO office.attachments (id, case_id, kind, subject, media, bytes, digest, added, by, sealed,"
            " sealed_name) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            self._values,
        )


def attach(
    registry: Registry,
    setting: OfficeSetting,
    case: Case,
    content: bytes,
    kind: AttachmentKind,
    by: str,
    *,
    subject: int | None = None,
    name: str | None = None,
    transaction: Transaction | None = None,
) -> Attachment:
    """Keep a file with a case. Raises `NotAttached`, `UnknownSubject`, `ApplicantErased`."""
    media_type = _check(setting, content, kind)
    if subject is not None and not 0 <= subject < len(case.subjects):
        raise UnknownSubject(f"the case is about {len(case.subjects)} credentials, from 0 on", "$.subject")
    learner = _learner(registry, case)
    identifier, added = random_id(), datetime.now(UTC)
    digest = registry.vault.digest(content)
    row = NewAttachment(
        (
            identifier,
            case.id,
            kind,
            subject,
            media_type,
            len(content),
            digest,
            added,
            by,
            seal_bytes(learner.cipher, content, learner.learner, f"attachment {case.id} {identifier}"),
            None if name is None else registry.vault.seal(learner, f"attachment name {identifier}", name),
        ),
        setting,
        case,
        len(content),
        digest,
    )
    with registry.join(transaction) as joined:
        joined.add(row)
        joined.name_subjects(str(case.id))
    return Attachment(identifier, kind, subject, media_type, len(content), added, by)


def list_attachments(cursor: Cursor[DictRow], case: str) -> list[Attachment]:
    """Return the files of a case, the oldest first."""
    rows = cursor.execute(f"SELECT {_COLUMNS} FROM office.attachments WHERE case_id = %s ORDER BY added, id", (case,))  # noqa: S608 - names of our own
    return [_attachment(row) for row in rows.fetchall()]


def read_attachment(registry: Registry, case: Case, identifier: str) -> AttachedContent:
    """Return a file of a case with its content: an attachment, or a file that the case was opened with.

    Raises `UnknownSubject` where the case has no such file, `ApplicantErased` where its key is gone.
    """
    return retry_read(lambda: _read(registry, case, identifier))


def read_file_names(registry: Registry, case: Case) -> dict[str, str]:
    """Return the files' own names, where they were given, by the ids of the attachments. They may name the person.

    There are none where the applicant was erased.
    """
    holder = registry.vault.read_learner(registry.cursor(), case.data.learner)
    if holder is None:
        return {}
    rows = registry.cursor().execute(
        "SELECT id::text, sealed_name FROM office.attachments WHERE case_id = %s AND sealed_name IS NOT NULL",
        (case.id,),
    )
    return {row["id"]: name for row in rows if (name := _name(registry.vault, holder[0], row["id"], row)) is not None}


def media_type_of(content: bytes) -> str | None:
    """Return what a file is by its first bytes: PDF, PNG, JPEG, TIFF or UTF-8 text; None for anything else."""
    if b"%PDF-" in content[:1024]:
        return "application/pdf"
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return "text/plain" if text.strip() and "\0" not in text else None


_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
_COLUMNS: Final = "id::text, kind, subject, media, bytes, added, by"


def _check(setting: OfficeSetting, content: bytes, kind: AttachmentKind) -> str:
    """Return the file's media type. Raises `NotAttached` for what is not kept."""
    if kind not in KINDS:
        raise NotAttached(f"{kind!r} is not one of {', '.join(KINDS)}", "$.kind")
    if not content:
        raise NotAttached("the file is empty", "$")
    if len(content) > setting.attachment_bytes:
        raise NotAttached(
            f"the file has {len(content):,} bytes, and {setting.attachment_bytes:,} at most are kept",
            "$",
        )
    media_type = media_type_of(content)
    if media_type is None or (media_type == "text/plain" and kind not in _TEXT_KINDS):
        raise NotAttached(
            "the file is not a PDF, PNG, JPEG or TIFF by its content; convert it to one of these. Plain text is kept as"
            f" {' or '.join(_TEXT_KINDS)}",
            "$",
        )
    return media_type


def _check_room(cursor: Cursor[DictRow], setting: OfficeSetting, case: Case, size: int, digest: bytes) -> None:
    """Raise `NotAttached` where the case has too many files, or has this one."""
    row = cursor.execute(
        "SELECT count(*) AS files, coalesce(sum(bytes), 0) AS bytes, min(id::text) FILTER (WHERE digest = %s) AS same"
        " FROM office.attachments WHERE case_id = %s",
        (digest, case.id),
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate returns one row
    if row["same"] is not None:
        raise NotAttached(f"the case has this very file already: attachment {row['same']}", "$")
    if row["files"] >= MAX_FILES or row["bytes"] + size > setting.case_attachment_bytes:
        raise NotAttached(
            f"the case has {row['files']} files of {int(row['bytes']):,} bytes; with this one it would have more than"
            f" {MAX_FILES} files or {setting.case_attachment_bytes:,} bytes",
            "$",
        )


def _learner(registry: Registry, case: Case) -> Learner:
    holder = registry.vault.read_learner(registry.cursor(), case.data.learner)
    if holder is None:
        raise ApplicantErased(_ERASED, "$.case")
    return holder[0]


def _read(registry: Registry, case: Case, identifier: str) -> AttachedContent:
    learner, cursor = _learner(registry, case), registry.cursor()
    row = cursor.execute(
        f"SELECT {_COLUMNS}, sealed, sealed_name FROM office.attachments WHERE case_id = %s AND id = %s",  # noqa: S608 - names of our own
        (case.id, identifier),
    ).fetchone()
    if row is not None:
        content = open_bytes(learner.cipher, row["sealed"], learner.learner, f"attachment {case.id} {identifier}")
        return AttachedContent(_attachment(row), content, _name(registry.vault, learner, identifier, row))
    text = cursor.execute(
        "SELECT written, by, sealed FROM office.texts WHERE case_id = %s AND id = %s AND kind = 'file'",
        (case.id, identifier),
    ).fetchone()
    if text is None:
        raise UnknownSubject(f"the case has no file {identifier}", "$.attachment")
    opened = registry.vault.open(learner, f"case {case.id} {identifier}", text["sealed"])
    content = str(opened["content"]).encode()
    opened_with = Attachment(
        identifier, "credential", opened["subject"], "text/plain", len(content), text["written"], text["by"]
    )
    return AttachedContent(opened_with, content, None)


def _name(vault: Vault, learner: Learner, identifier: str, row: DictRow) -> str | None:
    if row["sealed_name"] is None:
        return None
    name: str = vault.open(learner, f"attachment name {identifier}", row["sealed_name"])
    return name


def _attachment(row: DictRow) -> Attachment:
    return Attachment(row["id"], row["kind"], row["subject"], row["media"], row["bytes"], row["added"], row["by"])


def files_opened_with(texts: Sequence[Any]) -> list[Attachment]:
    """Return the files among the texts of a case: what it was opened with."""
    return [
        Attachment(
            text.text, "credential", text.content["subject"], "text/plain", len(text.content["content"].encode()),
            text.written, text.by,
        )
        for text in texts
        if text.kind == "file"
    ]  # fmt: skip
