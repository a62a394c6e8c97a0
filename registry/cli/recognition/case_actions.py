"""The actions on a case: one command for each."""

from typing import Annotated, Any, get_args

import typer

from registry.cli.account import As, who
from registry.cli.output import AsJson
from registry.cli.recognition.case_assessment import assess, compare
from registry.cli.recognition.case_proposal import approve, propose, return_
from registry.cli.recognition.case_update import find_case, publish_update, show_update
from registry.cli.recognition.case_words import CaseId, Day, Note, day_of, one_of
from registry.office.cases.words import Document, IssuerAnswer
from registry.wire.recognition import WithdrawalReason


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (
        request_documents,
        receive_documents,
        complete,
        enquire,
        answer,
        compare,
        assess,
        propose,
        approve,
        decide,
        appeal,
        amend,
        withdraw,
        close,
    ):
        app.command(command.__name__.replace("_", "-"))(command)
    app.command("return")(return_)


def request_documents(
    context: typer.Context,
    case: CaseId,
    documents: Annotated[list[str], typer.Argument(help=f"Of {', '.join(get_args(Document))}.")],
    *,
    note: Note = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Ask the applicant for documents. The due date is suspended until all have arrived.

    Example: registry case request-documents 2026/00017 transcript translation --note "Both pages, please."
    """
    office, case_id = find_case(context, case)
    update = office.request_documents(case_id, _documents(documents), who(by), day_of(on), note)
    show_update(update, as_json=as_json)


def receive_documents(
    context: typer.Context,
    case: CaseId,
    documents: Annotated[list[str], typer.Argument(help="The documents that arrived.")],
    *,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Note that documents arrived. With the last one, the due date runs again.

    Example: registry case receive-documents 2026/00017 transcript --on 2026-05-04
    """
    office, case_id = find_case(context, case)
    show_update(office.receive_documents(case_id, _documents(documents), who(by), day_of(on)), as_json=as_json)


def complete(context: typer.Context, case: CaseId, *, by: As = None, on: Day = None, as_json: AsJson = False) -> None:
    """Note that the file is complete. The due date begins to run.

    Example: registry case complete 2026/00017
    """
    office, case_id = find_case(context, case)
    show_update(office.complete(case_id, who(by), day_of(on)), as_json=as_json)


def enquire(
    context: typer.Context,
    case: CaseId,
    *,
    subject: Annotated[
        int | None, typer.Option(min=0, help="Which credential of the case, from 0 on; needed where it has several.")
    ] = None,
    note: Note = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Ask the issuer of a credential whether it is authentic. Prints the enquiry's id, and who is asked about what.

    Examples: registry case enquire 2026/00017 --note "Is diploma 4711 yours?"
    registry case enquire 2026/00018 --subject 1
    """
    office, case_id = find_case(context, case)
    show_update(office.enquire(case_id, subject, who(by), day_of(on), note), as_json=as_json)


def answer(
    context: typer.Context,
    case: CaseId,
    enquiry: Annotated[str, typer.Argument(help="The enquiry's id.")],
    answer_text: Annotated[
        IssuerAnswer, typer.Argument(metavar="ANSWER", help=f"One of {', '.join(get_args(IssuerAnswer))}.")
    ],
    *,
    note: Note = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Note what the issuer answered.

    Example: registry case answer 2026/00017 9d0c6a3e-… authentic
    """
    office, case_id = find_case(context, case)
    show_update(office.answer(case_id, enquiry, answer_text, who(by), day_of(on), note), as_json=as_json)


def decide(
    context: typer.Context,
    case: CaseId,
    *,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Publish the approved proposal as a decision, after its credentials have been checked again.

    A stop that has come up since the approval prevents it: return the proposal, and propose again.

    Example: registry case decide 2026/00017
    """
    office, case_id = find_case(context, case, refresh=True)
    publish_update(context, office.decide(case_id, who(by), day_of(on)), as_json=as_json)


def appeal(
    context: typer.Context,
    case: CaseId,
    *,
    note: Note = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Note that the applicant appeals. Then propose again, and amend.

    Example: registry case appeal 2026/00017 --on 2026-05-04
    """
    office, case_id = find_case(context, case)
    show_update(office.appeal(case_id, who(by), day_of(on), note), as_json=as_json)


def amend(
    context: typer.Context,
    case: CaseId,
    *,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Publish the approved proposal as a decision that supersedes the one before.

    Example: registry case amend 2026/00017
    """
    office, case_id = find_case(context, case, refresh=True)
    publish_update(context, office.amend(case_id, who(by), day_of(on)), as_json=as_json)


def withdraw(
    context: typer.Context,
    case: CaseId,
    *,
    reason: Annotated[WithdrawalReason | None, typer.Option(help="Of a decided case: the reason.")] = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw an application; of a decided case the decision, which is published once another person confirms it.

    Examples: registry case withdraw 2026/00017
    registry case withdraw 2026/00017 --reason decidedInError
    """
    office, case_id = find_case(context, case)
    update = office.withdraw(case_id, who(by), day_of(on), reason=reason)
    publish_update(context, update, as_json=as_json)


def close(context: typer.Context, case: CaseId, *, by: As = None, on: Day = None, as_json: AsJson = False) -> None:
    """Close the file, once the time for an appeal is over.

    Example: registry case close 2026/00017
    """
    office, case_id = find_case(context, case)
    show_update(office.close(case_id, who(by), day_of(on)), as_json=as_json)


def _documents(names: list[str]) -> list[Document]:
    documents: list[Any] = [one_of(name, get_args(Document), "DOCUMENTS") for name in names]
    return documents
