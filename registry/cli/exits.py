"""The exit code of each foreseen error, and its sentence. Loaded after an error only: it imports every package."""

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from consumers.archive.archiver import CannotArchive
from consumers.archive.restorer import CannotRestore
from consumers.audit.audit_compare import OtherConsortium
from consumers.audit.audit_report import NoReport
from consumers.audit.audit_source import OtherFounding
from consumers.audit.log_audit import NoSuchMember
from consumers.history.moment import UnknownMoment
from consumers.proofs.export import CannotExport
from consumers.proofs.receipts import NoReceipt
from consumers.witness.policy import PolicyUnmet
from projections.core.building import BuildingNow
from projections.core.errors import InvalidQuery, MissingViews, TooCostly
from projections.core.positions import DamagedPosition
from projections.core.views import OutdatedViews
from registry.access.errors import UnknownKey
from registry.accounts.errors import AccountError
from registry.application.acceptance import NotAccepted
from registry.application.errors import InvalidEvent, Refusal
from registry.backup.backup import BackupError, WrongPassphrase
from registry.ceremony.ceremony import CeremonyRefused
from registry.cli.files import FileError
from registry.cli.ids import IdNotFound
from registry.cursors import InvalidCursor
from registry.export.document import ExportError
from registry.intake.rows.report import IntakeError, IntakeUnavailable
from registry.keys.keystore import KeystoreError
from registry.letters import CannotWrite
from registry.log import ArchiveDamaged, ForeignLog, HeadLost, HistoryRewritten, LogError, TailLost
from registry.log.kafka_security import KafkaSecurityError
from registry.log.principals import PrincipalsError
from registry.node.access_journal import NotJournaled
from registry.node.issuing_keys import IssuingKeyError
from registry.node.services.log_level import UnreadableLevel
from registry.office.errors import CohortFileError, CohortRefused, NotReady, OfficeFileError
from registry.postgres.embedded import DatabaseUnavailable
from registry.postgres.refusals import explain_refusal
from registry.privacy.erased_bytes import RewriteHindered
from registry.privacy.leak_drill import UnknownTable
from registry.publishing.errors import OwnCommitsRefused, PublisherError
from registry.settings.settings import SettingsError
from registry.store.migrations import DatabaseTooNew
from registry.supervision import DATABASE_ERRORS
from registry.vault.keys import VaultError
from registry.webhooks import WebhookError
from registry.wire.errors import WireError

EXITS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (Refusal, 1),
    (NotAccepted, 1),
    (FileError, 2),
    (IdNotFound, 1),
    (UnknownKey, 1),
    (AccountError, 1),
    (WireError, 1),
    (SettingsError, 3),
    (KeystoreError, 3),
    (VaultError, 3),
    (OutdatedViews, 3),
    (BuildingNow, 4),
    (DatabaseTooNew, 3),
    (InvalidQuery, 2),
    (InvalidCursor, 2),
    (TooCostly, 5),
    (NoReceipt, 1),
    (CannotWrite, 1),
    (ExportError, 1),
    (IssuingKeyError, 1),
    (PolicyUnmet, 1),
    (NoReport, 5),
    (NoSuchMember, 2),
    (OtherConsortium, 5),
    (OtherFounding, 1),
    (CeremonyRefused, 1),
    (CannotExport, 1),
    (ExportError, 1),
    (CannotArchive, 1),
    (CannotRestore, 1),
    (ArchiveDamaged, 1),
    (WrongPassphrase, 3),
    (BackupError, 1),
    (UnknownMoment, 1),
    (WebhookError, 1),
    (NotReady, 1),
    (CohortRefused, 1),
    (CohortFileError, 1),
    (OfficeFileError, 3),
    (IntakeUnavailable, 4),
    (IntakeError, 1),
    (OwnCommitsRefused, 1),
    (PublisherError, 4),
    (DamagedPosition, 1),
    (HistoryRewritten, 1),
    (HeadLost, 1),
    (TailLost, 1),
    (ForeignLog, 3),
    (KafkaSecurityError, 3),
    (PrincipalsError, 2),
    (LogError, 4),
    (NotJournaled, 4),
    (RewriteHindered, 4),
    (UnreadableLevel, 1),
    (UnknownTable, 2),
    *((kind, 4) for kind in DATABASE_ERRORS),
)

