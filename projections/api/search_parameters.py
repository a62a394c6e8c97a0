"""Query parameters that several searches share."""

from typing import Annotated

from litestar.params import Parameter, QueryParameter

Text = Annotated[
    str | None, Parameter(max_length=500, description='Words in titles and outcomes; "a phrase", OR, -not.')
]
Language = Annotated[str | None, Parameter(max_length=35, description="The language of these words; else any.")]
MemberName = Annotated[str | None, Parameter(max_length=40, description="Achievements of this member.")]
Level = Annotated[int | None, QueryParameter(name="eqfLevel", ge=1, le=8, description="The achievements' EQF level.")]
Field = Annotated[str | None, Parameter(pattern="^[0-9]{2,4}$", description="An ISCED-F code; `06` covers `0613`.")]
