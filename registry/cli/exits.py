"""Which exit code each error of ours has. Loaded when there is an error: it knows every package."""

from typing import Final

import psycopg
from eventsourcing.persistence import InterfaceError as StoreInterrupted
from eventsourcing.persistence import OperationalError as StoreUnavailable

from consumers.archiver import CannotArchive
from consumers.audit_compare import OtherConsortium
from consumers.audit_report import NoReport
from consumers.audit_source import OtherFounding
from consumers.export import CannotExport
from consumers.moment import UnknownMoment
from consumers.policy import PolicyUnmet
from consumers.receipts import NoReceipt
from consumers.restorer import CannotRestore
from projections.errors import InvalidQuery, TooCostly
from projections.views import OutdatedViews
from registry.access import UnknownKey
from registry.backup import BackupError, WrongPassphrase
from registry.ceremony import CeremonyRefused
from registry.config import SettingsError
from registry.domain.errors import Refusal
from registry.intake.report import IntakeError, IntakeUnavailable
from registry.keystore import KeystoreError
from registry.letters import CannotWrite
from registry.log import ArchiveDamaged, ForeignLog, HeadLost, HistoryRewritten, LogError, TailLost
from registry.office.errors import CohortFileError, CohortRefused, NotReady, OfficeFileError
from registry.postgres import DatabaseUnavailable
from registry.publisher import OwnCommitsRefused, PublisherError
from registry.vault import VaultError
from registry.webhooks import WebhookError
from registry.wire.errors import WireError

EXITS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (Refusal, 1),
    (UnknownKey, 1),
    (WireError, 1),
    (SettingsError, 3),
    (KeystoreError, 3),
    (VaultError, 3),
    (OutdatedViews, 3),
    (InvalidQuery, 2),
    (TooCostly, 5),
    (NoReceipt, 1),
    (CannotWrite, 1),
    (PolicyUnmet, 1),
    (NoReport, 1),
    (OtherConsortium, 1),
    (OtherFounding, 1),
    (CeremonyRefused, 1),
    (CannotExport, 1),
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
    (HistoryRewritten, 1),
    (HeadLost, 1),
    (TailLost, 1),
    (ForeignLog, 3),
    (LogError, 4),
    (DatabaseUnavailable, 4),
    (psycopg.OperationalError, 4),
    (StoreUnavailable, 4),
    (StoreInterrupted, 4),
)


def code_of(error: Exception) -> int | None:
    """The exit code for an error that is explained in a sentence; None for one that nobody foresaw."""
    return next((code for kind, code in EXITS if isinstance(error, kind)), None)
