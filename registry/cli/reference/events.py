"""The catalogue of events, from the published language's structs and the rules: fields, rule, refusals."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import inspect as types

from consumers.streams.quarantine import EXPLAINED
from registry.cli.reference.event_texts import GOVERNANCE_REFUSALS, MEANINGS, OPENING, REFUSAL_OPENING
from registry.cli.reference.field_texts import BEYOND, FIELDS
from registry.cli.reference.markdown import NOTICE, anchor, plain, table
from registry.rules import achievements, credentials, errors, issuing_keys, recognition
from registry.rules.errors import Refusal
from registry.rules.governance import CREATES
from registry.wire.events import GOVERNANCE_TYPES, MEMBER_TYPES
from registry.wire.validation_messages import PATTERNS

RULES: Final[Mapping[str, Callable[..., Any] | None]] = {
    "achievement.published.v1": achievements.publish,
    "achievement.revised.v1": achievements.revise,
    "achievement.retired.v1": achievements.retire,
    "achievement.joined.v1": achievements.join,
    "credential.issued.v1": credentials.issue,
    "credential.suspended.v1": credentials.change_status,
    "credential.reinstated.v1": credentials.change_status,
    "credential.revoked.v1": credentials.change_status,
    "recognition.decided.v1": recognition.decide,
    "recognition.withdrawn.v1": recognition.withdraw_decision,
    "recognition.assessed.v1": recognition.assess,
    "recognition.assessment.withdrawn.v1": recognition.withdraw_assessment,
    "agreement.declared.v1": recognition.declare,
    "agreement.withdrawn.v1": recognition.withdraw_agreement,
    "learner.erased.v1": credentials.erase,
    "status.sealed.v1": None,
    "issuing.key.announced.v1": issuing_keys.announce,
    "issuing.key.ended.v1": issuing_keys.end,
}
"""The function that judges an event of each type of a member's log; None where no rule can refuse it."""
SUBJECTS: Final = {
    "Achievements": "achievement.",
    "Credentials": "credential.",
    "Decisions and assessments": "recognition.",
    "Agreements": "agreement.",
    "Learners": "learner.",
    "Status seals": "status.",
    "Issuing keys": "issuing.",
}


def pages() -> dict[str, str]:
    """Return the page by its path below docs/."""
    objects: dict[str, Any] = {}
    sections = [NOTICE + OPENING, "## Governance\n", "On the consortium's own log.\n"]
    sections += [_event(name, kind, objects) for name, kind in GOVERNANCE_TYPES.items()]
    for title, beginning in SUBJECTS.items():
        sections.append(f"## {title}\n")
        sections += [
            _event(name, struct, objects) for name, struct in MEMBER_TYPES.items() if name.startswith(beginning)
        ]
    sections.append("## Objects inside events\n")
    shown: set[str] = set()
    while rest := [name for name in sorted(objects) if name not in shown]:
        shown.add(rest[0])
        sections.append(_object(rest[0], objects))
    return {"events.md": "\n".join([*sections, _refusals()])}


def refusals_of(name: str) -> list[str]:
    """Return the codes that an event of this type can be refused with, in the order in which they are looked for."""
    common = ["schema", "wrong-source"]
    if name in GOVERNANCE_TYPES:
        return [*common, *GOVERNANCE_REFUSALS[name]]
    common.append("voided")
    if name in CREATES:
        common.append("member-suspended")
    if CREATES.get(name):
        common.append("role-missing")
    rule = RULES[name]
    return common if rule is None else [*common, *_raised_by(rule)]


def _raised_by(rule: Callable[..., Any]) -> list[str]:
    names = re.findall(r"raise (\w+)\(", inspect.getsource(rule))
    return list(dict.fromkeys(getattr(errors, name).code for name in names))


