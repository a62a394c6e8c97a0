"""Programme profiles of the recognition office: what its programmes require. They are private."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from registry.cli.account import As, who
from registry.cli.files import read_json
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, print_json, say
from registry.cli.recognition.case_words import convert
from registry.office.assessments.offered import Requirement
from registry.office.assessments.profiles import (
    ProfileRow,
    StoredProfile,
    find_profile,
    get_profile,
    list_profiles,
)

office_app = typer.Typer(help="Settings of the recognition office.", no_args_is_help=True)
profile_app = typer.Typer(
    help="Programme profiles: what the office's programmes require, for comparisons. They stay on this node.",
    no_args_is_help=True,
)
office_app.add_typer(profile_app, name="profile")
Name = Annotated[str, typer.Argument(help="The programme's name; case and accents do not matter.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(office_app, name="office")


@profile_app.command("set")
def set_profile(
    context: typer.Context,
    name: Name,
    *,
    file: Annotated[
        Path | None, typer.Option(help="The whole requirement in JSON, as docs/office.md shows; - reads it here.")
    ] = None,
    level: Annotated[int | None, typer.Option(min=1, max=8, help="The EQF level required.")] = None,
    access_to: Annotated[int | None, typer.Option(min=1, max=8, help="The EQF level that admission is to.")] = None,
    ects: Annotated[float | None, typer.Option(min=0, help="The credits required.")] = None,
    field: Annotated[list[str] | None, typer.Option(help="ISCED-F code; may be given several times.")] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(help="A learning outcome that matters, in English; may be given several times.")
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(help="An accepted language of teaching, for example en; may be given several times."),
    ] = None,
    summative: Annotated[bool, typer.Option("--summative", help="It must have been assessed by somebody.")] = False,
    supervised: Annotated[bool, typer.Option("--supervised", help="The assessment must have been supervised.")] = False,
    identity_verified: Annotated[
        bool, typer.Option("--identity-verified", help="The learner's identity must have been verified.")
    ] = False,
    practice: Annotated[bool, typer.Option("--practice", help="It must have work-based learning.")] = False,
    research: Annotated[bool, typer.Option("--research", help="It must have research.")] = False,
    max_age_months: Annotated[int | None, typer.Option(min=1, help="How old it may be, in months.")] = None,
    by: As = None,
) -> None:
    """Store what a programme requires. A profile of the same name is replaced.

    Examples: registry office profile set "Master of Urban Analytics" --access-to 7 --ects 180 --field 0731
    registry office profile set "Master of Urban Analytics" --file requirement.json
    """
    if file is not None:
        requirement = read_json(file, Requirement)
    else:
        values: dict[str, Any] = {
            "ects": int(ects) if ects is not None and ects == int(ects) else ects,
            "eqfLevel": level,
            "accessTo": access_to,
            "fieldsOfEducation": field,
            "learningOutcomes": [{"title": {"en": text}} for text in outcome or ()] or None,
            "summative": summative,
            "supervised": supervised,
            "identityVerified": identity_verified,
            "practice": practice,
            "research": research,
            "maxAgeMonths": max_age_months,
            "language": language,
        }
        requirement = convert({key: value for key, value in values.items() if value}, Requirement, "the requirement")
    if requirement == Requirement():
        raise typer.BadParameter("a profile requires something; see --help for what it can name")
    registry = node_of(context).registry
    before = find_profile(registry.cursor(), name)
    registry.store_rows(ProfileRow(name, requirement, who(by)))
    say(f"{'replaced' if before is not None else 'stored'} the profile {name}")


@profile_app.command("list")
def show_profiles(
    context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False
) -> None:
    """Show all profiles.

    Example: registry office profile list
    """
    profiles = list_profiles(node_of(context).registry.cursor())
    print_list(profiles, _COLUMNS, as_json=as_json, as_csv=as_csv, wide=wide)


@profile_app.command("show")
def show_profile(context: typer.Context, name: Name, *, as_json: AsJson = False) -> None:
    """Show what a programme requires.

    Example: registry office profile show "Master of Urban Analytics"
    """
    profile = get_profile(node_of(context).registry.cursor(), name)
    if as_json:
        print_json(profile)
        return
    say(f"{profile.name}, changed {profile.changed:%Y-%m-%d} by {profile.by}")
    for key, value in _values(profile).items():
        say(f"  {key}: {value}")


@profile_app.command("remove")
def drop_profile(context: typer.Context, name: Name) -> None:
    """Remove a profile. Assessments that were made with it stay as they are.

    Example: registry office profile remove "Master of Urban Analytics"
    """
    node_of(context).registry.store_rows(ProfileRow(name, None, ""))
    say(f"removed the profile {name}")


def _values(profile: StoredProfile) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(profile.requirement)
    return values


_COLUMNS = (
    Column("name", lambda profile: profile.name),
    Column("level", lambda profile: profile.requirement.eqf_level or profile.requirement.access_to),
    Column("ects", lambda profile: profile.requirement.ects),
    Column("fields", lambda profile: ", ".join(profile.requirement.fields_of_education)),
    Column("changed", lambda profile: profile.changed.date()),
    Column("by", lambda profile: profile.by, wide=True),
)
