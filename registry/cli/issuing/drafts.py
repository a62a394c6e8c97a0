"""Achievements that documents brought and Annex I wants more of: `achievement draft`."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from registry.cli import ids
from registry.cli.issuing.achievements import KeepText, achievement_app, kept_fields
from registry.cli.issuing.imports import importer, read_completions, show_award
from registry.cli.issuing.own_events import say_older_wait
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say
from registry.cli.publishing import publish_now
from registry.intake.drafts import Draft, Drafts
from registry.node.node import Node

app = typer.Typer(help="Achievements that documents brought, private until published.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The draft's id.")]


def add_to(main: typer.Typer) -> None:
    """Add these commands, under `achievement`."""
    del main
    achievement_app.add_typer(app, name="draft")


class Shown(msgspec.Struct):
    """A draft, and what is still wanted. Of the credentials that wait only their records are shown."""

    draft: Draft
    missing: list[str]
    credentials: list[dict[str, Any]]


def _draft(node: Node, text: str) -> str:
    return ids.resolve(node, text, "draft")


def _shown(node: Node, identifier: str) -> Shown:
    drafts = Drafts(node.registry)
    found = drafts.one(_draft(node, identifier))
    waiting = [{"record": one.values.get("record"), "missing": one.missing} for one in drafts.waiting(found.draft)]
    return Shown(found, drafts.missing(found), waiting)


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
        say(f"  wants {path}", style="yellow")
    for one in shown.credentials:
        wants = f", wants {', '.join(one['missing'])}" if one["missing"] else ""
        say(f"  waiting: record {one['record'] or '(none)'}{wants}")


@app.command("list")
def list_all(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the drafts that are not published, or that credentials still wait for.

    Example: registry achievement draft list
    """
    drafts = Drafts(node_of(context).registry)
    found = drafts.all()
    columns = [
        Column("draft", lambda draft: draft.draft),
        Column("title", lambda draft: draft.title),
        Column("format", lambda draft: draft.format),
        Column("wanted", lambda draft: len(drafts.missing(draft))),
        Column("waiting", lambda draft: draft.waiting),
    ]
    print_list(found, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@app.command("show")
def show(context: typer.Context, draft: Id, *, as_json: AsJson = False) -> None:
    """Show what a draft says, and what Annex I still wants.

    Example: registry achievement draft show 0bbac7a9-…
    """
    shown = _shown(node_of(context), draft)
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
    """Give what is missing. It counts before what the document says, and can be given again.

    Example: registry achievement draft complete 0bbac7a9-… rest.json
    """
    node = node_of(context)
    Drafts(node.registry).complete(_draft(node, draft), read_completions(file))
    _tell(_shown(node, draft))


@app.command("publish")
def publish(context: typer.Context, draft: Id, *, keep_text: KeepText = False, as_json: AsJson = False) -> None:
    """Publish a draft, and issue the credentials that wait for it; run it again after completing those that lack.

    Exits 1 if a credential goes on waiting.

    Example: registry achievement draft publish 0bbac7a9-…
    """
    node = node_of(context)
    before = Drafts(node.registry).one(_draft(node, draft)).achievement
    taken, notes = importer(node).publish(_draft(node, draft), kept_fields(keep_text=keep_text))
    for note in notes:
        errors.print(f"warning: {note}", markup=False, highlight=False)
    found = Drafts(node.registry).one(_draft(node, draft))
    if as_json:
        print_json(taken)
    else:
        say(f"achievement {found.achievement}, version 1")
        for one in taken:
            show_award(one, several=True)
            for note in one.notes:
                say(f"  note: {note}", style="yellow")
            for problem in one.problems:
                say(f"  {problem.field}: {problem.detail}", style="red")
        say(f"{len(taken) - found.waiting:,} issued, {found.waiting:,} wait")
    if before is None or any(one.credential is not None and not one.unchanged for one in taken):
        publish_now(node)
    else:
        say_older_wait(node)
    if found.waiting:
        raise typer.Exit(1)


@app.command("drop")
def drop(context: typer.Context, draft: Id) -> None:
    """Forget a draft, and the credentials that wait for it.

    Example: registry achievement draft drop 0bbac7a9-…
    """
    node = node_of(context)
    Drafts(node.registry).drop(_draft(node, draft))
