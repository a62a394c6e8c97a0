"""Exporting all that the node knows of a learner."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli import ids
from registry.cli.issuing.reading import learner_app
from registry.cli.opening import node_of
from registry.cli.output import say
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.export.formats import Language
from registry.log.durable_files import create_private_file


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; this is a command of `learner`
    """Add this command."""
    learner_app.command("export-all")(export_all)


def export_all(
    context: typer.Context,
    learner: Annotated[
        str,
        typer.Argument(
            help=f"The learner's id, or with --student the university's own number. {FROM_INPUT}", callback=from_input
        ),
    ],
    file: Annotated[Path, typer.Argument(help="The ZIP or PDF to write; it must not exist.")],
    *,
    student: Annotated[bool, typer.Option("--student", help="LEARNER is a student number of this university.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF in plain words instead of the ZIP.")] = False,
    language: Annotated[Language, typer.Option(help="The language of the PDF.")] = "en",
) -> None:
    """Write all that this node knows of a learner to a ZIP, for the learner who asks (GDPR, Art. 15 and 20).

    The manifest of the ZIP lists each file with its SHA-256, and what is not in it, with the reason. Only your own
    account may read the file. Hand it to the learner, then delete it: an erasure does not reach it.

    With --pdf it is a PDF for people (PDF/A-3a, PDF/UA-1), without the contents of files.

    Examples: registry learner export-all 2afda2b4-a247-4f0f-aedd-e040beb58eab everything.zip
    registry learner export-all s1234567 everything.pdf --student --pdf --language de
    """
    from registry.node.adapters.access_exporter import AccessExporter  # noqa: PLC0415 - accounts load libraries that help texts do not need

    node = node_of(context)
    identifier = ids.learner_of_student(node, learner) if student else ids.resolve(node, learner, "learner")
    exporter = AccessExporter(node)
    archive = exporter(node.registry, identifier)
    if file.exists():
        raise typer.BadParameter(f"{file} exists. Refusing to replace it.", param_hint="FILE")
    pieces = [exporter.write_pdf(archive, language)] if pdf else archive.stream()
    with create_private_file(file) as output:
        for piece in pieces:
            output.write(piece)
    say(f"{file}: all that this node knows of learner {identifier}")
