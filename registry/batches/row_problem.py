"""A problem with a row of a batch."""

import msgspec


class RowProblem(msgspec.Struct, frozen=True, rename="camel"):
    """One reason why a row was not taken in."""

    line: int
    where: str
    field: str
    value: str
    """The value as it was sent; masked where it is about the person."""
    code: str
    """The rule that refused it; empty where the row could not be read."""
    detail: str
    """Explanation of the problem and its correction."""


def lost_row_problem(line: int, where: str) -> RowProblem:
    """Return the problem of a scheduled row that the content does not have any more when its day comes."""
    return RowProblem(line, where, "", "", "", "is not found any more; send the row again")
