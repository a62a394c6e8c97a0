"""Keys of other issuers, where nothing is fetched."""

from collections.abc import Sequence

from registry.verification.ports import UnresolvedKey


class NoKeys:
    """`KeyResolver` that finds none: the formats that are opened here carry their keys, or have the log's."""

    def resolve(self, issuer: str, key_id: str | None, x5c: Sequence[str] = ()) -> UnresolvedKey:  # noqa: ARG002 - of the port
        """Return why no key was found."""
        return UnresolvedKey("The issuer's key was not looked up here.")
