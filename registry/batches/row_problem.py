"""What is wrong with a row of a batch."""

import msgspec


class RowProblem(msgspec.Struct, frozen=True, rename="camel"):
    """A row that was not taken in."""

    line: int
    where: str
    field: str
    value: str
    """As it was sent; masked where it is about the person."""
    code: str
    """The rule that refused it; empty where it could not be read."""
    detail: str
    """What is wrong, and what would be right."""


def not_found_again(line: int, where: str) -> RowProblem:
    """What is told of a row that was held, where the content is read otherwise on its day."""
    return RowProblem(line, where, "", "", "", "is not found again; send the row anew")
