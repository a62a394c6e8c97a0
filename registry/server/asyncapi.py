"""The description of what goes over Kafka, AsyncAPI 3: the shared log, and a university's own intake."""

from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

import msgspec

from registry.api.credentials import CredentialRow
from registry.application.status_notes import MAX_NOTE
from registry.intake.events import ISSUE, MAX_BYTES, REASONS, REINSTATE, REVOKE, SUSPEND
from registry.wire.events import GOVERNANCE_TYPES, MEMBER_TYPES, Event

_REF: Final = "#/components/schemas/{name}"
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 500}


def description(member: str, origin: str, log: str, intake: str | None) -> dict[str, Any]:
    """The document of one node; `log` and `intake` are the URLs of the shared log and of the node's own Kafka."""
    events, schemas = _events()
    servers = {
        name: {
            "host": url.partition("://")[2].rstrip("/"),
            "protocol": "kafka",
            "description": "brokers, joined by commas",
        }
        for name, url in (("sharedLog", log), ("intake", intake or ""))
        if url.startswith("kafka://")
    }
    where = {name: [{"$ref": f"#/servers/{name}"}] for name in servers}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Credential registry: {origin} over Kafka",
            "version": metadata.version("credential-registry"),
            "description": "The consortium's shared log, and the topics on which this university's own systems tell"
            " their node what to issue. Over HTTP the node describes itself in /openapi.json.",
            "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": servers,
        "channels": {
            "log": {
                "address": "registry.{stream}",
                "servers": where.get("sharedLog", []),
                "description": "One stream of commits for each member, and one for governance. Only the member writes.",
                "parameters": {"stream": {"description": "A member's short name, or `governance`."}},
                "messages": {"commit": {"$ref": "#/components/messages/commit"}},
            },
            "intake": {
                "address": f"intake.{member}",
                "servers": where.get("intake", []),
                "description": "What this university's systems ask to be done, one CloudEvent a record.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _ASKED},
            },
            "results": {
                "address": f"intake.{member}.results",
                "servers": where.get("intake", []),
                "description": "What became of each record of the intake, in their order; a record that comes again has"
                " no second effect, and its result has the same id. And which records were lost before they were read.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in ("result", "lost")},
            },
        },
        "operations": {
            "publishCommits": {"action": "send", "channel": {"$ref": "#/channels/log"}, "summary": "Own commits."},
            "followCommits": {"action": "receive", "channel": {"$ref": "#/channels/log"}, "summary": "All members'."},
            "takeIn": {
                "action": "receive",
                "channel": {"$ref": "#/channels/intake"},
                "summary": "Let what the university's systems say have its effect, once.",
                "reply": {"channel": {"$ref": "#/channels/results"}},
            },
        },
        "components": {
            "messages": {
                "commit": {
                    "title": "Commit",
                    "contentType": "text/plain; charset=utf-8",
                    "description": "A signed checkpoint and the events that lead to it, a JSON line each: the bytes are"
                    " those of SPEC.md, section 4. The events' schemas are among the components.",
                    "payload": {"type": "string"},
                },
                "result": {"title": "Result", "payload": _result(origin)},
                "lost": {"title": "Lost events", "payload": _lost(origin)},
                **{name: {"title": kind, "payload": _asked(kind)} for name, kind in _ASKED.items()},
            },
            "schemas": {**schemas, **events, **_row()},
        },
    }


_ASKED: Final[Mapping[str, str]] = {
    "issue": ISSUE, "suspend": SUSPEND, "reinstate": REINSTATE, "revoke": REVOKE,
}  # fmt: skip


def _events() -> tuple[dict[str, Any], dict[str, Any]]:
    """Every event's schema by its type, and the schemas that they share."""
    types = {**GOVERNANCE_TYPES, **MEMBER_TYPES}
    kinds = [Event[data] for data in types.values()]  # type: ignore[valid-type] # generic structs made at run time
    found, shared = msgspec.json.schema_components(kinds, ref_template=_REF)
    events = {}
    for name, one in zip(types, found, strict=True):
        envelope = shared[one["$ref"].rpartition("/")[2]]
        fixed = {"type": {"const": name}, "specversion": {"const": "1.0"}}
        events[name] = envelope | {"title": name, "properties": envelope["properties"] | fixed}
    used = {one["$ref"].rpartition("/")[2] for one in found}
    return events, {name: schema for name, schema in shared.items() if name not in used}


def _row() -> dict[str, Any]:
    [_], found = msgspec.json.schema_components([CredentialRow], ref_template=_REF)
    row = found["CredentialRow"]
    # An event has an id of its own, which stands in for the record's where that is left out.
    return found | {"CredentialRow": row | {"required": [one for one in row["required"] if one != "record"]}}


def _asked(kind: str) -> dict[str, Any]:
    data: dict[str, Any]
    if kind == ISSUE:
        data = {"$ref": _REF.format(name="CredentialRow")}
    else:
        properties = {
            "credential": {"type": "string", "format": "uuid"},
            "record": {"type": "string", "description": "Or your own id of the row that it was issued for."},
            "note": {
                "type": "string",
                "maxLength": MAX_NOTE,
                "description": "Your own words about it. They are kept encrypted on this node, never on the log.",
            },
        }
        if kind != REINSTATE:
            properties["reason"] = {"type": "string", "enum": list(REASONS)}
        data = {
            "type": "object",
            "required": [name for name in properties if name == "reason"],
            "anyOf": [{"required": ["credential"]}, {"required": ["record"]}],
            "properties": properties,
            "additionalProperties": False,
        }
    return _envelope({"const": kind}, data, f"{MAX_BYTES:,} bytes at most. `source` and `id` together are its name.")


def _result(origin: str) -> dict[str, Any]:
    text = {"type": "string"}
    data = {
        "type": "object",
        "required": ["event", "offset", "accepted"],
        "properties": {
            "event": {"type": "object", "properties": {"source": text, "id": text}},
            "offset": {"type": "integer"},
            "accepted": {"type": "boolean"},
            "unchanged": {"type": "boolean", "description": "It had its effect before."},
            "credential": text,
            "code": {**text, "description": "The rule that refused it, or `invalid`."},
            "where": {**text, "description": "A JSON path."},
            "detail": {**text, "description": "What is wrong, and what would be right."},
            "more": {
                "type": "array",
                "description": "What else is wrong with it.",
                "items": {"type": "object", "properties": {"where": text, "detail": text}},
            },
            "notes": {
                "type": "array",
                "description": "What is remarkable: for example that it replaced a credential of another achievement.",
                "items": text,
            },
        },
    }
    kinds = {"enum": ["registry.intake.accepted.v1", "registry.intake.refused.v1"]}
    return _envelope(kinds, data, f"From `{origin}/intake`.")


def _lost(origin: str) -> dict[str, Any]:
    data = {
        "type": "object",
        "required": ["partition", "first", "last", "detail"],
        "properties": {
            "partition": {"type": "integer"},
            "first": {"type": "integer", "description": "The first offset that was removed before it was read."},
            "last": {"type": ["integer", "null"], "description": "The last one; null where nobody can say."},
            "detail": {"type": "string"},
        },
    }
    told = f"From `{origin}/intake`: Kafka removed events before the node read them. Send them again."
    return _envelope({"const": "registry.intake.lost.v1"}, data, told)


def _envelope(kind: dict[str, Any], data: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {"specversion": {"const": "1.0"}, "id": _NAME, "source": _NAME, "type": kind, "data": data},
    }
