"""The route for one assessment of an achievement."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from projections.api.members import Name
from projections.api.reading import Views, WaitFor
from projections.recognition.assessments import AssessmentView, assessments
from registry.http import HttpProblem, requires


@get(
    "/v1/assessments/{member:str}/{assessment:uuid}",
    tags=["Recognition"],
    operation_id="getAssessment",
    summary="One assessment",
    **requires("recognition:read"),
)
async def get_assessment(
    views: Views, member: Name, assessment: UUID, wait_for: WaitFor = ""
) -> Response[AssessmentView]:
    """Return what an office stated about an achievement, and whether it is in force."""

    def read(connection: Any) -> AssessmentView:  # noqa: ANN401 - a connection
        rows = assessments(connection, member, str(assessment))
        if not rows:
            detail = "this member stated no such assessment, as far as this node has read its log"
            raise HttpProblem("not-found", detail)
        return rows[0]

    return await views.answer(wait_for, read)


ROUTES: list[HTTPRouteHandler] = [get_assessment]
