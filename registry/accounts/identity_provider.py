"""The institution's identity provider: OpenID Connect, authorization code with PKCE, by Authlib."""

import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from registry.accounts.errors import AccountError, ProviderFault
from registry.accounts.provider_http import ProviderHttp
from registry.accounts.provider_state import Attempt
from registry.settings.sign_in import OpenIdSetting, is_safe_address

_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]
"""The algorithms of ID tokens that are accepted: signatures by a key that the provider publishes."""
_DESCRIPTION: Final = "/.well-known/openid-configuration"
_RENEW_SECONDS: Final = 600.0
"""Age at which the provider's description and keys are fetched again."""
_LEEWAY_SECONDS: Final = 60
_MAX_VALUE: Final = 200
_MAX_ROLE_VALUES: Final = 1000


def open_provider(setting: OpenIdSetting | None, home: Path, secret: str | None) -> "IdentityProvider | None":
    """Return the provider of a node's settings, if they name one; `secret` is that of the environment.

    Raises `AccountError` if the file with the secret cannot be read.
    """
    if setting is None:
        return None
    if secret is None and setting.client_secret_file is not None:
        file = home / setting.client_secret_file
        try:
            secret = file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise AccountError(f"cannot read openid.client_secret_file, {file}: {error}") from error
    return IdentityProvider(setting, secret or None)


class Person(msgspec.Struct, frozen=True):
    """A person as the provider names them."""

    issuer: str
    subject: str
    """The value of the claim that names the person for ever."""
    name: str
    """The person's name; empty if the provider does not say it."""
    roles: list[str]
    """The roles that the provider's claim gives them here."""