MEANINGS: Final[dict[int, str]] = {
    0: "Everything that was requested is done, checked and well.",
    1: "Something is wrong: an audit found a fault, a row or an act was refused, or an id is unknown.",
    2: "Wrong usage: an option, a value, or a file that cannot be read.",
    3: "Settings or keys are missing or wrong.",
    4: "The log or the database cannot be reached or is full, or another process is writing.",
    5: "We cannot tell: something that was requested could not be checked.",
    6: "Nothing is wrong yet, and there are warnings (`registry doctor`).",
    130: "Interrupted at the keyboard.",
    143: "Ended by SIGTERM.",
}
"""The meaning of each exit code."""

_OPTIONS: Final = {
    ("stopped", "$.override"): "--override REASON",
    ("stopped", "$.acceptOverride"): "--accept-override",
    ("credential-not-covered", "$.grants"): "--leave NUMBER:REASON",
    ("not-in-case", "$.subject"): "--subject NUMBER",
    ("unknown-profile", "$.against"): "--against NAME",
}
"""The option of a command that a refusal asks for, by its code and path."""
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def explain(error: Exception, words: Sequence[str] = ()) -> tuple[int, str] | None:
    """Return the exit code and the sentence for a foreseen error; None for any other.

    `words` are the words of the command: a file that they name and that cannot be read is wrong usage.
    """
    code = next((code for kind, code in EXITS if isinstance(error, kind)), None)
    if code is not None:
        return code, _sentence(error)
    if isinstance(error, OSError):
        return _explain_os_error(error, words)
    if isinstance(error, MissingViews):
        return 4, "This database has no views yet, or lost some. Run `registry views update` first."
    if isinstance(error, UnicodeDecodeError):
        return 2, f"A file is not UTF-8 text: byte {error.start + 1} cannot be read. Save it as UTF-8."
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return 2, "A word of the command is not UTF-8 text. Set the terminal's encoding to UTF-8."
    if isinstance(error, RecursionError) and "deserializing" in str(error):  # as msgspec words it
        return 2, "A file's JSON is nested too deeply to be read."
    if isinstance(error, msgspec.DecodeError):
        return 2, f"A file holds other JSON than expected: {error}."
    return None


def _sentence(error: Exception) -> str:
    if isinstance(error, Refusal):
        hint = _OPTIONS.get((error.code, error.path))
        return f"{error.explanation} ({error.code})" + (f" In a command: {hint}." if hint else "")
    if isinstance(error, InvalidEvent):
        return f"{error.path}: {error.detail} ({error.code})"
    if isinstance(error, DATABASE_ERRORS) and not isinstance(error, DatabaseUnavailable):
        if (refusal := explain_refusal(error)) is not None:
            return f"{refusal} End other clients of the server, or raise max_connections. See: registry doctor"
        cause = " ".join(str(error).split())
        return (
            f"The database cannot be reached: {cause} Is PostgreSQL running, and is `database` in registry.toml right?"
        )
    return str(error).strip() or type(error).__name__


def _explain_os_error(error: OSError, words: Sequence[str]) -> tuple[int, str]:
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in _NO_ROOM:
        where = f" for {error.filename}" if error.filename else ""
        return 4, f"No space left{where}: {reason}. Free some space and run the command again."
    if error.filename is None:
        return 4, f"A connection failed: {reason}. Is the other side running?"
    named_files = {str(Path(word.partition("=")[2] if word.startswith("--") else word)) for word in words if word}
    file = str(error.filename)
    if file in named_files or str(Path(file).parent) in named_files:
        return 2, f"Cannot open {file}: {reason}. Name another file, or repair this one."
    return 4, f"Cannot open {file}: {reason}. The node needs it; put it back or correct its permissions."
