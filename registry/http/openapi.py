"""The API's description, OpenAPI 3.1: what the framework derives from the routes, and what is true of every route."""

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
_ALWAYS: Final = ("400", "404", "408", "409", "412", "413", "415", "422", "429", "500", "503")
_CLOSED: Final = ("401", "403")


class Additions(NamedTuple):
    """What the description says beside what the framework derives from the routes."""

    bodies: Sequence[type]
    """The structs that requests are read as: their schemas are those that msgspec checks by, to the last pattern, where
    the framework knows less."""
    links: Mapping[str, Collection[str]]
    """From an operation that makes something to those that are about it, by the name of the thing's id."""
    examples: Mapping[str, Any]
    """Of JSON bodies, by the names of their schemas."""
    webhooks: Mapping[str, Any]
    """What the node posts to others, as OpenAPI has it."""


def describe_api(derived: dict[str, Any], additions: Additions, base_path: str = "") -> dict[str, Any]:
    """Return the whole description: every operation can answer with a problem, and good answers say their position.

    `base_path` is where the client reaches the node, as /registry.
    """
    found = deepcopy(derived)
    found["servers"] = [{"url": base_path or "/"}]
    components = found.setdefault("components", {})
    exact = msgspec.json.schema_components(additions.bodies, ref_template="#/components/schemas/{name}")[1]
    components["schemas"].update(exact)
    by_id = {one["operationId"]: one for path in found["paths"].values() for one in path.values()}
    for operation in by_id.values():
        for parameter in operation.get("parameters", ()):
            _as_given(parameter["schema"])
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name in additions.examples:
            content["example"] = additions.examples[name]
    found["webhooks"] = dict(additions.webhooks)
    for made, further in additions.links.items():
        told = {
            name: {
                "operationId": name,
                "parameters": {
                    one["name"]: f"$response.body#/{one['name']}"
                    for one in by_id[name]["parameters"]
                    if one["in"] == "path"
                },
            }
            for name in further
        }
        for status, answer in by_id[made]["responses"].items():
            if status < "300":
                answer["links"] = told
    components.setdefault("schemas", {})["Problem"] = _problem_schema(base_path)
    components["responses"] = {
        "Problem": {
            "description": "What went wrong, and what to do.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    components["headers"] = {
        "Registry-Position": {
            "description": "`member:size` of each stream that the answer was made from, or, of a write, that it is on"
            " the log at.",
            "schema": {"type": "string"},
        }
    }
    for path in found["paths"].values():
        for operation in path.values():
            answers = operation["responses"]
            for status in list(answers):
                if status >= "400":
                    del answers[status]
                else:
                    answers[status].setdefault("headers", {})["Registry-Position"] = {
                        "$ref": "#/components/headers/Registry-Position"
                    }
            # A key or token that is not good is told so even where none is needed.
            for status in (*_ALWAYS, *_CLOSED):
                answers[status] = _PROBLEM
    return found


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
                # What generated clients call them: else it would be by their place in this list.
                "x-enum-varnames": [name.upper().replace("-", "_") for name in PROBLEM_TYPES],
            },
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
            "code": {"type": "string", "description": "The rule that refused it."},
            "path": {"type": "string", "description": "Where in the event that would have been published."},
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


def _as_given(schema: dict[str, Any]) -> None:
    """A parameter that may be left out is absent, neither null nor empty."""
    if schema.get("default") == "":
        del schema["default"]
    options = [one for one in schema.get("oneOf", ()) if one != {"type": "null"}]
    if len(options) == 1:
        del schema["oneOf"]
        schema.update(options[0])
    if isinstance(schema.get("type"), list) and "enum" in schema:
        [schema["type"]] = [one for one in schema["type"] if one != "null"]
        schema["enum"] = [one for one in schema["enum"] if one is not None]


class DecimalAsNumber(OpenAPISchemaPlugin):
    """Credits are decimal numbers, and answers write them as numbers (see `answers.Answer`)."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:  # noqa: ANN401 - any type
        """Whether it is the type of such numbers."""
        return value is Decimal

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: "SchemaCreator") -> Schema:
        """What the description says of them."""
        del field_definition, schema_creator
        return Schema(type=OpenAPIType.NUMBER)


def docs_page(base_path: str) -> str:
    """Return the interactive documentation; all that it loads comes from the node itself, and no script is inline."""
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
"""What starts the interactive documentation."""
