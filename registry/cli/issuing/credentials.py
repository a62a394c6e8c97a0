"""Credentials, one at a time."""

from collections.abc import Collection
from typing import Annotated, Any, Final

import msgspec
import typer

from projections.credentials import credentials as view
from projections.records.as_of import Moment
from registry.application.requests import Issued, IssueRequest
from registry.application.restricted import refuse_restricted_credential
from registry.application.status_changes import StatusChange, StatusChanger
from registry.application.status_notes import read_notes
from registry.cli import ids, moments
from registry.cli.confirming import confirm
from registry.cli.ids import IdNotFound
from registry.cli.issuing import bulk_changes, bulk_corrections, documents, finding, releasing
from registry.cli.issuing.own_events import say_older_wait, say_views_behind
from registry.cli.issuing.reading import credential_rows
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, plain, print_json, say, title_of
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.cli.publishing import publish_now
from registry.intake.rows.columns import EXAMPLE_RECORD, NAMES
from registry.intake.rows.judged_days import days_fault
from registry.intake.rows.row_checker import RowChecker
from registry.intake.rows.status_note import status_note_fault
from registry.learners.missing_claims import explain_missing_claims
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.adapters.moments import past
from registry.node.node import Node
from registry.wire.credentials import StatusReason
from registry.wire.disclosures import open_disclosures

credential_app = typer.Typer(
    help="Credentials: issue, find, change and correct them. New ones in bulk go through `registry import file`.",
    no_args_is_help=True,
)

Named = Annotated[str | None, typer.Argument(help="The credential's id, or its beginning (else --record).")]
Record = Annotated[str | None, typer.Option(help="Your own id of the row that it was issued for.")]
Note = Annotated[
    str, typer.Option(help=f"Your own words, kept privately, never published. {FROM_INPUT}", callback=from_input)
]
_PROMPTED = "If left out, the command asks for it: other users of the machine can see a command's words."
KeepText = Annotated[bool, typer.Option("--keep-text", help="Keep a name or grade that looks wrong as it is.")]
Reason = Annotated[StatusReason, typer.Option(help="The reason. It is published, and stays on the log.")]
_DONE: Final = {"suspend": "suspended", "reinstate": "reinstated", "revoke": "revoked"}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(credential_app, name="credential")
    credential_app.command("list")(finding.list_credentials)
    credential_app.command("find")(finding.find_credentials)
    credential_app.command("change")(bulk_changes.change)
    credential_app.command("correct")(bulk_corrections.correct)
    credential_app.command("release")(releasing.release)
    credential_app.command("export")(documents.export_credential)
    credential_app.command("formats")(documents.list_formats)


@credential_app.command("issue")
def issue(
    context: typer.Context,
    achievement: Annotated[str, typer.Argument(help="The achievement's id, or your own course code.")],
    *,
    record: Annotated[str, typer.Option(help="Your own id of this award: given again, nothing changes.")],
    student: Annotated[str, typer.Option(help=f"Your own number of the learner. {FROM_INPUT}", callback=from_input)],
    awarding_date: Annotated[str, typer.Option(help="YYYY-MM-DD")],
    family_name: Annotated[str, typer.Option(prompt=True, help=_PROMPTED, callback=from_input)],
    given_name: Annotated[str, typer.Option(prompt=True, help="Likewise.", callback=from_input)],
    date_of_birth: Annotated[str, typer.Option(prompt=True, help="YYYY-MM-DD; likewise.", callback=from_input)],
    valid_until: Annotated[str | None, typer.Option(help="YYYY-MM-DD")] = None,
    version: Annotated[
        int | None, typer.Option(help="The achievement's version (else the course code's, or the newest).")
    ] = None,
    grade: Annotated[str | None, typer.Option(help=FROM_INPUT, callback=from_input)] = None,
    replaces: Annotated[str | None, typer.Option(help="The credential that this one corrects.")] = None,
    keep_text: KeepText = False,
    yes: bulk_changes.Yes = False,
) -> None:
    """Issue a credential and publish it. Names and grade go to the vault, never to the log.

    It asks before it replaces a credential of another achievement or version.

    Example: registry credential issue 0bbac7a9-… --record 2026-17 --student s123 --awarding-date 2026-06-30
    """
    node = node_of(context)
    request = IssueRequest(
        record,
        ids.resolve(node, achievement, "achievement"),
        version if version is not None else ids.course_version(node, achievement),
        student,
        family_name,
        given_name,
        date_of_birth,
        awarding_date,
        valid_until=valid_until,
        grade=grade,
        replaces=ids.resolve(node, replaces, "credential") if replaces is not None else None,
    )
    check_row(node, request, keep_text=keep_text)
    if replaces is not None:
        confirm_replacement(node, request, yes=yes)
    outcome = node.issuer.issue([request])[0]
    if not isinstance(outcome, Issued):
        field = f" ({outcome.field})" if outcome.field else ""
        errors.print(f"{outcome.code}{field}: {outcome.explanation}", markup=False)
        raise typer.Exit(1)
    say(f"credential {outcome.credential}" + (", as before" if outcome.unchanged else ""))
    say(f"learner    {outcome.learner}")
    if outcome.unchanged:
        say_older_wait(node)
    else:
        publish_now(node)


