"""Errors of API keys."""


class UnknownKey(Exception):
    """Unknown API key or unknown scope."""


class EndedKey(UnknownKey):
    """The API key was revoked or rotated, or has expired, and cannot be rotated."""
