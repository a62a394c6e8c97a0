"""Achievements from documents that lack elements of Annex I: `achievement draft`."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from registry.cli import ids
from registry.cli.issuing.achievements import KeepText, achievement_app, fields_kept_as_written
from registry.cli.issuing.import_output import show_award
from registry.cli.issuing.own_events import say_older_wait
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say
from registry.cli.publishing import publish_now
from registry.intake.draft_publishing import DraftPublisher
from registry.intake.drafts import Draft, Drafts
from registry.intake.files import read_completions
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import Node

app = typer.Typer(help="Achievements that documents brought, private until published.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The draft's id.")]


def add_to(main: typer.Typer) -> None:
    """Add these commands, under `achievement`."""
    del main
    achievement_app.add_typer(app, name="draft")


class Shown(msgspec.Struct):
    """A draft and what it lacks. Of the waiting credentials, only the records are shown."""

    draft: Draft
    missing: list[str]
    credentials: list[dict[str, Any]]


def _draft(node: Node, text: str) -> str:
    return ids.resolve(node, text, "draft")


def _read_draft(node: Node, identifier: str) -> Shown:
    drafts = Drafts(node.registry)
    draft = drafts.one(_draft(node, identifier))
    waiting = [{"record": row.values.get("record"), "missing": row.missing} for row in drafts.waiting(draft.draft)]
    return Shown(draft, drafts.missing(draft), waiting)


def _tell(shown: Shown) -> None:
    draft = shown.draft
    say(f"{draft.title} ({draft.format}), draft {draft.draft}")
    if draft.achievement is not None:
        say(f"  published as achievement {draft.achievement}")
    for name, value in draft.values.items():
        say(f"  {name}: {msgspec.json.encode(value).decode()}" + (" (given)" if name in draft.given else ""))
    for odd in draft.odd:
        say(f"  note: {odd}")
    for path in shown.missing:
        say(f"  missing {path}", style="yellow")
    for credential in shown.credentials:
        missing = f", missing {', '.join(credential['missing'])}" if credential["missing"] else ""
        say(f"  waiting: record {credential['record'] or '(none)'}{missing}")


@app.command("list")
def list_all(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the drafts that are not published, or that credentials still wait for.

    Example: registry achievement draft list
    """
    drafts = Drafts(node_of(context).registry)
    all_drafts = drafts.all()
    columns = [
        Column("draft", lambda draft: draft.draft),
        Column("title", lambda draft: draft.title),
        Column("format", lambda draft: draft.format),
        Column("missing", lambda draft: len(drafts.missing(draft))),
        Column("waiting", lambda draft: draft.waiting),
    ]
    print_list(all_drafts, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@app.command("show")
def show(context: typer.Context, draft: Id, *, as_json: AsJson = False) -> None:
    """Show a draft, and the elements of Annex I that it lacks.

    Example: registry achievement draft show 0bbac7a9-…
    """
    shown = _read_draft(node_of(context), draft)
    if as_json:
        print_json(shown)
    else:
        _tell(shown)


@app.command("complete")
def complete(
    context: typer.Context,
    draft: Id,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help='JSON: {"achievement": {…}, "credential": {…} or "credentials": {RECORD: …}}.',
        ),
    ],
) -> None:
    """Add missing values. They take precedence over those of the document, and can be given again.

    Example: registry achievement draft complete 0bbac7a9-… rest.json
    """
    node = node_of(context)
    Drafts(node.registry).complete(_draft(node, draft), read_completions(file))
    _tell(_read_draft(node, draft))


@app.command("publish")
def publish(context: typer.Context, draft: Id, *, keep_text: KeepText = False, as_json: AsJson = False) -> None:
    """Publish a draft, and issue the credentials that wait for it; run it again after completing those that lack.

    Exits 1 if a credential still waits.

    Example: registry achievement draft publish 0bbac7a9-…
    """
    node = node_of(context)
    before = Drafts(node.registry).one(_draft(node, draft)).achievement
    publisher = DraftPublisher(node.registry, node.issuer, OwnCatalogue(node.registry))
    awards, notes = publisher.publish(_draft(node, draft), fields_kept_as_written(keep_text=keep_text))
    for note in notes:
        errors.print(f"warning: {note}", markup=False, highlight=False)
    after = Drafts(node.registry).one(_draft(node, draft))
    if as_json:
        print_json(awards)
    else:
        say(f"achievement {after.achievement}, version 1")
        for award in awards:
            show_award(award, several=True)
            for note in award.notes:
                say(f"  note: {note}", style="yellow")
            for problem in award.problems:
                say(f"  {problem.field}: {problem.detail}", style="red")
        say(f"{len(awards) - after.waiting:,} issued, {after.waiting:,} wait")
    if before is None or any(award.credential is not None and not award.unchanged for award in awards):
        publish_now(node)
    else:
        say_older_wait(node)
    if after.waiting:
        raise typer.Exit(1)


@app.command("drop")
def drop(context: typer.Context, draft: Id) -> None:
    """Forget a draft, and the credentials that wait for it.

    Example: registry achievement draft drop 0bbac7a9-…
    """
    node = node_of(context)
    Drafts(node.registry).drop(_draft(node, draft))