def confirm_replacement(node: Node, request: IssueRequest, *, yes: bool, override: Collection[str] = ()) -> None:
    """Ask if the new credential is of another achievement or version than the one that it replaces.

    `override` has the codes of rules that are overridden.
    """
    outcome = node.issuer.check(request, override)
    if isinstance(outcome, Issued) and outcome.replacement is not None:
        confirm(f"This {outcome.replacement}.", "Issue it?", yes=yes)


def check_row(node: Node, request: IssueRequest, *, keep_text: bool) -> None:
    """Check a credential as a row of a file is checked, and print notes about it.

    Exits with 2 if its days cannot be right, and with 1 for any other problem.
    """
    fault = days_fault(request.date_of_birth, request.awarding_date, request.valid_until)
    if fault is not None:
        raise typer.BadParameter(fault[1], param_hint=f"--{fault[0].replace('_', '-')}")
    fields = msgspec.structs.asdict(request)
    row = {name: str(fields[name]) for name in NAMES if fields.get(name) is not None and name != "parts"}
    checker = RowChecker(OwnCatalogue(node.registry), keep_text=keep_text)
    checked = checker.check(0, row)
    if checked is None:
        errors.print(f"invalid (record): {EXAMPLE_RECORD} is the template's own; use your own id")
        raise typer.Exit(1)
    if isinstance(checked.result, tuple):
        for problem in checked.result:
            errors.print(f"invalid ({problem.field}): {problem.detail}", markup=False, highlight=False)
        raise typer.Exit(1)
    for note in checker.list_notes():
        errors.print(f"note: {note}", markup=False, highlight=False)


@credential_app.command("suspend")
def suspend(
    context: typer.Context, credential: Named = None, *, record: Record = None, reason: Reason, note: Note = ""
) -> None:
    """Suspend a credential for now, and publish that. A suspension that was made before, for this reason, stays.

    Example: registry credential suspend e7c1ab39-… --reason underReview
    """
    node = node_of(context)
    credential = _resolve_credential(node, credential, record)
    _make_change(node, StatusChange(credential, "", "suspend", reason, checked_note(note)))


@credential_app.command("reinstate")
def reinstate(context: typer.Context, credential: Named = None, *, record: Record = None, note: Note = "") -> None:
    """Reinstate a suspended credential, and publish that.

    Example: registry credential reinstate e7c1ab39-…
    """
    node = node_of(context)
    credential = _resolve_credential(node, credential, record)
    _make_change(node, StatusChange(credential, "", "reinstate", "", checked_note(note)))


@credential_app.command("revoke")
def revoke(
    context: typer.Context,
    credential: Named = None,
    *,
    record: Record = None,
    reason: Reason,
    note: Note = "",
    yes: bulk_changes.Yes = False,
) -> None:
    """Revoke a credential permanently, and publish that. The command asks first.

    A revocation that was made before, for this reason, stays: nothing is asked, and nothing changes.

    Examples: registry credential revoke e7c1ab39-… --reason issuedInError
    registry credential revoke --record 2026-17 --reason issuedInError --yes
    """
    node = node_of(context)
    credential = _resolve_credential(node, credential, record)
    change = StatusChange(credential, "", "revoke", reason, checked_note(note))
    if StatusChanger(node.registry, node.issuer).check(credential, change) == "changes":
        confirm(f"This permanently revokes credential {credential}.", "Revoke it?", yes=yes)
    _make_change(node, change)


def _resolve_credential(node: Node, credential: str | None, record: str | None) -> str:
    """Return the id of the credential that a command names. Raises `typer.BadParameter`, `IdNotFound`."""
    if (credential is None) == (record is None):
        raise typer.BadParameter("give the credential's id, or --record", param_hint="CREDENTIAL")
    if record is None:
        return ids.resolve(node, credential or "", "credential")
    issued = node.issuer.find_credential(record)
    if issued is None:
        raise IdNotFound(f"No credential was issued for the record {record}.")
    return issued


