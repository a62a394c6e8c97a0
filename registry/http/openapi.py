"""The API's description (OpenAPI 3.1): the framework derives it from the routes; this module adds the rest."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from registry.http.problems import MEDIA_TYPE, PROBLEM_TYPES

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator  # the plugins' interface names it

_PROBLEM: Final = {"$ref": "#/components/responses/Problem"}
_ALWAYS: Final = ("400", "404", "406", "408", "409", "412", "413", "415", "422", "429", "500", "503")
_CLOSED: Final = ("401", "403")


class Additions(NamedTuple):
    """Parts of the description that the framework does not derive from the routes."""

    bodies: Sequence[type]
    """The structs of request bodies. Their schemas are msgspec's, which have every pattern that is checked; the
    framework's have fewer."""
    links: Mapping[str, Collection[str]]
    """From an operation that creates something to the operations on it; its id links them."""
    examples: Mapping[str, Any]
    """Examples of JSON bodies, by the names of their schemas."""
    webhooks: Mapping[str, Any]
    """Requests that the node sends to other systems, in OpenAPI's form."""


def describe_api(derived: dict[str, Any], additions: Additions, base_path: str = "") -> dict[str, Any]:
    """Return the whole description: every operation may answer with a problem, and good answers have a position.

    `base_path` is where the client reaches the node, for example /registry.
    """
    description = deepcopy(derived)
    description["servers"] = [{"url": base_path or "/"}]
    components = description.setdefault("components", {})
    exact = msgspec.json.schema_components(additions.bodies, ref_template="#/components/schemas/{name}")[1]
    components["schemas"].update(exact)
    operations = {
        operation["operationId"]: operation for path in description["paths"].values() for operation in path.values()
    }
    for operation in operations.values():
        _complete_request(operation, additions.examples)
        _complete_responses(operation["responses"])
    description["webhooks"] = dict(additions.webhooks)
    for creating, following in additions.links.items():
        links = {name: _link_to(operations[name]) for name in following}
        for status, answer in operations[creating]["responses"].items():
            if status < "300":
                answer["links"] = links
    components.setdefault("schemas", {})["Problem"] = _problem_schema(base_path)
    components["responses"] = {
        "Problem": {
            "description": "The fault, and what to do.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    components["headers"] = {
        "Registry-Position": {
            "description": "`member:size` of each stream from which the answer was made. After a write: the position at"
            " which it is on the log.",
            "schema": {"type": "string"},
        }
    }
    return description


def _complete_request(operation: dict[str, Any], examples: Mapping[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        _make_optional(parameter["schema"])
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    if name in examples:
        content["example"] = examples[name]


def _complete_responses(responses: dict[str, Any]) -> None:
    """Add the position to good answers, and replace the framework's errors by problem documents."""
    for status in list(responses):
        if status >= "400":
            del responses[status]
        else:
            responses[status].setdefault("headers", {})["Registry-Position"] = {
                "$ref": "#/components/headers/Registry-Position"
            }
    # An invalid key or token is refused even where none is required.
    for status in (*_ALWAYS, *_CLOSED):
        responses[status] = _PROBLEM


def _link_to(operation: dict[str, Any]) -> dict[str, Any]:
    paths = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"]
    return {
        "operationId": operation["operationId"],
        "parameters": {name: f"$response.body#/{name}" for name in paths},
    }


def _problem_schema(base_path: str) -> dict[str, Any]:
    return {
        "type": "object",
        "title": "Problem",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "enum": [f"{base_path}/problems/{name}" for name in PROBLEM_TYPES],
                # Names for generated clients, which would otherwise number the values.
                "x-enum-varnames": [name.upper().replace("-", "_") for name in PROBLEM_TYPES],
            },
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
            "code": {"type": "string", "description": "The rule that refuses the request."},
            "path": {"type": "string", "description": "The place in the event that would have been published."},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["where", "detail"],
                    "properties": {name: {"type": "string"} for name in ("where", "detail", "field", "value")},
                },
            },
        },
    }


def _make_optional(schema: dict[str, Any]) -> None:
    """Remove null and the empty default: an optional parameter is left out."""
    if schema.get("default") == "":
        del schema["default"]
    options = [option for option in schema.get("oneOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del schema["oneOf"]
        schema.update(options[0])
    if isinstance(schema.get("type"), list) and "enum" in schema:
        [schema["type"]] = [name for name in schema["type"] if name != "null"]
        schema["enum"] = [value for value in schema["enum"] if value is not None]


class DecimalAsNumber(OpenAPISchemaPlugin):
    """Credits are decimal numbers, and answers write them as numbers (see `answers.Answer`)."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:  # noqa: ANN401 - any type
        """Return True for decimal numbers."""
        return value is Decimal

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: "SchemaCreator") -> Schema:
        """Return the schema of a number."""
        del field_definition, schema_creator
        return Schema(type=OpenAPIType.NUMBER)


def docs_page(base_path: str) -> str:
    """Return the page of the interactive documentation. It loads only files of this node, and has no inline script."""
    static = f"{base_path}/docs/static"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Credential registry: the API</title><link rel="icon" href="{static}/favicon-32x32.png">
<link rel="stylesheet" href="{static}/swagger-ui.css"></head>
<body><main id="docs" data-description="{base_path}/openapi.json"></main>
<script src="{static}/swagger-ui-bundle.js"></script><script src="{static}/{DOCS_SCRIPT_NAME}"></script></body></html>
"""


DOCS_FILES: Final = ("favicon-32x32.png", "swagger-ui.css", "swagger-ui-bundle.js")
"""The files of Swagger UI that the page loads."""
DOCS_SCRIPT_NAME: Final = "start.js"
DOCS_SCRIPT: Final = """SwaggerUIBundle({
  url: document.getElementById("docs").dataset.description, dom_id: "#docs", deepLinking: true,
});
"""
"""The script that starts the interactive documentation."""
