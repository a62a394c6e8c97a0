"""What can be wrong with a question to the views.

InvalidQuery          a search that asks for something that cannot be
└── InvalidCursor     a cursor that is not one of this search's
TooCostly             an answer would take more work than one answer may
"""


class InvalidQuery(Exception):
    """A search that asks for something that cannot be; `name` is the field at fault, as the query has it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class InvalidCursor(InvalidQuery):
    """A cursor that is not one of this search's."""

    def __init__(self) -> None:
        super().__init__("cursor", "not a cursor of this search; take `next` of its page before, or leave it out")


class TooCostly(Exception):
    """An answer would take more work than one answer may; the message says which limit it would pass."""
