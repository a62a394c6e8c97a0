"""The actions on a case: one command for each."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from registry.cli.account import As, who
from registry.cli.files import read_json
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, say, title_of
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.cli.publishing import publish_now
from registry.cli.recognition.assessing import against_of, show_elements
from registry.cli.recognition.case_words import Day, Note, case_of, convert, day_of, one_of, towards_of
from registry.cli.recognition.proposals import confirmed_proposal, proposal_lines
from registry.cli.recognition.reasons import show_country
from registry.node.adapters.office import office_of
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.requirements import programme_notes
from registry.office.cases.assessment_draft import draft_of
from registry.office.cases.case_view import show_case
from registry.office.cases.decision import list_decided_subjects
from registry.office.cases.proposal_messages import Leave
from registry.office.cases.service import Office
from registry.office.cases.views import CaseUpdate
from registry.office.cases.words import Document, IssuerAnswer
from registry.office.reasons.country_notes import country_note
from registry.office.reasons.reasons import folder_of
from registry.wire.recognition import Condition, Grant, Ground, Mode, Outcome, WithdrawalReason

Against = Annotated[
    str | None,
    typer.Option(help="An own achievement's id, or a programme profile's name (else what the case counts towards)."),
]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case's id or file number.")]


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
    office, case_id = _office(context, case)
    moved = office.request_documents(case_id, _documents(documents), who(by), day_of(on), note)
    show_moved(moved, as_json=as_json)


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
    office, case_id = _office(context, case)
    show_moved(office.receive_documents(case_id, _documents(documents), who(by), day_of(on)), as_json=as_json)


def complete(context: typer.Context, case: CaseId, *, by: As = None, on: Day = None, as_json: AsJson = False) -> None:
    """Note that the file is complete. The due date begins to run.

    Example: registry case complete 2026/00017
    """
    office, case_id = _office(context, case)
    show_moved(office.complete(case_id, who(by), day_of(on)), as_json=as_json)


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
    office, case_id = _office(context, case)
    show_moved(office.enquire(case_id, subject, who(by), day_of(on), note), as_json=as_json)


def answer(
    context: typer.Context,
    case: CaseId,
    enquiry: Annotated[str, typer.Argument(help="The enquiry's id.")],
    answer_text: Annotated[str, typer.Argument(metavar="ANSWER", help=f"One of {', '.join(get_args(IssuerAnswer))}.")],
    *,
    note: Note = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Note what the issuer answered.

    Example: registry case answer 2026/00017 9d0c6a3e-… authentic
    """
    office, case_id = _office(context, case)
    word: Any = one_of(answer_text, get_args(IssuerAnswer), "ANSWER")
    show_moved(office.answer(case_id, enquiry, word, who(by), day_of(on), note), as_json=as_json)


