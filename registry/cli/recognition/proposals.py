"""A proposal in words: what the second person reads before they approve it."""

import sys
from collections.abc import Iterator

import typer

from registry.letters.wording import Wording, wording
from registry.office.assessments.comparison import Element
from registry.office.cases.views import CaseView, ProposalView, SubjectView
from registry.wire.recognition import Condition, Grant


def proposal_lines(view: CaseView) -> Iterator[str]:
    """Yield the lines that describe a proposal: its grants, its basis, and what it overrides."""
    waiting, say = view.waiting, wording("en")
    if waiting is not None:
        yield f"proposal {waiting.proposal_id} by {waiting.by}, {waiting.on}:"
        for number, grant in enumerate(waiting.grants):
            yield from _grant_lines(waiting, number, grant, view, say)
        yield from _compared_lines(waiting)
        for considered in waiting.considered:
            yield f"  {considered.outcome} recognition was considered, and not possible: {considered.not_possible}"
        if waiting.note:
            yield f"  to the applicant: {waiting.note}"
    if view.override is not None:
        override = view.override
        yield f"override of {', '.join(override.against)} by {override.by}: {override.reason}"
    for left in view.left:
        yield f"credential {left.subject} is left out: {left.reason}"
    for note in waiting.notes if waiting is not None else ():
        yield f"note: {note}"


def confirmed_proposal(view: CaseView) -> str:
    """Ask at the terminal for approval of the printed proposal; return its id.

    Without a terminal the id must be named (exit code 2). A case without a proposal returns an empty text, which the
    office refuses.
    """
    if view.waiting is None or view.case.state != "proposed":
        return ""
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            f"Name the proposal that you read. The one above is {view.waiting.proposal_id}", param_hint="--proposal"
        )
    typer.confirm("Approve this proposal?", abort=True, err=True)
    return view.waiting.proposal_id


def _grant_lines(waiting: ProposalView, number: int, grant: Grant, view: CaseView, say: Wording) -> Iterator[str]:
    parts = [say(f"outcome.{grant.outcome}.title")]
    if grant.ects is not None:
        parts.append(say("table.ects", ects=say.number(grant.ects)))
    if grant.eqf_level is not None:
        parts.append(say("table.eqf", level=str(grant.eqf_level)))
    if grant.outcome != "refused":
        parts += [say(f"mode.{grant.mode}"), say(f"grade.{grant.grade_transfer}")]
    if (towards := waiting.towards[number]) is not None:
        parts.append(f"towards {towards}")
    yield f"  {', '.join(parts)}"
    for place in grant.from_:
        yield f"    on credential {place}: {credential_words(view.subjects[place])}"
    for ground in grant.grounds or ():
        yield f"    because of {say(f'aspect.{ground.aspect}').lower()}: {ground.difference}"
    for condition in grant.conditions or ():
        yield f"    on condition: {_condition(condition, say)}"
    for condition in waiting.measures[number]:
        yield f"    can have more recognised by: {_condition(condition, say)}"


def _condition(condition: Condition, say: Wording) -> str:
    more = [say("table.ects", ects=say.number(condition.ects))] if condition.ects is not None else []
    more += [f"by {condition.by}"] if condition.by is not None else []
    return condition.code + (f" ({', '.join(more)})" if more else "")


def credential_words(view: SubjectView) -> str:
    """Return a credential's title and issuer, as far as they are known."""
    external, now = view.subject.external, view.now
    if external is not None:
        return f"{external.title}, {external.issuer_name} ({external.country})"
    if now is not None:
        return f"{now.title.get('en') or next(iter(now.title.values()), '')}, {now.member}"
    reference = view.subject.credential
    return "not arrived" if reference is None else f"{reference.member}/{reference.credential}, not arrived"


def _compared_lines(waiting: ProposalView) -> Iterator[str]:
    basis = "assessed" if waiting.assessed else "not assessed"
    if not waiting.compared:
        yield f"  {basis}, and compared with nothing"
    for compared in waiting.compared:
        programme = compared.towards or "no named programme"
        yield f"  credential {compared.subject} ({basis}) was compared with {programme}:"
        for element in compared.elements:
            yield f"    {element.name}: {_element(element)}"


def _element(element: Element) -> str:
    parts = [element.original or "not stated", f"required: {element.required or 'nothing'}"]
    parts += [f"a substantial difference: {difference}" for difference in element.named]
    open_ = [each.difference for each in element.suggested if each.difference not in element.named]
    if element.no_difference is not None:
        parts.append(f"no substantial difference: {element.no_difference}")
    elif open_:
        parts.append(f"worth a look, not answered: {', '.join(open_)}")
    return "; ".join(parts)