def checked_note(note: str) -> str:
    """Return a note without blanks around it. Raises `typer.BadParameter` if it cannot be kept."""
    note = note.strip()
    if (fault := status_note_fault(note)) is not None:
        raise typer.BadParameter(f"the note {fault}", param_hint="--note")
    return note


def _make_change(node: Node, change: StatusChange) -> None:
    """Make a change and publish it, and print the credential. A change that was made before changes nothing."""
    credential = change.credential
    is_unchanged = StatusChanger(node.registry, node.issuer).make(credential, change) == "unchanged"
    state = node.registry.credentials.get(credential).state
    title = title_of(node.registry.achievements.get(state.achievement).content.title)
    say(f"{_DONE[change.change]} credential {credential}" + (", as before" if is_unchanged else ""))
    say(f"achievement {state.achievement}, version {state.version}: {title}")
    say(f"learner     {state.learner or 'none any more'}")
    if is_unchanged:
        say_older_wait(node)
    else:
        publish_now(node)


@credential_app.command("show")
def show(
    context: typer.Context,
    credential: Annotated[
        str | None, typer.Argument(help="The credential's id, its beginning, or MEMBER/ID (else --record).")
    ] = None,
    *,
    record: Record = None,
    member: Annotated[str | None, typer.Option(help="Whose credential (else this node's).")] = None,
    claims: Annotated[bool, typer.Option("--claims", help="Show what it says of the person, from the vault.")] = False,
    as_of: moments.AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show a credential as the log has it.

    Examples: registry credential show e7c1ab39-… --member twente
    registry credential show e7c1ab39-… --as-of twente=1042 --as-of governance=5
    registry credential show e7c1ab39-… --as-of 2026-05-04
    """
    node = node_of(context)
    named = _resolve_credential(node, None, record) if credential is None else credential
    if credential is not None and record is not None:
        raise typer.BadParameter("give the credential's id, or --record", param_hint="CREDENTIAL")
    whose, credential = ids.find(node, named, "credential", member)
    if as_of:
        _show_as_of(node, whose, credential, moments.resolve(node, as_of), as_json=as_json)
        return
    views = view.read(node.views(), [(whose, credential)])
    say_views_behind(node)
    if not views:
        errors.print(f"{whose} has no credential {credential} in the views.", markup=False)
        raise typer.Exit(1)
    [shown] = views
    disclosed = _read_claims(node, shown) if claims else None
    notes = read_notes(node.registry.vault, node.registry.cursor(), credential) if whose == node.settings.member else []
    if as_json:
        print_json({**plain(shown), "disclosed": disclosed, "notes": notes})
        return
    _show_credential(node, shown)
    for note in notes:
        say(f"note of {note.written:%Y-%m-%d} ({note.change}): {note.note}")
    for name, value in (disclosed or {}).items():
        say(f"{name}: {value}")


def _show_as_of(node: Node, member: str, credential: str, then: Moment, *, as_json: bool) -> None:
    [was] = past(node, then).credentials([(member, credential)])
    if as_json:
        print_json({"credential": was, "basis": then.basis})
        return
    moments.show(then)
    say(f"{was.member}/{was.credential}: {was.status or 'not issued'}")
    say(f"{was.member} was {was.standing or 'no member'}")


def _read_claims(node: Node, shown: view.CredentialView) -> dict[str, Any] | None:
    """Return the disclosed claims of a credential; print the reason where the vault does not have them.

    Raises `Restricted`, as the API does that hands out disclosures.
    """
    if shown.claims is None:
        return None
    refuse_restricted_credential(node.registry.cursor(), shown.credential)
    disclosures = node.registry.vault.read_disclosures(node.registry.cursor(), shown.credential)
    if not disclosures:
        errors.print(explain_missing_claims(node.registry, shown.credential), markup=False, highlight=False)
        return None
    return open_disclosures(shown.claims, disclosures)


def _show_credential(node: Node, shown: view.CredentialView) -> None:
    credential_rows([shown], wide=True)
    if shown.valid_until is not None:
        say(f"valid until {shown.valid_until}")
    issuer = node.governance().state.members.get(shown.member)
    if issuer is not None and issuer.standing != "active":
        issued = issuer.standing_at(shown.leaf)
        say(f"{shown.member} was {issued} when it was issued, and is {issuer.standing} now", style="yellow")
    for fault in shown.impaired_by:
        say(f"impaired by {fault}", style="red")
    for breach in shown.unmet:
        say(f"requirement not met: {breach}", style="red")
