"""The check of a credential against the JSON Schema of its kind. Schemas are shipped; none is fetched."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from registry.documents.contexts import CREDENTIALS_V2
from registry.verification.checks import Check
from registry.verification.credential_form import LEARNER_RECORD, OPEN_BADGE, types_of

_FOLDER: Final = Path(__file__).parent / "schemas"
_NAMES: Final = {"open-badges-3.0": "Open Badges 3.0", "clr-2.0": "Comprehensive Learner Record 2.0"}


def check_schema(document: Mapping[str, Any]) -> Check:
    """Check a credential of a kind whose schema is here."""
    kinds = set(types_of(document))
    name = "clr-2.0" if LEARNER_RECORD in kinds else "open-badges-3.0" if kinds & OPEN_BADGE else None
    if name is None:
        return Check("schema", "notChecked", "No schema for this kind of credential is here.")
    if document["@context"][0] != CREDENTIALS_V2:
        return Check("schema", "notChecked", f"{_NAMES[name]} on the older data model (VC 1.1) has no schema here.")
    error = next(iter(_validator(name).iter_errors(document)), None)
    if error is None:
        return Check("schema", "passed", f"The document has the form of {_NAMES[name]}.")
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    rule = str(error.schema_path[-1])
    sentence = f"The document has not the form of {_NAMES[name]}: ${place[:200]} does not meet {rule!r}."
    return Check("schema", "failed", sentence)


@cache
def _validator(name: str) -> jsonschema_rs.Validator:
    schema = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return jsonschema_rs.Draft201909Validator(schema)