class _Description(msgspec.Struct, frozen=True):
    """The provider's description of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class IdentityProvider:
    """The provider of one node. Its methods ask the provider, so they run in threads."""

    def __init__(self, setting: OpenIdSetting, secret: str | None) -> None:
        """`secret` is the node's own at the provider; None for a public client."""
        self.setting = setting
        self.name = setting.name or urlsplit(setting.issuer).hostname or setting.issuer
        self._secret = secret
        self._http = ProviderHttp()
        self._description: tuple[float, _Description] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def check(self) -> None:
        """Raise `ProviderFault` if the provider cannot be used at the moment."""
        self._describe()

    def address(self, attempt: Attempt, answer_at: str) -> str:
        """Return the provider's address for one attempt; it answers at `answer_at`. Raises `ProviderFault`."""
        client = self._client(self._describe(), answer_at)
        url, _ = client.create_authorization_url(
            self._describe().authorization_endpoint,
            state=attempt.state,
            code_verifier=attempt.verifier,
            nonce=attempt.nonce,
        )
        return str(url)

    def identify(self, attempt: Attempt, answer: dict[str, str], answer_at: str) -> Person:
        """Return the person that the provider's answer to an attempt is about. Raises `ProviderFault`.

        `answer` are the parameters with which the provider sent the browser back.
        """
        description = self._describe()
        _check_answer(answer, description)
        token = self._fetch_token(description, attempt, answer["code"], answer_at)
        claims = self._verify(token, attempt.nonce)
        return self._person(self._complete(claims, description, token))

    def _client(self, description: _Description, answer_at: str) -> OAuth2Client:
        methods = description.token_endpoint_auth_methods_supported
        # By preference in the body: characters of a secret are coded in more than one way in the header.
        method = "client_secret_post" if "client_secret_post" in methods else "client_secret_basic"
        return OAuth2Client(
            self._http,
            client_id=self.setting.client_id,
            client_secret=self._secret,
            token_endpoint_auth_method=None if self._secret is None else method,
            scope=self.setting.scope,
            redirect_uri=answer_at,
            code_challenge_method="S256",
        )

    def _describe(self) -> _Description:
        if self._description is None or time.monotonic() - self._description[0] > _RENEW_SECONDS:
            answer = self._http.get(self.setting.issuer.rstrip("/") + _DESCRIPTION).read(_Description)
            addresses = [answer.authorization_endpoint, answer.token_endpoint, answer.jwks_uri]
            if answer.issuer != self.setting.issuer:
                raise ProviderFault("provider-error", f"the provider calls itself {answer.issuer[:_MAX_VALUE]!r}")
            if not all(is_safe_address(address) for address in [*addresses, answer.userinfo_endpoint or addresses[0]]):
                raise ProviderFault("provider-error", "an address of the identity provider is not of https")
            self._description = time.monotonic(), answer
        return self._description[1]

    def _key_set(self, *, renew: bool = False) -> KeySet:
        if renew or self._keys is None or time.monotonic() - self._keys[0] > _RENEW_SECONDS:
            published = self._http.get(self._describe().jwks_uri).read(dict[str, Any])
            try:
                keys = KeySet.import_key_set(published)  # type: ignore[arg-type] # it reads and checks the dictionary
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise ProviderFault("provider-error", "the identity provider's keys cannot be read") from error
            self._keys = time.monotonic(), keys
        return self._keys[1]

    def _fetch_token(self, description: _Description, attempt: Attempt, code: str, answer_at: str) -> dict[str, Any]:
        client = self._client(description, answer_at)
        try:
            token: dict[str, Any] = client.fetch_token(
                description.token_endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=answer_at,
                code_verifier=attempt.verifier,
            )
        except (AuthlibBaseError, ValueError) as error:
            raise ProviderFault("provider-error", f"the identity provider gives no token: {error}") from error
        return token

    def _verify(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token whose signature, issuer, audience, times and nonce are right."""
        text = token.get("id_token")
        if not isinstance(text, str):
            raise ProviderFault("provider-error", "the identity provider's answer has no ID token")
        try:
            try:
                decoded = jwt.decode(text, self._key_set(), algorithms=_ALGORITHMS)
            except InvalidKeyIdError:
                decoded = jwt.decode(text, self._key_set(renew=True), algorithms=_ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.setting.issuer},
                    "aud": {"essential": True, "value": self.setting.client_id},
                    "nonce": {"essential": True, "value": nonce},
                },
                {"nonce": nonce, "client_id": self.setting.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderFault("provider-error", f"the ID token is not valid: {error}") from error
        return dict(claims)

    def _complete(self, claims: dict[str, Any], description: _Description, token: dict[str, Any]) -> dict[str, Any]:
        """Return the claims, with those that the provider tells at its userinfo address alone."""
        mapped = [self.setting.roles_claim, self.setting.name_claim] if self._maps else []
        needed = {self.setting.person_claim, *mapped}
        access = token.get("access_token")
        if needed <= claims.keys() or description.userinfo_endpoint is None or not isinstance(access, str):
            return claims
        userinfo = self._http.get(description.userinfo_endpoint, access).read(dict[str, Any])
        if userinfo.get("sub") != claims["sub"]:
            raise ProviderFault("provider-error", "the identity provider tells of another person (userinfo)")
        return userinfo | claims

    @property
    def _maps(self) -> bool:
        return self.setting.roles_claim is not None and bool(self.setting.roles)

    def _person(self, claims: dict[str, Any]) -> Person:
        subject, name = claims.get(self.setting.person_claim), claims.get(self.setting.name_claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_VALUE or not subject.isprintable():
            raise ProviderFault("provider-error", f"the claim {self.setting.person_claim} names no person")
        values: Any = claims.get(self.setting.roles_claim) if self._maps and self.setting.roles_claim else None
        values = [values] if isinstance(values, str) else values if isinstance(values, list) else []
        roles = {
            role
            for value in values[:_MAX_ROLE_VALUES]
            if isinstance(value, str)
            for role in self.setting.roles.get(value, ())
        }
        return Person(self.setting.issuer, subject, name if isinstance(name, str) else "", sorted(roles))


def _check_answer(answer: dict[str, str], description: _Description) -> None:
    """Refuse what the provider refuses, and the answer of another provider (RFC 9207)."""
    issuer = answer.get("iss")
    if issuer is None and description.authorization_response_iss_parameter_supported:
        raise ProviderFault("provider-error", "the answer does not say which provider it is from")
    if issuer is not None and issuer != description.issuer:
        raise ProviderFault("provider-error", "the answer is from another provider")
    if "error" in answer:
        code = "refused" if answer["error"] == "access_denied" else "provider-error"
        raise ProviderFault(code, f"the identity provider answers {answer['error'][:_MAX_VALUE]!r}")
    if not answer.get("code"):
        raise ProviderFault("provider-error", "the identity provider's answer has no code")
