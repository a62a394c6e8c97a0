"""One case as a page: what a route receives to act on it, what the page shows, and a form that was refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, Router
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from registry.api.case_actions import perform
from registry.office.assessments.assessment import WHY_NOT, Assessment
from registry.office.assessments.compared_with import RequirementSource, find_sources, is_compared
from registry.office.assessments.requirements import programme_title
from registry.office.cases.assessment_draft import Programme, draft_of, last_assessment_or_draft, list_programmes
from registry.office.cases.attachments import KINDS, read_file_names
from registry.office.cases.case_access import agreement_notes, withdrawal_note
from registry.office.cases.case_view import show_case
from registry.office.cases.choices import DOCUMENTS
from registry.office.cases.decision_draft import last_draft
from registry.office.cases.earlier_decisions import all_earlier_decisions
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.versions import check_version
from registry.office.cases.views import CaseUpdate, CaseView, Step
from registry.office.errors import UnknownProfile
from registry.server.pages.forms import new_key, read_version
from registry.server.pages.office.beside_case import BesideCase, read_beside
from registry.server.pages.office.checklist import answer_questions
from registry.server.pages.office.colleagues import Colleague, list_colleagues, names_of
from registry.server.pages.office.decision_form import (
    CONDITIONS,
    GRADE_TRANSFERS,
    LEAVE,
    MODES,
    OUTCOMES,
    draft_fields,
    grants_by_credential,
)
from registry.server.pages.office.desk import AtDesk, Desk, provide_desk
from registry.server.pages.office.file_types import can_be_shown
from registry.server.pages.vocabulary import VOCABULARY
from registry.wire.recognition import DIFFERENCES, RecognitionDecided
from registry.wire.today import utc_today

T = TypeVar("T")
DECIDABLE: Final = ("assessing", "appealed")
"""The states in which the form for a proposal is shown. A decided case is proposed about again on request."""
ANSWERS: Final = ("authentic", "notAuthentic", "notKnown", "noAnswer")


class CasePage(NamedTuple):
    """A case with all that its page shows."""

    view: CaseView
    version: int
    assessment: Assessment | None
    """The assessment that the form begins with; None where nothing can be proposed."""
    sources: list[RequirementSource | None]
    """For each credential of the assessment, what it is compared with; None where nothing is required."""
    towards: list[str]
    """The titles of the programmes that the case names."""
    programmes: list[Programme]
    """Requirements to choose from, where the case does not say which one applies."""
    beside: BesideCase
    actors: dict[str, str]
    file_names: dict[str, str]
    colleagues: list[Colleague]


@dataclass(frozen=True)
class CaseForm(Desk):
    """The desk, and the case that a form is about."""

    case: UUID

    def read(self, against: str | None = None, *, again: bool = False) -> CasePage:
        """Return the case as it is now. Raises the office's errors for an unknown case.

        `against` is what it is compared with; `again`: a decided case is to be proposed about once more.
        """
        with self.private.reading() as registry:
            reading = self.office.reading_from(registry)
            view = show_case(reading, str(self.case))
            case = registry.case(str(self.case))
            assessment: Assessment | None = None
            sources: list[RequirementSource | None] = []
            programmes: list[Programme] = []
            if view.applicant is not None and (
                view.case.state in DECIDABLE or (again and view.case.state == "decided")
            ):
                try:
                    assessment = (
                        last_assessment_or_draft(reading, str(self.case))
                        if against is None
                        else draft_of(reading, str(self.case), against)
                    )
                except UnknownProfile:
                    programmes = list_programmes(reading, str(self.case))
            if assessment is not None:
                sources = find_sources(registry, [each.requirement for each in assessment.assessed])
                if None in sources:
                    programmes = list_programmes(reading, str(self.case))
            towards = [programme_title(registry, each) for each in view.towards]
            changed_by = (source.by for source in sources if source is not None)
            actors = names_of(registry, (view.case.assignee, *(step.by for step in view.history), *changed_by))
            file_names = read_file_names(registry, case) if view.attachments else {}
        beside = read_beside(self.views, view, assessment, self.own)
        colleagues = list_colleagues(self.services)
        return CasePage(
            view, case.version, assessment, sources, towards, programmes, beside, actors, file_names, colleagues
        )

    def perform(
        self, body: msgspec.Struct, key: str, version: int, act: Callable[[RecognitionOffice, str], CaseUpdate]
    ) -> None:
        """Carry out an action of the API once, if the case is still at the version that the person saw."""

        def act_on_version(office: RecognitionOffice, by: str) -> CaseUpdate:
            check_version(office.registry, str(self.case), version)
            return act(office, by)

        perform(self.private, self.office, self.request, body, key, act_on_version)


def _make_case_form(desk: AtDesk, case: UUID) -> CaseForm:
    return CaseForm(**vars(desk), case=case)


Form = NamedDependency[SkipValidation[CaseForm]]
"""The case of a route, as it receives it by the name `form`."""


def case_routes(*handlers: HTTPRouteHandler) -> Router:
    """Return routes about one case."""
    dependencies = {
        "desk": Provide(provide_desk, sync_to_thread=False),
        "form": Provide(_make_case_form, sync_to_thread=False),
    }
    return Router("/", route_handlers=list(handlers), dependencies=dependencies)


def render_case(
    form: CaseForm,
    page: CasePage,
    *,
    problem: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response[str]:
    """Return the page; with a problem, what was typed stays in the form."""
    typed = dict(typed or {})
    request, wish = form.request, open_wish(page.view)
    with form.private.reading() as registry:
        earlier = all_earlier_decisions(registry, registry.case(str(form.case)))
    return form.pages.render(
        request,
        "office/case.html",
        private=True,
        status=problem["status"] if problem else 200,
        names=page.beside.names,
        page=page,
        view=page.view,
        own=form.own,
        warnings=_warnings(page.view, wish),
        wish=wish,
        earlier=earlier,
        subjects=_not_removed(page.view, page.view.subjects),
        assessed_credentials=_not_removed(page.view, page.assessment.assessed) if page.assessment else [],
        problem=problem,
        refusal=_refusal(problem or {}),
        meanwhile=_steps_since(page.view.history, typed) if problem and not problem.get("saved") else [],
        typed=draft_fields(page.view.written) | typed if page.assessment else typed,
        key=new_key(),
        scopes=request.user.scopes,
        me=form.me,
        outcomes=OUTCOMES,
        leave=LEAVE,
        modes=MODES,
        grade_transfers=GRADE_TRANSFERS,
        conditions=CONDITIONS,
        why_not={outcome: sorted(codes) for outcome, codes in WHY_NOT.items()},
        without_comparison=_texts_without_comparison(page.view),
        draft=last_draft(page.view.written),
        grant_subjects={each.decision: _grant_subjects(page.view, each) for each in page.view.decisions},
        grants=grants_by_credential(page.assessment) if page.assessment else {},
        checklists=[answer_questions(each.offered) for each in page.assessment.assessed] if page.assessment else [],
        documents=DOCUMENTS,
        kinds=KINDS,
        answers=ANSWERS,
        can_be_shown=can_be_shown,
        most_bytes=form.office.setting.attachment_bytes,
        two_persons=form.office.setting.two_persons,
        today=utc_today(),
        differences={aspect: sorted(codes) for aspect, codes in DIFFERENCES.items()},
        countries=_countries(page.view),
    )


def _not_removed(view: CaseView, each_credential: Sequence[T]) -> list[tuple[int, T]]:
    """Return what belongs to each credential with its number, without those that a correction removed."""
    return [(number, each) for number, each in enumerate(each_credential) if number not in view.removed]


def open_wish(view: CaseView) -> Step | None:
    """Return the step in which a first person asked to withdraw the decision in force; None where nobody waits."""
    wish = next((step for step in reversed(view.history) if step.what == "withdrawalProposed"), None)
    if wish is None or view.case.state == "withdrawn" or wish.data["decision"] != view.case.decision:
        return None
    return wish


def _texts_without_comparison(view: CaseView) -> set[str]:
    """Return the ids of the assessments that compared nothing: the history does not call them assessments."""
    assessments = (text for text in view.written if text.kind == "assessment")
    return {text.text for text in assessments if not is_compared(msgspec.convert(text.content, Assessment))}


def _grant_subjects(view: CaseView, decision: RecognitionDecided) -> list[list[int]]:
    """Return the numbers in the case of the credentials that each grant of a decision is from."""
    steps = (each for each in view.history if each.what == "decided" and each.data["decision"] == decision.decision)
    left = {number for step in steps for number in step.data.get("left") or ()}
    numbers = [number for number in range(len(decision.basis) + len(left)) if number not in left]
    return [[numbers[basis] for basis in grant.from_] for grant in decision.grants]


def _warnings(view: CaseView, wish: Step | None) -> list[str]:
    """Return the warnings that no panel of the page says in its own words."""
    in_panels = {
        *(check.detail for check in view.holders),
        *(change.sentence for change in view.changes),
        *(note for each in view.subjects if each.now is not None for note in agreement_notes(each.now)),
    }
    if wish is not None:
        in_panels.add(withdrawal_note(wish.by, wish.data["reason"]))
    return [warning for warning in view.warnings if warning not in in_panels]


def _refusal(problem: Mapping[str, Any]) -> str | None:
    """Return the code for which the pages have their own words: that of the rule, or of the problem."""
    codes = (problem.get("code"), str(problem.get("type", "")).rpartition("/")[2])
    return next((code for code in codes if code in VOCABULARY["refusal"]), None)


def _steps_since(history: Sequence[Step], typed: Mapping[str, str]) -> list[Step]:
    """Return the steps after those that the form was made from."""
    version = read_version(typed.get("version", ""))
    return [] if version is None else list(history[version:])


def _countries(view: CaseView) -> list[str]:
    """Return the countries that the case's credentials come from, each once."""
    countries = [
        each.subject.external.country if each.subject.external is not None else each.now.country if each.now else None
        for _, each in _not_removed(view, view.subjects)
    ]
    return list(dict.fromkeys(country for country in countries if country))
