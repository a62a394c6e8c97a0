"""Batches that wait: for a second person, or for a day. `credential release`."""

from pathlib import Path
from typing import Annotated

import typer

from registry.batches import Batch, BatchStore
from registry.batches.batch import DOCUMENTS, TABLES, SecondPerson, UnknownBatch, WrongState
from registry.batches.batch_file import DamagedBatchFile
from registry.batches.row_changer import RowChanger
from registry.batches.status_rows import StatusRows
from registry.cli.confirming import confirm
from registry.cli.issuing.bulk_changes import Yes, consequence, own_node, show_preview
from registry.cli.issuing.imports import show, take_document, take_rows
from registry.cli.listing import Column, print_list
from registry.cli.output import AsCsv, AsJson, Wide, counted, errors, say
from registry.intake.formats.documents import MAX_BYTES, read_document
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.report import IntakeError
from registry.intake.rows.table_rows import TableRows
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import Node
from registry.node.services.batches import open_batch_store

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

    First what the batch would come to is shown; then it asks. `registry serve` works through it. Rows that are held
    for the day of their `valid_from` need no release: they are published on that day.

    Examples: registry credential release
    registry credential release 0bbac7a9 --by "A. de Vries"
    """
    node = own_node(context)
    batch_store = open_batch_store(node)
    waiting = _waiting(batch_store)
    if batch is None:
        _list(waiting, as_json=as_json, as_csv=as_csv, wide=wide)
        return
    found = _find(waiting, batch)
    if not by.strip():
        raise typer.BadParameter("say who releases the batch", param_hint="--by")
    _preview(node, batch_store, found)
    lines = counted(found.lines - (found.media in TABLES), "row")
    confirm(f"This releases {found.name or found.batch}, sent in by {found.by}: {lines}.", "Release it?", yes=yes)
    try:
        released = batch_store.release(found.batch, by.strip())
    except SecondPerson as error:
        errors.print(f"Not released: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from error
    except (UnknownBatch, WrongState) as error:
        errors.print(f"Not released: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from error
    when = "now" if released.publish_at is None else f"at {released.publish_at.isoformat(timespec='minutes')}"
    say(f"released {released.batch}: `registry serve` works through it {when}")


def _waiting(batch_store: BatchStore) -> list[Batch]:
    found: list[Batch] = []
    place: tuple[str, str] | None = None
    while page := batch_store.list_newest(_PAGE, place):
        found += [one for one in page if one.state in ("awaitingRelease", "scheduled")]
        place = page[-1].created.isoformat(), page[-1].batch
    return found


def _list(waiting: list[Batch], *, as_json: bool, as_csv: bool, wide: bool) -> None:
    columns = [
        Column("batch", lambda one: one.batch),
        Column("name", lambda one: one.name, cut=True),
        Column("kind", lambda one: one.kind),
        Column("sent by", lambda one: one.by),
        Column("lines", lambda one: one.lines),
        Column("held rows", lambda one: one.held),
        Column("waits for", lambda one: "a second person" if one.state == "awaitingRelease" else one.publish_at),
    ]
    if print_list(waiting, columns, as_json=as_json, as_csv=as_csv, wide=wide) and not waiting:
        say("No batch waits.")


def _find(waiting: list[Batch], text: str) -> Batch:
    found = [one for one in waiting if one.batch == text] or [one for one in waiting if one.batch.startswith(text)]
    if len(found) != 1:
        why = "Several batches that wait begin" if found else "No batch that waits begins"
        errors.print(
            f"Nothing was released. {why} with {text}: `registry credential release` lists them.", markup=False
        )
        raise typer.Exit(1)
    return found[0]


def _preview(node: Node, batch_store: BatchStore, batch: Batch) -> None:
    """Show what the batch would come to as things stand."""
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
            show(take_document(node, document, {}, dry_run=True, holds=True))
            return
        kind = TableRows if batch.media in TABLES else NdjsonRows
        rows = kind(content, OwnCatalogue(node.registry), holds=True, dates=batch.dates, keep_text=batch.keep_text)
        show(take_rows(node, Path(batch.name or batch.batch), rows, dry_run=True))
    except (IntakeError, DamagedBatchFile) as error:
        errors.print(f"What the batch would come to could not be checked: {error}", markup=False, highlight=False)
