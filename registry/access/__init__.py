"""Access for other systems: API keys of this node, and access tokens of an issuer that it trusts."""

from registry.access.keys import ORDINARY_SCOPES, ApiKey, ApiKeys, UnknownKey
from registry.access.tokens import Tokens

__all__ = ["ORDINARY_SCOPES", "ApiKey", "ApiKeys", "Tokens", "UnknownKey"]
