"""The description of the Kafka topics (AsyncAPI 3): the shared log, and a university's own intake."""

from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

import msgspec

from registry.api.credentials import CredentialRow
from registry.application.status_notes import MAX_NOTE
from registry.intake.events import ISSUE, MAX_BYTES, REASONS, REINSTATE, REVOKE, SUSPEND
from registry.log.addresses import KafkaAddress, parse_kafka
from registry.wire.events import GOVERNANCE_TYPES, MEMBER_TYPES, Event

_REF: Final = "#/components/schemas/{name}"
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 500}


def _describe_server(address: KafkaAddress) -> dict[str, str]:
    """Return the brokers, without the files that secure connections to them."""
    return {
        "host": ",".join(address.brokers),
        "protocol": "kafka" if address.security is None else "kafka-secure",
        "description": "Brokers, separated by commas.",
    }


def describe_topics(member: str, origin: str, log: str, intake: str | None) -> dict[str, Any]:
    """Return the document of one node; `log` and `intake` are URLs of the shared log and of the node's own Kafka."""
    events, schemas = _event_schemas()
    servers = {
        name: _describe_server(parse_kafka(url))
        for name, url in (("sharedLog", log), ("intake", intake or ""))
        if url.startswith("kafka://")
    }
    where = {name: [{"$ref": f"#/servers/{name}"}] for name in servers}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Credential registry: {origin} over Kafka",
            "version": metadata.version("credential-registry"),
            "description": "The consortium's shared log, and the topics on which this university's own systems send"
            " awards to their node. /openapi.json describes the node's HTTP API.",
            "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": servers,
        "channels": _channels(member, where),
        "operations": {
            "publishCommits": {
                "action": "send",
                "channel": {"$ref": "#/channels/log"},
                "summary": "Publish this member's commits.",
            },
            "followCommits": {
                "action": "receive",
                "channel": {"$ref": "#/channels/log"},
                "summary": "Follow the commits of all members.",
            },
            "takeIn": {
                "action": "receive",
                "channel": {"$ref": "#/channels/intake"},
                "summary": "Carry out each request of the university's systems, once.",
                "reply": {"channel": {"$ref": "#/channels/results"}},
            },
        },
        "components": {
            "messages": {
                "commit": {
                    "title": "Commit",
                    "contentType": "text/plain; charset=utf-8",
                    "description": "A signed checkpoint and the events that it adds, a JSON line each, in the format of"
                    " SPEC.md, section 4. The components have the schemas of the events.",
                    "payload": {"type": "string"},
                },
                "result": {"title": "Result", "payload": _result_schema(origin)},
                "lost": {"title": "Lost events", "payload": _lost_schema(origin)},
                **{name: {"title": kind, "payload": _request_schema(kind)} for name, kind in _REQUESTS.items()},
            },
            "schemas": {**schemas, **events, **_row_schemas()},
        },
    }


def _channels(member: str, where: Mapping[str, list[dict[str, str]]]) -> dict[str, Any]:
    return {
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
            "description": "Requests of this university's systems, one CloudEvent per record.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _REQUESTS},
        },
        "results": {
            "address": f"intake.{member}.results",
            "servers": where.get("intake", []),
            "description": "The result of each record of the intake, in their order. A record that is sent again has"
            " no second effect, and its result has the same id. Also the records that were lost before the node"
            " read them.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in ("result", "lost")},
        },
    }


_REQUESTS: Final[Mapping[str, str]] = {
    "issue": ISSUE, "suspend": SUSPEND, "reinstate": REINSTATE, "revoke": REVOKE,
}  # fmt: skip


def _event_schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return each event's schema by its type, and the schemas that they share."""
    types = {**GOVERNANCE_TYPES, **MEMBER_TYPES}
    kinds = [Event[data] for data in types.values()]  # type: ignore[valid-type] # generic structs made at run time
    references, shared = msgspec.json.schema_components(kinds, ref_template=_REF)
    events = {}
    for name, reference in zip(types, references, strict=True):
        envelope = shared[reference["$ref"].rpartition("/")[2]]
        fixed = {"type": {"const": name}, "specversion": {"const": "1.0"}}
        events[name] = envelope | {"title": name, "properties": envelope["properties"] | fixed}
    used = {reference["$ref"].rpartition("/")[2] for reference in references}
    return events, {name: schema for name, schema in shared.items() if name not in used}


def _row_schemas() -> dict[str, Any]:
    [_], schemas = msgspec.json.schema_components([CredentialRow], ref_template=_REF)
    row = schemas["CredentialRow"]
    # The record's id is optional here: the event's own id takes its place.
    return schemas | {"CredentialRow": row | {"required": [name for name in row["required"] if name != "record"]}}


def _request_schema(kind: str) -> dict[str, Any]:
    data: dict[str, Any]
    if kind == ISSUE:
        data = {"$ref": _REF.format(name="CredentialRow")}
    else:
        properties = {
            "credential": {"type": "string", "format": "uuid"},
            "record": {
                "type": "string",
                "description": "Or your own id of the row that it was issued for.",
            },
            "note": {
                "type": "string",
                "maxLength": MAX_NOTE,
                "description": "A note of your own. It is stored encrypted on this node, never on the log.",
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
    return _envelope({"const": kind}, data, f"At most {MAX_BYTES:,} bytes. `source` and `id` together identify it.")


def _result_schema(origin: str) -> dict[str, Any]:
    text = {"type": "string"}
    data = {
        "type": "object",
        "required": ["event", "offset", "accepted"],
        "properties": {
            "event": {"type": "object", "properties": {"source": text, "id": text}},
            "offset": {"type": "integer"},
            "accepted": {"type": "boolean"},
            "unchanged": {"type": "boolean", "description": "True if it had its effect already."},
            "credential": text,
            "code": {**text, "description": "The rule that refuses it, or `invalid`."},
            "where": {**text, "description": "A JSON path."},
            "detail": {**text, "description": "The fault, and what is expected."},
            "more": {
                "type": "array",
                "description": "Further faults.",
                "items": {"type": "object", "properties": {"where": text, "detail": text}},
            },
            "notes": {
                "type": "array",
                "description": "Remarks, for example that it replaced a credential of another achievement.",
                "items": text,
            },
        },
    }
    kinds = {"enum": ["registry.intake.accepted.v1", "registry.intake.refused.v1"]}
    return _envelope(kinds, data, f"From `{origin}/intake`.")


def _lost_schema(origin: str) -> dict[str, Any]:
    data = {
        "type": "object",
        "required": ["partition", "first", "last", "detail"],
        "properties": {
            "partition": {"type": "integer"},
            "first": {"type": "integer", "description": "The first offset that was removed before it was read."},
            "last": {"type": ["integer", "null"], "description": "The last one; null if unknown."},
            "detail": {"type": "string"},
        },
    }
    text = f"From `{origin}/intake`: Kafka removed events before the node read them. Send them again."
    return _envelope({"const": "registry.intake.lost.v1"}, data, text)


def _envelope(kind: dict[str, Any], data: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {"specversion": {"const": "1.0"}, "id": _NAME, "source": _NAME, "type": kind, "data": data},
    }
