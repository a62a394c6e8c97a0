"""Batches that wait: for a second person, or for a day. `credential release`."""

from pathlib import Path
from typing import Annotated

import typer

from registry.batches import Batch, BatchStore
from registry.batches.batch import DOCUMENTS, TABLES, OwnBatch, UnknownBatch, WrongState
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.row_changer import RowChanger
from registry.batches.status_rows import StatusRows
from registry.cli.confirming import confirm
from registry.cli.issuing.bulk_changes import Yes, consequence, own_node, show_preview
from registry.cli.issuing.import_output import show_import
from registry.cli.issuing.import_runs import import_document, import_rows
from registry.cli.listing import Column, print_list
from registry.cli.output import AsCsv, AsJson, Wide, errors, say
from registry.intake.formats.documents import MAX_BYTES, read_document
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.report import IntakeError
from registry.intake.rows.table_rows import TableRows
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import Node
from registry.node.services.batches import open_batch_store
from registry.values.plural import plural

_PAGE = 200


def release(
    context: typer.Context,
    batch: Annotated[
        str | None, typer.Argument(help="The batch's id, or its beginning (else those that wait).")
    ] = None,
    *,
    by: Annotated[str, typer.Option(help="Who releases it: another person than the one who sent it in.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Release a batch that waits for a second person; without BATCH, list the batches that wait, and for what.

    The command first shows what the batch would do, then asks. `registry serve` works through it. Rows that are
    scheduled for the day of their `valid_from` need no release: they are published on that day.

    Examples: registry credential release
    registry credential release 0bbac7a9 --by "A. de Vries"
    """
    node = own_node(context)
    batch_store = open_batch_store(node)
    waiting = _waiting(batch_store)
    if batch is None:
        _list(waiting, as_json=as_json, as_csv=as_csv, wide=wide)
        return
    waiting_batch = _find(waiting, batch)
    if not by.strip():
        raise typer.BadParameter("say who releases the batch", param_hint="--by")
    _preview(node, batch_store, waiting_batch)
    lines = plural(waiting_batch.lines - (waiting_batch.media in TABLES), "row")
    confirm(
        f"This releases {waiting_batch.name or waiting_batch.batch}, sent in by {waiting_batch.by}: {lines}.",
        "Release it?",
        yes=yes,
    )
    try:
        released = batch_store.release(waiting_batch.batch, by.strip())
    except (OwnBatch, UnknownBatch, WrongState) as error:
        errors.print(f"Not released: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from error
    when = "now" if released.publish_at is None else f"at {released.publish_at.isoformat(timespec='minutes')}"
    say(f"released {released.batch}: `registry serve` works through it {when}")


def _waiting(batch_store: BatchStore) -> list[Batch]:
    waiting: list[Batch] = []
    place: tuple[str, str] | None = None
    while page := batch_store.list_newest(_PAGE, place):
        waiting += [each for each in page if each.state in ("awaitingRelease", "scheduled")]
        place = page[-1].created.isoformat(), page[-1].batch
    return waiting


def _list(waiting: list[Batch], *, as_json: bool, as_csv: bool, wide: bool) -> None:
    columns = [
        Column("batch", lambda batch: batch.batch),
        Column("name", lambda batch: batch.name, cut=True),
        Column("kind", lambda batch: batch.kind),
        Column("sent by", lambda batch: batch.by),
        Column("lines", lambda batch: batch.lines),
        Column("scheduled rows", lambda batch: batch.held),
        Column("waits for", lambda batch: "a second person" if batch.state == "awaitingRelease" else batch.publish_at),
    ]
    if print_list(waiting, columns, as_json=as_json, as_csv=as_csv, wide=wide) and not waiting:
        say("No batch waits.")


def _find(waiting: list[Batch], text: str) -> Batch:
    exact = [each for each in waiting if each.batch == text]
    matching = exact or [each for each in waiting if each.batch.startswith(text)]
    if len(matching) != 1:
        why = "Several batches that wait begin" if matching else "No batch that waits begins"
        errors.print(
            f"Nothing was released. {why} with {text}: `registry credential release` lists them.", markup=False
        )
        raise typer.Exit(1)
    return matching[0]


def _preview(node: Node, batch_store: BatchStore, batch: Batch) -> None:
    """Print what the batch would do now."""
    try:
        content = batch_store.get_content(batch.batch)
        if batch.kind == "statusChanges":
            source = StatusRows(content, batch.media)
            with RowChanger(node.registry, node.issuer) as changer:
                preview = changer.preview(source)
            show_preview(preview, source.notes)
            errors.print(consequence(preview), markup=False, highlight=False)
            return
        if batch.media in DOCUMENTS:
            with content.open("rb") as file:
                document = read_document(file.read(MAX_BYTES + 1), batch.name or "The body")
            show_import(import_document(node, document, {}, dry_run=True, schedules=True))
            return
        kind = TableRows if batch.media in TABLES else NdjsonRows
        rows = kind(content, OwnCatalogue(node.registry), schedules=True, dates=batch.dates, keep_text=batch.keep_text)
        show_import(import_rows(node, Path(batch.name or batch.batch), rows, dry_run=True))
    except (IntakeError, DamagedBatchFile) as error:
        errors.print(
            f"Not released: what the batch would do cannot be checked: {error}. Ask for it to be sent again.",
            markup=False, highlight=False,
        )  # fmt: skip
        raise typer.Exit(1) from error
