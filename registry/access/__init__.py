"""Access for other systems: API keys of this node, and access tokens of an issuer that it trusts."""
