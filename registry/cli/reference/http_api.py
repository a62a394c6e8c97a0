"""The reference of the HTTP API, from its OpenAPI description: operations, parameters, bodies, answers."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry.cli.reference.markdown import NOTICE, anchor, plain, table

_OPENING: Final = """# HTTP API

A node answers at `/v1/…` while `registry serve` runs. It describes itself as OpenAPI 3.1 at `/openapi.json`, with a
page to try it at `/docs`, and its Kafka topics as AsyncAPI 3 at `/asyncapi.json`. This page is made from the same
description; the objects are on [a page of their own](http-bodies.md).

An operation that names a scope needs `X-API-Key` (`registry api-key add` makes one) or an access token with that
scope. Every answer carries `Registry-Position`: the position of the log that it was made from. Give it back as
`Registry-Wait-For` to read what you wrote. Every operation can answer with a [problem](problems.md).

"""
_BODIES_OPENING: Final = """# Objects of the HTTP API

The bodies of requests and answers, by name, as [the operations](http-api.md) use them.

"""
_PREFIX: Final = "#/components/schemas/"
_PLACES: Final = {"path": "path", "query": "query", "header": "header"}


def pages() -> dict[str, str]:
    """Return the pages by their paths below docs/."""
    from registry.server.app import api_description  # noqa: PLC0415 - the routes take seconds to load

    description = api_description()
    schemas: dict[str, Any] = description["components"]["schemas"]
    return {"http-api.md": _operations(description), "http-bodies.md": _bodies(schemas)}


def _operations(description: Mapping[str, Any]) -> str:
    sections = [NOTICE + _OPENING, "## Scopes\n", _scopes(description)]
    described = [
        (operation, method, path)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    for tag in description["tags"]:
        sections.append(f"## {tag['name']}\n\n{tag['description']}\n")
        sections += [_operation(*each) for each in described if tag["name"] in each[0]["tags"]]
    sections += ["## Webhook\n", plain(description["webhooks"]["feedEvent"]["post"]["description"]) + "\n"]
    return "\n".join(sections)


def _scopes(description: Mapping[str, Any]) -> str:
    flows = description["components"]["securitySchemes"]["oauth2"]["flows"]
    scopes: Mapping[str, str] = flows["clientCredentials"]["scopes"]
    return table(("scope", "what it allows"), [(f"`{name}`", text) for name, text in sorted(scopes.items())])


def _operation(operation: Mapping[str, Any], method: str, path: str) -> str:
    scopes = sorted({scope for scheme in operation.get("security", ()) for scope in scheme.get("oauth2", ())})
    needs = f"Scope: {', '.join(f'`{scope}`' for scope in scopes)}." if scopes else _keyless(operation)
    pieces = [
        f"### {operation['summary']}\n",
        f"```\n{method.upper()} {path}\n```\n",
        f"Operation `{operation['operationId']}`. {needs}\n",
        plain(operation.get("description", "")) + "\n",
    ]
    if parameters := operation.get("parameters"):
        pieces.append(table(("parameter", "in", "value", "meaning"), [_parameter(each) for each in parameters]))
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        pieces.append(f"Body `{media}`: {_kind(content.get('schema', {}))}.\n")
    for status, answer in sorted(operation["responses"].items()):
        for media, content in answer.get("content", {}).items():
            pieces.append(f"Answer {status} `{media}`: {_kind(content.get('schema', {}))}.\n")
    return "\n".join(piece for piece in pieces if piece.strip())


def _keyless(operation: Mapping[str, Any]) -> str:
    return "Any key or token will do." if operation.get("security") else "No key is needed."


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, str, str, str]:
    schema = parameter["schema"]
    name = f"`{parameter['name']}`" + (", required" if parameter["required"] else "")
    value = _kind(schema) + (f"; default `{schema['default']}`" if "default" in schema else "")
    return name, _PLACES[parameter["in"]], value, plain(parameter.get("description", ""))


def _bodies(schemas: Mapping[str, Any]) -> str:
    sections = [NOTICE + _BODIES_OPENING]
    for name, schema in sorted(schemas.items(), key=lambda entry: _title(entry[0]).lower()):
        sections += [f"## {_title(name)}\n", plain(schema.get("description", "")) + "\n"]
        fields = schema.get("properties", {})
        required = set(schema.get("required", ()))
        rows = [(f"`{field}`", "yes" if field in required else "", *_field(inner)) for field, inner in fields.items()]
        sections.append(table(("field", "required", "value", "meaning"), rows) if rows else f"{_kind(schema)}.\n")
    return "\n".join(section for section in sections if section.strip())


def _field(schema: Mapping[str, Any]) -> tuple[str, str]:
    return _kind(schema), plain(schema.get("description", ""))


def _title(name: str) -> str:
    """Return the name of an object; a generic one is named for its items: Page of Batch."""
    if name.endswith("_") and "_" in name[:-1]:
        outer, _, inner = name[:-1].partition("_")
        return f"{outer} of {inner.rpartition('.')[2]}"
    return name


def _kind(schema: Mapping[str, Any]) -> str:
    """Return what a value may be, in a few words; an object is a link to its own table."""
    if "$ref" in schema:
        title = _title(str(schema["$ref"]).removeprefix(_PREFIX))
        return f"[{title}](http-bodies.md#{anchor(title)})"
    arms = [arm for name in ("oneOf", "anyOf", "allOf") for arm in schema.get(name, ())]
    if arms:
        return " or ".join(dict.fromkeys(_kind(arm) for arm in arms))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"] if value is not None)
    kinds = schema.get("type", "any value")
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    return " or ".join(_simple(name, schema) for name in names)


def _simple(name: str, schema: Mapping[str, Any]) -> str:
    if name == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if name == "object" and schema.get("additionalProperties"):
        return f"object whose values are {_kind(schema['additionalProperties'])}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    word = {"date": "date", "date-time": "moment", "uuid": "UUID", "binary": "bytes"}.get(
        str(schema.get("format")), words.get(name, name)
    )
    return ", ".join((word, *_bounds(name, schema)))


def _bounds(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if name in ("integer", "number"):
        for key, word in (("minimum", "at least"), ("exclusiveMinimum", "more than"), ("maximum", "at most")):
            if key in schema:
                yield f"{word} {schema[key]:g}"
    if name == "string" and "maxLength" in schema and schema["maxLength"] != schema.get("minLength"):
        yield f"at most {schema['maxLength']:,} characters"