def compare(
    context: typer.Context,
    case: CaseId,
    *,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """Show the five elements of each credential beside what is required. With --json: an assessment to fill in.

    Examples: registry case compare 2026/00017 --against "Master of Urban Analytics"
    registry case compare 2026/00017 --against 0bbac7a9-… --json > assessment.json
    """
    office, case_id = _office(context, case)
    node = node_of(context)
    draft = draft_of(office, case_id, _against(context, against))
    if against is None:
        for note in programme_notes(office.registry, office.registry.case(case_id).data.towards or ()):
            errors.print(f"note: {note}", markup=False, highlight=False)
    if as_json:
        print_json(draft, verbatim=True)
        return
    for number, assessed in enumerate(draft.assessed):
        say(f"credential {number}: {title_of(assessed.offered.title)}, {assessed.offered.issuer}")
        show_elements(assessed.elements)
    for country in sorted({each.offered.country for each in draft.assessed if each.offered.country is not None}):
        if (noted := country_note(country, folder_of(node.settings.home))) is not None:
            show_country(noted)


def assess(
    context: typer.Context,
    case: CaseId,
    file: Annotated[Path | None, typer.Argument(help="The assessment in JSON; - reads it here.")] = None,
    *,
    template: Annotated[
        bool, typer.Option("--template", help="Print an assessment to fill in, and record nothing.")
    ] = False,
    against: Against = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Record an assessment of the case's credentials: the template, with what you name, answer and propose.

    docs/office.md shows one filled in; docs/assessment.schema.json describes its fields. The suggestions are computed
    again when it is recorded: name each (`named`), or say why it is not substantial (`noDifference`).

    Examples: registry case assess 2026/00017 --template --against "Master of Urban Analytics" > assessment.json
    registry case assess 2026/00017 assessment.json
    """
    office, case_id = _office(context, case)
    if template:
        print_json(draft_of(office, case_id, _against(context, against)), verbatim=True)
        return
    if file is None:
        raise typer.BadParameter("name the assessment's file, or print one to fill in with --template")
    assessment = read_json(file, Assessment)
    show_moved(office.assess(case_id, assessment, who(by), day_of(on)), as_json=as_json)


def propose(
    context: typer.Context,
    case: CaseId,
    *,
    grants: Annotated[
        Path | None, typer.Option(help="The grants in JSON, as the decision will have them; - reads them here.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help=f"One grant: {', '.join(get_args(Outcome))}.")] = None,
    ects: Annotated[float | None, typer.Option(min=0, help="The credits granted.")] = None,
    eqf_level: Annotated[int | None, typer.Option(min=1, max=8, help="The level granted.")] = None,
    mode: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Mode))}.")] = "recognised",
    towards: Annotated[str | None, typer.Option(help="MEMBER/ACHIEVEMENT, or a title.")] = None,
    ground: Annotated[
        list[str] | None, typer.Option(help="ASPECT:DIFFERENCE, for all but full; may be given several times.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="What is still to be done, for a conditional grant.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="For the applicant; kept encrypted.")] = None,
    leave: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER:REASON",
            help="A credential of the case that is left out of the decision, and why: the letter prints it.",
        ),
    ] = None,
    override: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Why you propose this in spite of a stop; kept encrypted. The person who approves"
            f" reads and accepts it. {FROM_INPUT}",
            callback=from_input,
        ),
    ] = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Propose what to grant: the assessment's proposal, else one grant on all credentials by options, or --grants.

    A proposal is stopped by: a credential that is not active, an issuer that denies it, another holder, a
    suggested difference that nobody answered. Without an assessment the letter says *not assessed*.

    Examples: registry case propose 2026/00017
    registry case propose 2026/00017 --outcome full --ects 5
    registry case propose 2026/00017 --outcome partial --ects 3 --ground workload:substantiallyLess
    registry case propose 2026/00017 --grants grants.json
    registry case propose 2026/00017 --outcome full --ects 5 --leave "1:You submitted it for information only."
    """
    office, case_id = _office(context, case, look=True)
    left = [_leave(text) for text in leave or ()]
    about = office.registry.case(case_id)
    if grants is not None:
        proposed = read_json(grants, list[Grant])
    elif outcome is not None:
        intended = about.data.towards if about.data.towards and len(about.data.towards) == 1 else None
        values = {
            "from": list_decided_subjects(about, [each.subject for each in left]),
            "outcome": outcome,
            "mode": mode,
            "gradeTransfer": "none",
            "ects": int(ects) if ects is not None and ects == int(ects) else ects,
            "eqfLevel": eqf_level,
            "towards": towards_of(node_of(context), towards) if towards else intended[0] if intended else None,
            "grounds": [_ground(text) for text in ground] if ground else None,
            "conditions": [convert({"code": code}, Condition, "--condition") for code in condition or ()] or None,
        }
        proposed = [convert({k: v for k, v in values.items() if v is not None}, Grant, "--outcome")]
    else:
        proposed = []
    update = office.propose(case_id, proposed, who(by), day_of(on), note, leave=left, override=override)
    show_moved(update, as_json=as_json)


def approve(
    context: typer.Context,
    case: CaseId,
    *,
    proposal: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="The id of the proposal that you read, as `case show` and `case propose` print it. At a terminal the"
            " proposal is shown, and you are asked.",
        ),
    ] = None,
    accept_override: Annotated[
        bool, typer.Option("--accept-override", help="You have read the reason of the override, and accept it.")
    ] = False,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Approve the proposal, as another person than the one who made it. It is printed whole, with its overrides.

    Name the proposal that you read: if the case has another one by now, nothing is approved.

    Example: registry case approve 2026/00017 --actor l.holm --proposal 5d41402a
    """
    office, case_id = _office(context, case, look=True)
    view = show_case(office, case_id)
    for line in proposal_lines(view):
        errors.print(line, markup=False, highlight=False)
    person, named = who(by), proposal or confirmed_proposal(view)
    update = office.approve(case_id, person, day_of(on), proposal_id=named, accept_override=accept_override)
    show_moved(update, as_json=as_json)


def return_(
    context: typer.Context,
    case: CaseId,
    *,
    note: Note = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Return the proposal, so that another one can be made.

    Example: registry case return 2026/00017 --note "Has the syllabus been looked at?"
    """
    office, case_id = _office(context, case)
    show_moved(office.return_(case_id, who(by), day_of(on), note), as_json=as_json)


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
    office, case_id = _office(context, case, look=True)
    _publish_update(context, office.decide(case_id, who(by), day_of(on)), as_json=as_json)


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
    office, case_id = _office(context, case)
    show_moved(office.appeal(case_id, who(by), day_of(on), note), as_json=as_json)


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
    office, case_id = _office(context, case, look=True)
    _publish_update(context, office.amend(case_id, who(by), day_of(on)), as_json=as_json)


def withdraw(
    context: typer.Context,
    case: CaseId,
    *,
    reason: Annotated[
        str | None, typer.Option(help=f"Of a decided case: one of {', '.join(get_args(WithdrawalReason))}.")
    ] = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw an application; of a decided case the decision, which is published once another person confirms it.

    Examples: registry case withdraw 2026/00017
    registry case withdraw 2026/00017 --reason decidedInError
    """
    office, case_id = _office(context, case)
    why: Any = None if reason is None else one_of(reason, get_args(WithdrawalReason), "--reason")
    moved = office.withdraw(case_id, who(by), day_of(on), reason=why)
    _publish_update(context, moved, as_json=as_json)


def close(context: typer.Context, case: CaseId, *, by: As = None, on: Day = None, as_json: AsJson = False) -> None:
    """Close the file, once the time for an appeal is over.

    Example: registry case close 2026/00017
    """
    office, case_id = _office(context, case)
    show_moved(office.close(case_id, who(by), day_of(on)), as_json=as_json)


# Shared


def show_moved(moved: CaseUpdate, *, as_json: bool) -> None:
    """Say what a move led to."""
    if as_json:
        print_json(moved)
        return
    due = f", due {moved.due}" if moved.due is not None else ""
    say(f"case {moved.case}, file {moved.file_number}: {moved.state}{due}")
    if moved.enquiry is not None:
        say(f"enquiry {moved.enquiry}")
    if moved.decision is not None:
        say(f"decision {moved.decision}")
    if moved.proposal_id is not None:
        say(f"proposal {moved.proposal_id}")
    if moved.addressee is not None:
        say(f"asked {moved.addressee}")
    for warning in moved.warnings:
        errors.print(f"note: {warning}", markup=False, highlight=False)


def _office(context: typer.Context, case: str, *, look: bool = False) -> tuple[Office, str]:
    """Return the office and the id of a case; `look` first brings the views up to date with the log."""
    node = node_of(context)
    if look:
        node.projector().step()
    office = office_of(node)
    return office, case_of(node, office, case)


def _publish_update(context: typer.Context, moved: CaseUpdate, *, as_json: bool) -> None:
    if moved.decision is not None:
        publish_now(node_of(context))
    show_moved(moved, as_json=as_json)


def _against(context: typer.Context, text: str | None) -> str | None:
    return None if text is None else against_of(node_of(context), text)


def _leave(text: str) -> Leave:
    number, colon, reason = text.partition(":")
    if not (colon and number.strip().isascii() and number.strip().isdigit() and reason.strip()):
        raise typer.BadParameter(f"{text!r} is not NUMBER:REASON, such as 1:…", param_hint="--leave")
    leave: Leave = convert({"subject": int(number), "reason": reason.strip()}, Leave, "--leave")
    return leave


def _documents(names: list[str]) -> list[Document]:
    documents: list[Any] = [one_of(name, get_args(Document), "DOCUMENTS") for name in names]
    return documents


def _ground(text: str) -> Ground:
    aspect, colon, difference = text.partition(":")
    if not colon:
        raise typer.BadParameter(f"{text!r} is not ASPECT:DIFFERENCE", param_hint="--ground")
    ground: Ground = convert({"aspect": aspect, "difference": difference}, Ground, "--ground")
    return ground
