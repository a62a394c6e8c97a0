"""The `registry` command: the composition root. It wires the packages together and holds no logic.

Exit codes: 0 done and all well; 1 something is not as it should be (an audit's fault, rows refused, a thing
that is not known); 2 the call's words are off; 3 settings or keys are missing or wrong; 4 the log or the
database cannot be reached, is full, or somebody else is writing; 130 interrupted.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from eventsourcing.persistence import InterfaceError as StoreInterrupted
from eventsourcing.persistence import OperationalError as StoreUnavailable

from consumers.archiver import CannotArchive
from consumers.audit_compare import OtherConsortium
from consumers.audit_report import NoReport
from consumers.export import CannotExport
from consumers.moment import UnknownMoment
from consumers.policy import PolicyUnmet
from consumers.receipts import NoReceipt
from consumers.restorer import CannotRestore
from projections.errors import InvalidQuery
from projections.views import OutdatedViews
from registry import observability
from registry.access import UnknownKey
from registry.backup import BackupError, WrongPassphrase
from registry.ceremony import CeremonyRefused
from registry.cli import (
    achievements,
    acts,
    agreements,
    archives,
    audit,
    cases,
    credentials,
    demo,
    digests,
    drafts,
    feeds,
    founding,
    governance,
    imports,
    intake,
    keys,
    logs,
    mapping,
    reading,
    reasons,
    receipts,
    recognition,
    reconcile,
    running,
    search,
    serving,
    webhooks,
    witness,
)
from registry.cli.context import State
from registry.cli.output import errors
from registry.config import SettingsError
from registry.domain.errors import Refusal
from registry.intake.report import IntakeError, IntakeUnavailable
from registry.keystore import KeystoreError
from registry.log import ArchiveDamaged, LogError
from registry.office.errors import CohortFileError, CohortRefused, NotReady, OfficeFileError
from registry.postgres import DatabaseUnavailable
from registry.publisher import PublisherError
from registry.vault import VaultError
from registry.webhooks import WebhookError
from registry.wire.errors import WireError

app = typer.Typer(
    name="registry",
    help="Micro-credentials that universities share: issue, publish, verify, recognise, audit.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def settings(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="The node's folder (else REGISTRY_HOME, else the current one or above it).")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error, to standard error.", envvar="REGISTRY_LOG_LEVEL")
    ] = None,
) -> None:
    """Find the node that the command is about; nothing is opened before it is needed."""
    observability.configure(log_level or "warning")
    context.obj = State(home, log_level)
    context.call_on_close(context.obj.close)


for module in (
    founding,
    acts,
    governance,
    achievements,
    drafts,
    credentials,
    imports,
    mapping,
    intake,
    recognition,
    cases,
    agreements,
    reasons,
    running,
    serving,
    keys,
    reading,
    reconcile,
    search,
    receipts,
    feeds,
    webhooks,
    witness,
    logs,
    audit,
    digests,
    archives,
    demo,
):
    module.add_to(app)

_EXITS: tuple[tuple[type[Exception], int], ...] = (
    (Refusal, 1),
    (UnknownKey, 1),
    (WireError, 1),
    (SettingsError, 3),
    (KeystoreError, 3),
    (VaultError, 3),
    (OutdatedViews, 3),
    (InvalidQuery, 2),
    (NoReceipt, 1),
    (PolicyUnmet, 1),
    (NoReport, 1),
    (OtherConsortium, 1),
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
    (PublisherError, 4),
    (LogError, 4),
    (DatabaseUnavailable, 4),
    (psycopg.OperationalError, 4),
    (StoreUnavailable, 4),
    (StoreInterrupted, 4),
)


def main() -> None:
    """Run the command; what is ours to explain is explained in a sentence, not in a traceback."""
    sys.exit(run(app))


def run(command: Callable[[], None]) -> int:
    """Run a command and give its exit code."""
    try:
        command()
    except KeyboardInterrupt:
        errors.print("interrupted", style="yellow")
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    except tuple(kind for kind, _ in _EXITS) as error:
        errors.print(f"[red]error[/red] {type(error).__name__}: ", end="")
        errors.print(str(error).strip(), markup=False, highlight=False)
        return next(code for kind, code in _EXITS if isinstance(error, kind))
    return 0
