"""Whose systems may use this node: API keys that it keeps, and access tokens that somebody it trusts issues."""

from registry.access.keys import ApiKey, ApiKeys, UnknownKey
from registry.access.tokens import Tokens

__all__ = ["ApiKey", "ApiKeys", "Tokens", "UnknownKey"]
