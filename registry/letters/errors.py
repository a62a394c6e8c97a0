"""Errors of letters."""


class CannotWrite(Exception):
    """A letter that cannot be written. The message says what is wrong and what to do, and names no person."""


class NoSuchDecision(CannotWrite):
    """A decision that this office did not make, as far as the node has read its own log."""