def _event(name: str, kind: type[Any], objects: dict[str, Any]) -> str:
    needs = CREATES.get(name)
    pieces = [f"### {name}\n", MEANINGS[name] + "\n", _fields(kind, objects)]
    if needs is not None:
        role = f"the role `{needs}` and " if needs else ""
        pieces.append(f"The member needs {role}to be in good standing.\n")
    if name in BEYOND:
        pieces.append(f"Beyond the form of each field: {BEYOND[name]}\n")
    codes = ", ".join(f"`{code}`" for code in refusals_of(name))
    schema = f"[JSON Schema](../registry/wire/schemas/{name}.json)"
    pieces.append(f"[Refused](#what-is-refused) as {codes}, in this order. {schema}.\n")
    return "\n".join(pieces)


def _object(name: str, objects: dict[str, Any]) -> str:
    kind = objects[name]
    return f"### {name}\n\n{plain(inspect.getdoc(kind) or '')}\n\n{_fields(kind, objects)}"


def _fields(kind: type[Any], objects: dict[str, Any]) -> str:
    described = types.type_info(kind)
    assert isinstance(described, types.StructType)  # noqa: S101 - every event's data is a struct
    rows = [
        (
            f"`{field.encode_name}`" + ("" if field.required else ", optional"),
            _value(field.type, objects),
            FIELDS.get(f"{kind.__name__}.{field.encode_name}") or FIELDS[field.encode_name],
        )
        for field in described.fields
    ]
    return table(("field", "value", "meaning"), rows)


def _value(kind: types.Type, objects: dict[str, Any]) -> str:
    """Return what may stand there, in a few words; notes the objects that it names."""
    if isinstance(kind, types.Metadata):
        pattern = (kind.extra_json_schema or {}).get("pattern", "")
        return PATTERNS.get(pattern) or _value(kind.type, objects)
    if isinstance(kind, types.UnionType):
        arms = [_value(arm, objects) for arm in kind.types if not isinstance(arm, types.NoneType)]
        return " or ".join(dict.fromkeys(arm.replace("whole number", "number") for arm in arms))
    if isinstance(kind, types.StructType):
        name = kind.cls.__name__
        objects[name] = kind.cls
        return f"[{name}](#{anchor(name)})"
    if isinstance(kind, types.LiteralType):
        return ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, types.DictType):
        return f"texts by language: {_value(kind.value_type, objects)} for each BCP 47 tag"
    if isinstance(kind, types.ListType):
        return f"list{', at least one' if kind.min_length else ''}: {_value(kind.item_type, objects)}"
    return ", ".join((_word(kind), *_bounds(kind)))


def _word(kind: types.Type) -> str:
    if isinstance(kind, types.StrType) and kind.pattern is not None:
        return PATTERNS.get(kind.pattern, f"text as `{kind.pattern}`")
    words = {
        types.StrType: "text",
        types.IntType: "whole number",
        types.FloatType: "number",
        types.BoolType: "boolean",
        types.NoneType: "absent",
    }
    return words[type(kind)]


def _bounds(kind: types.Type) -> Iterator[str]:
    names = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))
    for name, word in names:
        bound = getattr(kind, name, None)
        if bound is not None and bound < 2**31 - 1:
            yield f"{word} {bound:g}"


def _refusals() -> str:
    kinds = {kind.code: inspect.getdoc(kind) or "" for kind in _all_kinds(Refusal) if kind.code != "unknown"}
    event_codes = {
        "schema": "The event breaks the form: its envelope, a field, or what the fields say together.",
        "wrong-source": "The event names another origin than the log that it stands on.",
        **kinds,
    }
    return "\n".join(
        [
            REFUSAL_OPENING,
            "Of a whole record:\n",
            table(("code", "meaning"), [(f"`{code}`", text) for code, text in EXPLAINED.items()]),
            "Of one event:\n",
            table(("code", "meaning"), [(f"`{code}`", plain(text)) for code, text in event_codes.items()]),
        ]
    )


def _all_kinds(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for inner in kind.__subclasses__():
        if inner.__module__ == errors.__name__:
            yield inner
            yield from _all_kinds(inner)


def codes() -> set[str]:
    """Return every code of a refusal that the code base knows."""
    return {
        "schema",
        "wrong-source",
        *EXPLAINED,
        *(kind.code for kind in _all_kinds(Refusal) if kind.code != "unknown"),
    }
