"""Settings of signing in to the pages: accounts, and an institution's identity provider."""

from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe_address(value: str) -> bool:
    """Return True for an address of https, and for one of http on this machine."""
    parts = urlsplit(value)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL))


def _issuer(value: str) -> str:
    if not is_safe_address(value) or urlsplit(value).query or urlsplit(value).fragment or len(value) > 200:
        raise ValueError("an address of https such as https://login.example.org, of at most 200 characters")
    return value


class AccountSetting(BaseModel):
    """Settings of signing in to the pages: `[accounts]` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    idle_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    """Minutes without a request after which a person must sign in again."""
    session_hours: Annotated[int, Field(ge=1, le=7 * 24)] = 12
    """Hours after which a person must sign in again in any case."""
    link_hours: Annotated[int, Field(ge=1, le=7 * 24)] = 24
    """Hours for which a one-time link can be used."""
    attempts_per_minute: Annotated[int, Field(ge=1)] = 10
    """Failed attempts to sign in from one address, or with one passkey, in a minute, in each process that answers."""


class OpenIdSetting(BaseModel):
    """Settings of the institution's identity provider (OpenID Connect): `[openid]` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, AfterValidator(_issuer)]
    """The provider's address, exactly as its ID tokens have it in `iss`; its description is found below it, at
    `/.well-known/openid-configuration`."""
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    """This node's name at the provider."""
    client_secret_file: Path | None = None
    """A file with this node's secret at the provider. Without it, and without `openid_client_secret`, the node is a
    public client, which PKCE protects alone."""
    name: Annotated[str, Field(max_length=60)] = ""
    """The provider's name as people know it, for the button that signs them in; without it, the provider's host."""
    scope: Annotated[str, Field(max_length=200)] = "openid profile"
    """The scopes that the node requests from the provider, beginning with `openid`."""
    person_claim: Annotated[str, Field(min_length=1, max_length=100)] = "sub"
    """The claim that names a person for ever. It must never pass to another person, so it is not an e-mail address."""
    name_claim: Annotated[str, Field(min_length=1, max_length=100)] = "name"
    """The claim with a person's name, for accounts that are made by `roles`."""
    roles_claim: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The claim whose values `roles` names, for example `groups`."""
    roles: dict[
        str,
        tuple[
            Literal["clerk", "approver", "officer", "assessor", "decision-approver", "auditor", "administrator"], ...
        ],
    ] = {}
    """The roles for each value of that claim. With it, a person who has a role by the claim needs no account
    beforehand: the first sign-in makes one, and each sign-in sets its roles again."""
