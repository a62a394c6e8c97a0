"""The parts that the actions on a case share: finding the case, and saying what an action led to."""

import typer

from registry.cli.opening import node_of
from registry.cli.output import errors, print_json, say
from registry.cli.publishing import publish_now
from registry.cli.recognition.case_words import case_of
from registry.node.adapters.office import office_of
from registry.office.cases.service import Office
from registry.office.cases.views import CaseUpdate


def show_update(update: CaseUpdate, *, as_json: bool) -> None:
    """Print the outcome of an action."""
    if as_json:
        print_json(update)
        return
    due = f", due {update.due}" if update.due is not None else ""
    say(f"case {update.case}, file {update.file_number}: {update.state}{due}")
    if update.enquiry is not None:
        say(f"enquiry {update.enquiry}")
    if update.decision is not None:
        say(f"decision {update.decision}")
    if update.proposal_id is not None:
        say(f"proposal {update.proposal_id}")
    if update.addressee is not None:
        say(f"asked {update.addressee}")
    for warning in update.warnings:
        errors.print(f"note: {warning}", markup=False, highlight=False)


def find_case(context: typer.Context, case: str, *, refresh: bool = False) -> tuple[Office, str]:
    """Return the office and the id of a case; `refresh` first brings the views up to date with the log."""
    node = node_of(context)
    if refresh:
        node.projector().step()
    office = office_of(node)
    return office, case_of(node, office, case)


def publish_update(context: typer.Context, update: CaseUpdate, *, as_json: bool) -> None:
    """Publish the decision that an action made, if any, and print the outcome."""
    if update.decision is not None:
        publish_now(node_of(context))
    show_update(update, as_json=as_json)
