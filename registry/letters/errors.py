"""What can be wrong with a letter."""


class CannotWrite(Exception):
    """A letter that cannot be made. The message says what is missing or wrong, and what to do; it names nobody."""


class UnknownDecision(CannotWrite):
    """The decision is none of this office's, as far as the node has read its own log."""
