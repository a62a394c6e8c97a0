"""Errors of the use cases, for a form that is shown again: the same problem documents that the API answers with."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request

from registry.http.problems import FieldError, HttpProblem
from registry.server.problems import HANDLERS


def problem_of(request: Request[Any, Any, Any], error: Exception) -> Mapping[str, Any]:
    """Return the problem document for an error. Raises the error again if the node failed, not the request."""
    if isinstance(error, msgspec.ValidationError):
        error = HttpProblem("unprocessable", errors=[FieldError("", str(error))])
    handler = next(HANDLERS[kind] for kind in type(error).__mro__ if kind in HANDLERS)
    response = handler(request, error)
    if response.status_code >= 500:
        raise error
    content = response.content
    document = msgspec.json.decode(content) if isinstance(content, bytes) else msgspec.to_builtins(content)
    return {"detail": "", "errors": []} | dict(document)
