"""Commands for disclosures, with which a learner shows whose a credential is, and what it says of the learner."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from consumers.proofs.receipts import NoReceipt
from projections.records.disclosures import prove_claims
from registry.application.restricted import refuse_restricted_credential
from registry.cli import ids
from registry.cli.files import read_text, write_file
from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say
from registry.learners.missing_claims import explain_missing_claims
from registry.wire.disclosures import InvalidDisclosure

disclosure_app = typer.Typer(
    help="Disclosures, with which a learner shows whose a credential is, and what it says.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(disclosure_app, name="disclosure")


def read_disclosures(file: Path) -> list[str]:
    """Return the disclosures of a file, one a line. Raises `FileError` and usage errors."""
    disclosures = read_text(file).split()
    if not disclosures:
        raise typer.BadParameter(f"{file} is empty; it should hold one disclosure a line")
    if len(disclosures) > _MAX_DISCLOSURES:
        raise typer.BadParameter(
            f"{file} has {len(disclosures)} lines; a credential has {_MAX_DISCLOSURES} disclosures at most"
        )
    return disclosures


_MAX_DISCLOSURES = 64


@disclosure_app.command("verify")
def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="One disclosure a line; - reads them from the input.")],
    *,
    credential: Annotated[str | None, typer.Option(help="MEMBER/ID of their credential.")] = None,
    decision: Annotated[
        str | None, typer.Option(help="MEMBER/ID of their decision, for a letter's disclosure.txt.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that the log commits to disclosures, and show what they say. All of a credential's are needed.

    Exit code 1: the log does not commit to them, or their credential or decision is not in force.

    Examples: registry disclosure verify ada.disclosures --credential twente/e7c1ab39-…
    registry disclosure verify disclosure.txt --decision linkoping/432236b7-…
    """
    node = node_of(context)
    disclosures = read_disclosures(file)
    if (credential is None) == (decision is None):
        raise typer.BadParameter("name --credential or --decision, and not both")
    of_credential = None if credential is None else ids.find(node, credential, "credential")
    of_decision = None if decision is None else ids.find(node, decision, "decision")
    try:
        proven = prove_claims(node.views(), disclosures, credential=of_credential, decision=of_decision)
    except InvalidDisclosure as error:
        raise InvalidDisclosure(
            f"{file} proves nothing: {error}. A line is missing or altered, or they belong to another credential"
            " or decision"
        ) from error
    if proven is None:
        raise ids.IdNotFound("No such credential or decision has arrived at this node.")
    if as_json:
        print_json(proven)
    else:
        kind = "Credential" if proven.credential else "Decision"
        say(f"The log commits to these disclosures. {kind}: {proven.status}")
        for name, value in proven.claims.items():
            say(f"  {name}: {value if isinstance(value, str) else msgspec.json.encode(value).decode()}")
    if proven.status not in ("active", "inForce"):
        raise typer.Exit(1)


@disclosure_app.command("write")
def write(
    context: typer.Context,
    credential: Annotated[str, typer.Argument(metavar="ID", help="One of this university's credentials.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file. It has personal data that is not encrypted.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a credential's disclosures to a file, for its learner alone.

    Example: registry disclosure write e7c1ab39-… --out ada.disclosures
    """
    node = node_of(context)
    member, identifier = ids.find(node, credential, "credential")
    if out.exists() and not force:
        raise typer.BadParameter(f"Refusing to replace {out}. Name another file, or pass --force.", param_hint="--out")
    if member != node.settings.member:
        raise NoReceipt(f"The disclosures are in the vault of {member}; only {member} can hand them out.")
    refuse_restricted_credential(node.registry.cursor(), identifier)
    disclosures = node.registry.vault.read_disclosures(node.registry.cursor(), identifier)
    if not disclosures:
        raise NoReceipt(f"No disclosures of {credential}. {explain_missing_claims(node.registry, identifier)}")
    write_file(out, "".join(f"{line}\n" for line in disclosures).encode(), mode=0o600)
    say(f"{out}: personal data, not encrypted; give it to the learner, and delete it here")
