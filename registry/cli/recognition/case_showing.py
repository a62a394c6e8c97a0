"""The command that shows a case, and the columns of cases in lists."""

import typer

from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say, title_of
from registry.cli.recognition.case_words import CaseId, case_of
from registry.cli.recognition.proposals import proposal_lines
from registry.node.adapters.office import office_of
from registry.office.cases import case_view
from registry.office.cases.views import CaseView, SubjectView
from registry.office.cases.worklist import CaseLine


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("show")(show_case)


def show_case(
    context: typer.Context,
    case: CaseId,
    *,
    as_json: AsJson = False,
) -> None:
    """Show a whole case: applicant, credentials then and now, warnings, notes and history.

    Example: registry case show 2026/00017
    """
    node = node_of(context)
    office = office_of(node)
    view = case_view.show_case(office, case_of(node, office, case))
    if as_json:
        print_json(view)
        return
    _print_case(view)


def _print_case(view: CaseView) -> None:
    print_list([view.case], CASE_COLUMNS, as_json=False, as_csv=False, wide=True)
    _print_applicant(view)
    for number, subject in enumerate(view.subjects):
        removed = ", removed from the case" if number in view.removed else ""
        say(f"credential {number}: {_describe_subject(subject)}{removed}")
        if subject.at_decision is not None:
            then = subject.at_decision
            say(f"  when it was decided: {', '.join([then.status, *then.flags])}")
    for warning in view.warnings:
        say(f"note: {warning}", style="yellow")
    if any(change.acknowledged_by is None for change in view.changes):
        say("to note that you have seen what changed: registry case acknowledge CASE")
    for attached in view.attachments:
        say(f"file {attached.attachment}: {attached.kind}, {attached.media_type}, {attached.bytes:,} bytes")
    for line in proposal_lines(view):
        say(line)
    if view.outstanding:
        say(f"waits for {', '.join(view.outstanding)}")
    for enquiry in view.enquiries:
        say(f"enquiry {enquiry.enquiry} about credential {enquiry.subject}: {enquiry.answer or 'not answered'}")
    _print_decisions(view)
    _print_history(view)


def _print_applicant(view: CaseView) -> None:
    person = view.applicant
    if person is None:
        say("the applicant was erased")
    else:
        names = (person.given_name, person.family_name, person.date_of_birth, person.student)
        say(f"applicant {' '.join(part for part in names if part)}, learner {person.learner}")
    for towards in view.towards:
        say(f"towards {title_of(towards.title) or f'{towards.member}/{towards.achievement}'}")


def _describe_subject(view: SubjectView) -> str:
    subject, now = view.subject, view.now
    what = ""
    if subject.external is not None:
        what = f"{subject.external.title}, {subject.external.issuer_name} ({subject.external.country})"
    elif subject.credential is not None:
        what = f"{subject.credential.member}/{subject.credential.credential}"
        what += f" {title_of(now.title)}, {now.status}" if now is not None else ", not arrived"
    without_documents = "" if subject.documented else ", without documents"
    return f"{what} ({subject.evidence}{without_documents})"


def _print_decisions(view: CaseView) -> None:
    for decision in view.decisions:
        say(f"decision {decision.decision} of {decision.decision_date}")
        for grant in decision.grants:
            ects = f", {grant.ects} ECTS" if grant.ects is not None else ""
            say(f"  {grant.outcome}{ects}" + (f", EQF {grant.eqf_level}" if grant.eqf_level is not None else ""))


def _print_history(view: CaseView) -> None:
    for step in view.history:
        say(f"{step.on} {step.what} by {step.by}")
    for text in view.written:
        if text.kind not in ("file", "applicant", "assessment"):
            say(f"{text.written:%Y-%m-%d} {text.kind}, {text.by}: {text.content}")


def _credentials(line: CaseLine) -> str:
    """Return the credentials of a case, in one cell."""
    return "; ".join(f"{credential.title or 'not arrived'}, {credential.issuer}" for credential in line.credentials)


def _countries(line: CaseLine) -> str:
    return ", ".join(dict.fromkeys(each.country for each in line.credentials if each.country is not None))


def _marks(line: CaseLine) -> str:
    """Return the marks that an officer must not overlook."""
    holder = {"differs": "other person", "notChecked": "holder not checked", "partly": "holder checked in part"}
    going = line.state not in ("decided", "withdrawn", "closed")
    marks = ["changed"] if line.changed else []
    marks += ["its issuer denies it" if concern == "denied" else concern for concern in line.concerns]
    return ", ".join([*marks, *([holder[line.holder]] if going and line.holder in holder else [])])


CASE_COLUMNS = (
    Column("file", lambda line: line.file_number),
    Column(
        "applicant", lambda line: line.applicant or ("use restricted" if line.is_restricted else "erased"), cut=True
    ),
    Column("credentials", _credentials, cut=True),
    Column("country", _countries),
    Column("state", lambda line: line.state),
    Column("due", lambda line: line.due),
    Column("urgency", lambda line: line.urgency),
    Column("assignee", lambda line: line.assignee),
    Column("look at", _marks),
    Column("case", lambda line: line.case, wide=True),
    Column("purpose", lambda line: line.purpose, wide=True),
    Column("assessor", lambda line: line.assessor_name or line.assessor, wide=True),
    Column("approver", lambda line: line.approver_name or line.approver, wide=True),
)
