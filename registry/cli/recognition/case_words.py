"""Parses what the commands of a case have in common: days, programmes, and words from lists."""

from datetime import date
from typing import Annotated, Any

import msgspec
import typer

from registry.cli import ids
from registry.cli.choices import parse_country
from registry.node.node import Node
from registry.office.cases.service import Office
from registry.office.errors import UnknownCase
from registry.wire.recognition import External, Towards
from registry.wire.validation_messages import format_error

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case's id or file number.")]
Day = Annotated[str | None, typer.Option("--on", help="The day on which it happened, YYYY-MM-DD (else today).")]
Note = Annotated[str | None, typer.Option("--note", help="A note for the file; kept encrypted.")]


def day_of(text: str | None) -> date | None:
    """Parse a day. Raises `typer.BadParameter`."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date YYYY-MM-DD", param_hint="--on") from error


def towards_of(node: Node, text: str) -> Towards:
    """Parse a programme: MEMBER/ACHIEVEMENT, or else its title."""
    member, _, achievement = text.partition("/")
    if len(achievement) == 36 and achievement.count("-") == 4:
        return Towards(member=member, achievement=ids.resolve(node, achievement, "achievement"))
    return Towards(title={"en": text})


def credential_of(node: Node, text: str) -> dict[str, str]:
    """Return a credential that a text names: MEMBER/ID."""
    member, identifier = ids.find(node, text, "credential")
    return {"member": member, "credential": identifier}


def external_of(text: str) -> External:
    """Parse a credential that no member issued: COUNTRY:ISSUER:TITLE."""
    parts = text.split(":", 2)
    if len(parts) != 3:
        raise typer.BadParameter(f"{text!r} is not COUNTRY:ISSUER:TITLE", param_hint="--external")
    values = {"country": parse_country(parts[0]), "issuerName": parts[1], "title": parts[2]}
    external: External = convert(values, External, "--external")
    return external


def one_of(text: str, words: tuple[str, ...], option: str) -> str:
    """Return a word if it is in the list. Raises `typer.BadParameter`."""
    if text not in words:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(words)}", param_hint=option)
    return text


def convert(value: Any, kind: Any, option: str) -> Any:  # noqa: ANN401 - of that kind
    """Convert a value to a struct. Raises `typer.BadParameter`."""
    try:
        return msgspec.convert(value, kind, from_attributes=True)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(format_error(error, kind), param_hint=option) from error


def case_of(node: Node, office: Office, text: str) -> str:
    """Return the id of the case that a text names by its id, its beginning, or its file number. Raises a refusal."""
    try:
        return office.identifier(text)
    except UnknownCase:
        if not ids.may_begin(text):
            raise
        return ids.resolve(node, text, "case")
