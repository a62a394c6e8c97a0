"""What is in the way of proposing an assessment."""

import msgspec


class Objection(msgspec.Struct, frozen=True, rename="camel"):
    """Where (a JSON path into the assessment), which rule, and what to do."""

    path: str
    code: str
    detail: str
