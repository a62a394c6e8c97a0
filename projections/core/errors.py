"""What can be wrong with a question to the views.

InvalidQuery          a search that asks for something that cannot be
TooCostly             an answer would take more work than one answer may

`registry.cursors.InvalidCursor` is raised for a cursor of another search.
"""


class InvalidQuery(Exception):
    """A search that asks for something that cannot be; `name` is the field at fault, as the query has it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class TooCostly(Exception):
    """An answer would take more work than one answer may; the message says which limit it would pass."""
