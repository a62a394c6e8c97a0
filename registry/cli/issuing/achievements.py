"""Achievements: what this university offers, and what all members offer."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from projections.catalogue import catalogue
from registry.application.achievement_content import COMMENT, FaultyContent, list_composition_refs, read_content
from registry.application.achievement_texts import ALL_FIELDS, list_notes
from registry.cli import ids
from registry.cli.files import read_bytes
from registry.cli.issuing.own_events import say_views_behind
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say, title_of
from registry.cli.publishing import publish_now
from registry.intake.matching import find_identical
from registry.intake.rows.not_json import no_constant, unique, why_not_json
from registry.node.node import Node
from registry.values.plural import plural
from registry.vault.vault import random_id
from registry.wire.achievements import AchievementContent, AchievementJoined
from registry.wire.forms import VersionedRef

achievement_app = typer.Typer(help="What can be awarded.", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="The content as JSON (see `registry import template`).")
]


Own = Annotated[str, typer.Argument(help="The achievement's id, or your own course code.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(achievement_app, name="achievement")


def _content(
    node: Node, file: Path, achievement: str | None, version: int, keep_text: Collection[str]
) -> AchievementContent:
    """Read the content of an achievement from a file, and print warnings about it.

    A missing id is `achievement` or a new one, a missing version is `version`, and a missing awarding body is this
    university. Raises `FaultyContent` with all faults.
    """
    try:
        values = json.loads(read_bytes(file).decode(), object_pairs_hook=unique, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise FaultyContent([(str(file), f"is not JSON in UTF-8: {why_not_json(error)}")]) from error
    if not isinstance(values, dict):
        raise FaultyContent([(str(file), "must be a JSON object, as `registry import template achievement` prints it")])
    values.pop(COMMENT, None)
    if achievement is not None and values.get("achievement", achievement) != achievement:
        raise FaultyContent([("$.achievement", f"names another achievement than {achievement}, which is revised")])
    filled = {"achievement": achievement or random_id(), "version": version, "awardingBodies": [node.settings.member]}
    try:
        content = read_content(
            filled | values, node.settings.member, node.registry.achievements.newest_version, keep_text
        )
        notes = list_notes(values, content)
    except RecursionError as error:
        raise FaultyContent([(str(file), "is nested too deep")]) from error
    for note in notes:
        errors.print(f"warning: {note}", markup=False, highlight=False)
    return content


@contextmanager
def _listing_faults(file: Path) -> Iterator[None]:
    """Print all faults of a content, and exit with 1."""
    try:
        yield
    except FaultyContent as error:
        for path, detail in error.faults:
            errors.print(f"{path}: {detail}", markup=False, highlight=False)
        errors.print(
            f"{plural(len(error.faults), 'problem')} in {file}. Nothing was published.",
            markup=False,
            highlight=False,
        )
        raise typer.Exit(1) from error


DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything and list all faults; publish nothing.")]


KeepText = Annotated[
    bool,
    typer.Option("--keep-text", help="Keep texts that look wrongly encoded, or like placeholders, as they are."),
]


def fields_kept_as_written(*, keep_text: bool) -> Collection[str]:
    """Return the fields whose texts are kept although they look wrong: all of them, or none."""
    return ALL_FIELDS if keep_text else ()


@achievement_app.command("publish")
def publish(
    context: typer.Context,
    file: File,
    *,
    dry_run: DryRun = False,
    again: Annotated[
        bool, typer.Option("--again", help="Offer it even if an achievement with the same content is already offered.")
    ] = False,
    keep_text: KeepText = False,
) -> None:
    """Offer a new achievement, version 1. It gets a new id unless the file has one.

    All faults of the file are listed together, and then nothing is published. Exits 1 if there are any, or if an
    achievement with the same content is already offered.

    Examples: registry achievement publish data-literacy.json --dry-run
    registry achievement publish data-literacy.json
    """
    node, as_written = node_of(context), fields_kept_as_written(keep_text=keep_text)
    with _listing_faults(file):
        content = _content(node, file, None, 1, as_written)
    if not again:
        _refuse_second(node, content)
    if dry_run:
        node.registry.achievements.check_new(content, keep_text=as_written)
        _say_unknown_parts(node, content)
        say(f"{title_of(content.title)}: could be published as a new achievement, version 1. Nothing was published.")
        return
    node.registry.achievements.publish(content, keep_text=as_written)
    _say_unknown_parts(node, content)
    say(f"achievement {content.achievement}, version 1")
    publish_now(node)


def _say_unknown_parts(node: Node, content: AchievementContent) -> None:
    """Print to standard error the achievements of others in a composition that this node has not read yet."""
    for path, ref in list_composition_refs(content):
        if ref.member != node.settings.member and not catalogue.versions(node.views(), ref.member, ref.achievement):
            errors.print(
                f"{path}: not checked: this node has not read {ref.member}/{ref.achievement}. Bring the"
                " views up with `registry views update`, or check the id.",
                markup=False,
                highlight=False,
            )


def _refuse_second(node: Node, content: AchievementContent) -> None:
    """Exit with 1 if this university already offers the same content."""
    offered = [each for each in node.registry.achievements.list_all() if not each.state.retired]
    same = find_identical(offered, content)
    if same is not None and same != content.achievement:  # the same id is refused by its own rule
        errors.print(
            f"Nothing was published: {same} has the same content and is already offered. Award that one, or pass"
            " --again to offer the same content a second time.",
            markup=False,
            highlight=False,
        )
        raise typer.Exit(1)


@achievement_app.command("revise")
def revise(
    context: typer.Context,
    achievement: Own,
    file: File,
    *,
    dry_run: DryRun = False,
    keep_text: KeepText = False,
) -> None:
    """Offer the next version of an achievement, whole.

    All faults of the file are listed together, and then nothing is published.

    Examples: registry achievement revise 0bbac7a9-… data-literacy.json --dry-run
    registry achievement revise 0bbac7a9-… data-literacy.json
    """
    node = node_of(context)
    achievement = ids.resolve(node, achievement, "achievement")
    version, as_written = (
        node.registry.achievements.get(achievement).state.version + 1,
        fields_kept_as_written(keep_text=keep_text),
    )
    with _listing_faults(file):
        content = _content(node, file, achievement, version, as_written)
    if dry_run:
        node.registry.achievements.check_revision(content, keep_text=as_written)
        _say_unknown_parts(node, content)
        say(f"{title_of(content.title)}: could be published as version {version}. Nothing was published.")
        return
    node.registry.achievements.revise(content, keep_text=as_written)
    _say_unknown_parts(node, content)
    say(f"achievement {achievement}, version {version}")
    publish_now(node)


@achievement_app.command("retire")
def retire(
    context: typer.Context,
    achievement: Own,
) -> None:
    """Stop offering an achievement; what was issued stays.

    Example: registry achievement retire 0bbac7a9-…
    """
    node = node_of(context)
    node.registry.achievements.retire(ids.resolve(node, achievement, "achievement"))
    publish_now(node)


@achievement_app.command("join")
def join(
    context: typer.Context,
    achievement: Annotated[str, typer.Argument(help="Another member's achievement, MEMBER/ID.")],
    *,
    version: Annotated[int | None, typer.Option(min=1, help="Its version (else the newest).")] = None,
) -> None:
    """Confirm that this university awards another member's achievement together with it, and publish that.

    Until then the views show the co-award as claimed. Exits 1 if the other member does not name this university.

    Example: registry achievement join lund/0bbac7a9-… --version 2
    """
    node = node_of(context)
    member, identifier = ids.find(node, achievement, "achievement")
    versions = catalogue.versions(node.views(), member, identifier)
    newest = [each for each in versions if version in (None, each.version)][-1:]
    if not newest:
        errors.print(
            f"{achievement} is unknown here in that version. `registry views update` reads the log.", markup=False
        )
        raise typer.Exit(1)
    [joined] = newest
    if node.settings.member not in joined.content["awardingBodies"]:
        errors.print(
            f"{member} does not name {node.settings.member} among the awarding bodies of version {joined.version}: "
            f"{', '.join(joined.content['awardingBodies'])}",
            markup=False,
        )
        raise typer.Exit(1)
    node.registry.achievements.join(AchievementJoined(VersionedRef(member, joined.achievement, joined.version)))
    say(f"joined {member}/{joined.achievement}, version {joined.version}")
    publish_now(node)


@achievement_app.command("list")
def list_all(
    context: typer.Context,
    member: Annotated[str | None, typer.Argument(help="One member's only.")] = None,
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List the newest version of every achievement that members offer.

    Example: registry achievement list twente
    """
    node = node_of(context)
    offers = catalogue.newest(node.views(), member)
    columns = [
        Column("university", lambda offer: offer.member),
        Column("achievement", lambda offer: offer.achievement),
        Column("version", lambda offer: offer.version),
        Column("title", lambda offer: title_of(offer.title), cut=True),
        Column("kind", lambda offer: offer.kind, wide=True),
        Column("ECTS", lambda offer: offer.ects),
        Column("EQF", lambda offer: offer.eqf_level),
        Column("state", lambda offer: "retired" if offer.retired else "offered"),
    ]
    print_list(offers, columns, as_json=as_json, as_csv=as_csv, wide=wide)
    say_views_behind(node)


@achievement_app.command("show")
def show(
    context: typer.Context,
    achievement: Own,
    *,
    member: Annotated[str | None, typer.Option(help="Whose achievement (else this node's).")] = None,
    as_json: AsJson = False,
) -> None:
    """Show all versions of an achievement, as published.

    Example: registry achievement show 0bbac7a9-… --member twente
    """
    node = node_of(context)
    owner, achievement = ids.find(node, achievement, "achievement", member)
    versions = catalogue.versions(node.views(), owner, achievement)
    say_views_behind(node)
    if not versions:
        errors.print(f"{owner} has no achievement {achievement} in the views.", markup=False)
        raise typer.Exit(1)
    if as_json:
        print_json(versions)
        return
    for version in versions:
        say(f"{title_of(version.title)}, version {version.version}" + (", retired" if version.retired else ""))
        for name, value in version.content.items():
            if name not in ("achievement", "version", "title"):
                say(f"  {name}: {msgspec.json.encode(value).decode()}")
        for body, state in version.joint.items():
            say(f"  awarded together with {body}: {state}")
