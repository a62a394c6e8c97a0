"""Achievements: what this university offers, and what all members offer."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from projections import catalogue
from registry.cli import ids
from registry.cli.context import Node, node_of
from registry.cli.founding import publish_now
from registry.cli.listing import Column, print_list
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say, title_of
from registry.cli.own_events import say_views_behind
from registry.intake.importing import find_identical
from registry.vault import random_id
from registry.wire.achievements import AchievementContent, AchievementJoined
from registry.wire.errors import InvalidEvent
from registry.wire.forms import VersionedRef
from registry.wire.misfits import told

achievement_app = typer.Typer(help="What can be awarded.", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="The content as JSON (see `registry template`).")
]


Own = Annotated[str, typer.Argument(help="The achievement's id, or your own course code.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(achievement_app, name="achievement")


def _content(node: Node, file: Path, achievement: str | None, version: int) -> AchievementContent:
    """What the file says, as that version; the achievement's id is the given one, else the file's, else a new one."""
    try:
        values = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        achievement = achievement or values.get("achievement") or random_id()
        values = {"awardingBodies": [node.settings.member]} | values
        return msgspec.convert(values | {"achievement": achievement, "version": version}, AchievementContent)
    except msgspec.ValidationError as error:
        raise InvalidEvent("schema", str(file), told(error, AchievementContent)) from error
    except msgspec.DecodeError as error:
        raise InvalidEvent("schema", str(file), str(error)) from error


@achievement_app.command("publish")
def publish(
    context: typer.Context,
    file: File,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Offer it even if an achievement with the same content is offered already.")
    ] = False,
) -> None:
    """Offer a new achievement. Its id and version 1 are given here unless the file has an id.

    Exits 1 if an achievement with the same content is offered already.

    Example: registry achievement publish data-literacy.json
    """
    node = node_of(context)
    content = _content(node, file, None, 1)
    if not again:
        _refuse_second(node, content)
    node.registry.publish_achievement(content)
    say(f"achievement {content.achievement}, version 1")
    publish_now(node)


def _refuse_second(node: Node, content: AchievementContent) -> None:
    """End with exit code 1 where this university offers the same content already."""
    offered = [each for each in node.registry.achievements() if not each.state.retired]
    same = find_identical(offered, content)
    if same is not None and same != content.achievement:  # the same id is refused by its own rule
        errors.print(
            f"Nothing was published: {same} has the same content and is offered already. Award that one, or pass"
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
) -> None:
    """Offer the next version of an achievement, whole.

    Example: registry achievement revise 0bbac7a9-… data-literacy.json
    """
    node = node_of(context)
    achievement = node.uuid(achievement, "achievement")
    version = node.registry.achievement(achievement).state.version + 1
    node.registry.revise_achievement(_content(node, file, achievement, version))
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
    node.registry.retire_achievement(node.uuid(achievement, "achievement"))
    publish_now(node)


@achievement_app.command("join")
def join(
    context: typer.Context,
    achievement: Annotated[str, typer.Argument(help="Another member's achievement, MEMBER/ID.")],
    *,
    version: Annotated[int | None, typer.Option(min=1, help="Its version (else the newest).")] = None,
) -> None:
    """Confirm that this university awards another's achievement together with it, and publish that.

    Until then the other's saying so is shown as claimed. Exits 1 where it does not say so.

    Example: registry achievement join lund/0bbac7a9-… --version 2
    """
    node = node_of(context)
    member, identifier = ids.find(node, achievement, "achievement")
    found = catalogue.versions(node.views(), member, identifier)
    wanted = [one for one in found if version in (None, one.version)][-1:]
    if not wanted:
        errors.print(
            f"{achievement} is not known here in that version. `registry project` reads the log.", markup=False
        )
        raise typer.Exit(1)
    [one] = wanted
    if node.settings.member not in one.content["awardingBodies"]:
        errors.print(
            f"{member} does not name {node.settings.member} among the awarding bodies of version {one.version}: "
            f"{', '.join(one.content['awardingBodies'])}",
            markup=False,
        )
        raise typer.Exit(1)
    node.registry.join_achievement(AchievementJoined(VersionedRef(member, one.achievement, one.version)))
    say(f"joined {member}/{one.achievement}, version {one.version}")
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
    found = catalogue.newest(node.views(), member)
    columns = [
        Column("university", lambda one: one.member),
        Column("achievement", lambda one: one.achievement),
        Column("version", lambda one: one.version),
        Column("title", lambda one: title_of(one.title), cut=True),
        Column("kind", lambda one: one.kind, wide=True),
        Column("ECTS", lambda one: one.ects),
        Column("EQF", lambda one: one.eqf_level),
        Column("state", lambda one: "retired" if one.retired else "offered"),
    ]
    print_list(found, columns, as_json=as_json, as_csv=as_csv, wide=wide)
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
    found = catalogue.versions(node.views(), owner, achievement)
    say_views_behind(node)
    if not found:
        errors.print(f"{owner} has no achievement {achievement} in the views.", markup=False)
        raise typer.Exit(1)
    if as_json:
        print_json(found)
        return
    for version in found:
        say(f"{title_of(version.title)}, version {version.version}" + (", retired" if version.retired else ""))
        for name, value in version.content.items():
            if name not in ("achievement", "version", "title"):
                say(f"  {name}: {msgspec.json.encode(value).decode()}")
        for body, state in version.joint.items():
            say(f"  awarded together with {body}: {state}")
