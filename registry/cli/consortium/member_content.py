"""A member's content as somebody wrote it in JSON: read as a whole, all problems at once."""

from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

import msgspec

from registry.ceremony.ceremony import CeremonyRefused
from registry.wire.governance import MemberRevised
from registry.wire.validation_messages import describe_error

T = TypeVar("T", bound=MemberRevised)
TEMPLATE: Final = {
    "member": "delft",
    "legalName": "Delft University of Technology",
    "country": "NL",
    "identifiers": [{"scheme": "schac", "value": "tudelft.nl"}],
    "accreditations": [],
    "keys": ["<the public key with its proof, as `registry node init` or `registry key show` prints it>"],
    "roles": ["issuer", "recogniser"],
    "homepage": "https://www.tudelft.nl",
    "appealBody": {"name": "Examination Appeals Board", "url": "https://www.tudelft.nl/appeals"},
}
"""A member's content to fill in, for `registry governance propose admit`."""


def read_content(file: Path, kind: type[T]) -> T:
    """Read a file as the data of an admission or a revision.

    Raises `CeremonyRefused` with every problem of every field.
    """
    try:
        values = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise CeremonyRefused(f"cannot read {file}: {error.strerror}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise CeremonyRefused(f"{file} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise CeremonyRefused(
            f"{file}: must be a JSON object, as `registry governance show MEMBER --content` prints it"
        )
    try:
        return convert(values, kind)
    except CeremonyRefused as error:
        raise CeremonyRefused(f"{file}: {error}") from error


def convert(values: dict[str, Any], kind: type[T], names: dict[str, str] | None = None) -> T:
    """Convert values to the data of an act; `names` are what problems call the fields, where not by their own name.

    Raises `CeremonyRefused` with every problem of every field.
    """
    problems = list(_problems(values, kind, names or {}))
    if problems:
        raise CeremonyRefused("; ".join(problems))
    return msgspec.convert(values, kind)


def _problems(values: dict[str, Any], kind: type[MemberRevised], names: dict[str, str]) -> list[str]:
    hints = get_type_hints(kind, include_extras=True)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    problems = [f"{name} is not a field of it; there are {', '.join(fields)}" for name in values if name not in fields]
    for name, field in fields.items():
        shown = names.get(name, name)
        if name not in values:
            if field.required:
                problems.append(f"{shown} is missing")
            continue
        try:
            msgspec.convert(values[name], hints[field.name])
        except msgspec.ValidationError as error:
            path, problem = describe_error(error, hints[field.name])
            place = "" if name in names else path.removeprefix("$")  # an option has no place in it
            problems.append(f"{shown}{place} {problem}")
    return problems
