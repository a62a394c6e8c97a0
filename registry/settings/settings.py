"""A node's settings: `registry.toml` in its folder, overridden by the environment.

They are frozen and complete before anything starts: a wrong or missing setting is named, and stops the program.
"""

import json
import os
import re
import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as SourceError

from registry.domain.deadlines import LONGEST, check_term
from registry.log.durable_files import create_private_file, sync_file
from registry.settings.retention import KeptBasis, RetentionSetting
from registry.settings.sign_in import AccountSetting, OpenIdSetting
from registry.settings.words import COLOUR, explain, find_misspelt
from registry.values.countries import COUNTRIES

FILE: Final = "registry.toml"
HOME_VARIABLE: Final = "REGISTRY_HOME"
_SECRETS: Final = {
    "passphrase": "passphrase_file or REGISTRY_PASSPHRASE",
    "openid_client_secret": "openid.client_secret_file or REGISTRY_OPENID_CLIENT_SECRET",
}
"""Secrets that the file of settings may not hold, and where they belong instead."""


class SettingsError(Exception):
    """Settings are missing or wrong. The message names each, its place, and what to do."""


class NoSettings(SettingsError):
    """No node's folder was named, and neither the current folder nor one above it is a node's."""


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or len(value) > 200:
        raise ValueError("an address such as https://registry.example.org, of at most 200 characters")
    return value


def _base_path(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]{1,60}){0,10}", value):
        raise ValueError("empty, or a path such as /registry without a slash at its end")
    return value


def _hexadecimal(value: str) -> str:
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError("64 hexadecimal digits, as `registry consortium create` printed them")
    return value


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError(f"{value} is not a country's code (ISO 3166-1 alpha-2), for example NL")
    return value


class WitnessSetting(BaseModel):
    """A witness: its address, and the key by which it cosigns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """The witness's address, such as `https://witness.example.org`."""
    key: str
    """The witness's public key, as `registry witness init` printed it."""


class HttpSetting(BaseModel):
    """Settings of the HTTP server: `[http]` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """The address to listen on; `0.0.0.0` means all addresses of this machine."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port to listen on; 0 takes any free one and prints it at the start."""
    workers: Annotated[int, Field(ge=1)] = max(1, os.cpu_count() or 1)
    """Processes that answer."""
    connections: Annotated[int, Field(ge=3, le=100)] = 8
    """Connections of each process to the views' database. Lookups use three of them, searches and lists two; the
    others are for scans, the feed and the past. With fewer than eight connections each of the three has less."""
    batch_bytes: Annotated[int, Field(ge=1)] = 1024**3
    """The largest batch that is accepted, in bytes."""
    release_above: Annotated[int, Field(ge=0)] = 0
    """Batches of more lines than this wait until a second person releases them; 0 releases all at once."""
    second_person: tuple[Literal["suspend", "reinstate", "revoke", "replace", "lift-restriction"], ...] = ()
    """Changes of credentials that a person asks for on the pages and that wait until a second person releases them,
    also where they are of one credential. An import waits in any case; what a system sends, for `release_above`."""
    patience_seconds: Annotated[float, Field(gt=0)] = 30.0
    """Seconds that a client may be silent in the middle of a batch, or take for a request's headers; twice that for the
    body of a single request."""
    wait_seconds: Annotated[float, Field(ge=0, le=60)] = 10.0
    """Seconds that a reader may wait for a position."""
    per_minute: Annotated[int, Field(ge=1)] = 60_000
    """Requests from one system with a key or token, in each process that answers."""
    per_minute_anybody: Annotated[int, Field(ge=1)] = 6_000
    """Requests without a key or token from one address (of IPv6, from one /64 network), in each process likewise."""
    max_connections: Annotated[int, Field(ge=4)] = 1000
    """Connections that each process takes at a time, if it may have twice as many descriptors; else half of those.
    Half of them may be without a whole request: then the one that has waited longest is closed for a new one."""
    max_connections_per_address: Annotated[int, Field(ge=1)] = 200
    """Connections that one address may have (of IPv6, one /64 network). For a further one, its connection that has
    waited longest is closed; if none waits, the further one is refused. At most half of all connections. Trusted
    proxies may have any number."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks of reverse proxies, for example `10.0.0.0/24`, whose `X-Forwarded-For`, `X-Forwarded-Proto` and
    `X-Forwarded-Prefix` headers are used. From other addresses these headers are ignored."""
    base_path: Annotated[str, AfterValidator(_base_path)] = ""
    """The path under which a reverse proxy offers this node, for example `/registry`. A trusted proxy that sends
    `X-Forwarded-Prefix` overrides it. The proxy may cut it off or not."""
    shared_cache_seconds: Annotated[int, Field(ge=0, le=60)] = 0
    """Seconds for which a proxy in front of the node may send a stored public page to everybody; 0 lets it store none.
    Pages of people who are signed in, pages with forms and verifications are never stored."""
    failures_per_minute: Annotated[int, Field(ge=1)] = 100
    """Invalid keys or tokens that each process looks up for one address in a minute. Further ones are answered 429;
    keys and tokens that are known go on working."""


class TokenSettings(BaseModel):
    """Settings of access tokens: `[oauth]` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    """The issuer of the tokens, exactly as their claim `iss` has it."""
    audience: str
    """The audience that tokens must name: this node's own name at the issuer."""
    jwks: str
    """The URL of the issuer's keys."""
    token_url: str | None = None
    """The address where systems get tokens; shown in the API's description."""
    member_claim: str = "registry_member"
    """The claim that says for which member a system acts."""
    lifetime_minutes: int = Field(default=24 * 60, ge=1)
    """The longest lifetime of a token; one that is valid for longer is refused."""


class OfficeSetting(BaseModel):
    """Settings of this member's recognition office: `[office]` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    two_persons: bool = True
    """True if a decision must be approved by another person than the one who proposes it."""
    due: Annotated[str, AfterValidator(check_term)] = LONGEST
    """The time that a decision may take from a complete file: months, weeks or days, such as `P4M`, `P8W`, `P60D`."""
    due_by_country: dict[
        Annotated[str, Field(pattern="^[A-Z]{2}$"), AfterValidator(_country)],
        Annotated[str, AfterValidator(check_term)],
    ] = {}
    """The same for credentials of some countries, by the country of the issuer; in a case the shortest counts."""
    appeal_days: Annotated[int, Field(ge=0, le=3660)] = 42
    """Days after a decision in which it may be appealed; 0: there is no appeal."""
    address: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()
    """The office's postal address, line by line. Letters print it, also as the address for appeals."""
    due_soon_days: Annotated[int, Field(ge=0, le=366)] = 14
    """Days before its due date from which a case is shown as due soon."""
    attachment_bytes: Annotated[int, Field(ge=1, le=64 * 1024**2)] = 10 * 1024**2
    """The largest file that can be attached to a case, in bytes."""
    case_attachment_bytes: Annotated[int, Field(ge=1, le=1024**3)] = 50 * 1024**2
    """The largest size of all files of a case together, in bytes."""


class Settings(BaseSettings):
    """The settings of a node. The file uses these names; the environment `REGISTRY_` and the name in upper case."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_", frozen=True, extra="forbid")

    home: Path
    """The node's folder. Relative paths below are relative to it."""
    consortium: Annotated[str, Field(pattern=r"^[a-z0-9.-]{3,100}$")]
    """The consortium's origin, a domain name that it holds."""
    member: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,40}$")]
    """This node's member, or `governance` for the consortium's own node."""
    founded: Annotated[str, AfterValidator(_hexadecimal)]
    """Hash of the consortium's founding event. Get it from somebody you trust."""
    log: str
    """The shared log: `file:PATH`, `kafka://HOST:PORT[,HOST:PORT]`, or, only to read, `archive:PATH`."""
    database: str
    """`postgresql://…`, or `embedded:PATH#NAME` for one that the node starts itself."""
    keys: Path = Path("keys")
    """The folder of this node's private keys."""
    passphrase_file: Path | None = None
    """A file with the passphrase of the private keys, if they have one."""
    passphrase: SecretStr | None = None
    """The passphrase itself: from the environment only, never from the file of settings."""
    witness: tuple[WitnessSetting, ...] = ()
    """The witnesses that this node asks and relies on; in the file, one `[[witness]]` each."""
    witnesses_needed: Annotated[int, Field(ge=0)] = 0
    """The number of witnesses that must have cosigned a head before this node relies on it."""
    max_head_age_hours: Annotated[float, Field(gt=0)] | None = None
    """The greatest age of the witnesses' cosignatures, in hours."""
    http: HttpSetting = HttpSetting()
    """The HTTP server."""
    office: OfficeSetting = OfficeSetting()
    """The recognition office."""
    accounts: AccountSetting = AccountSetting()
    """Signing in to the pages."""
    openid: OpenIdSetting | None = None
    """The institution's identity provider, by which people sign in without a passkey of their own here."""
    openid_client_secret: SecretStr | None = None
    """This node's secret at the identity provider: from the environment only, never from the file of settings."""
    oauth: TokenSettings | None = None
    """The issuer whose access tokens are accepted in addition to the node's own API keys."""
    intake_kafka: str | None = None
    """This node's own Kafka, where its university's systems send events: `kafka://HOST:PORT[,HOST:PORT]`."""
    webhook_http_localhost: bool = False
    """True to allow webhooks to this machine itself over plain http, for tests."""
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks to which webhooks may be posted, for example `10.20.0.0/16`."""
    webhook_ca_file: Path | None = None
    """A file of certificates (PEM) of further authorities that are trusted for webhooks' receivers."""
    retention: RetentionSetting = RetentionSetting()
    """The rules of how long personal data stays."""
    retention_basis: KeptBasis = KeptBasis()
    """The legal basis of each kind of data that an erasure leaves."""
    public_url: Annotated[str, AfterValidator(_address)] | None = None
    """This node's public address, for example `https://registry.example.org`. Letters link to it."""
    colour: Annotated[str, Field(pattern=COLOUR)] | None = None
    """The university's colour on its pages. Any will do: where text stands on it, its lightness is held in bounds."""
    letter_fonts: Path | None = None
    """A folder of fonts for letters, for scripts that Typst's own fonts lack (Chinese, Japanese, Korean, Thai, …)."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """The port where `registry run` and `registry serve` show metrics for Prometheus, at `/metrics`; 0 takes any
    free one and prints it at the start. Without it nothing is measured."""
    metrics_host: str = "127.0.0.1"
    """The address of that port. Anybody who reaches it can read the metrics without a key."""
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "warning"
    """The level of messages on standard error: this one and the more severe ones."""

    @property
    def origin(self) -> str:
        """The origin of this node's own log."""
        return self.consortium if self.member == "governance" else f"{self.consortium}/{self.member}"

    @property
    def founded_hash(self) -> bytes:
        """The founding's hash, 32 bytes."""
        return bytes.fromhex(self.founded)

    @property
    def log_url(self) -> str:
        """The shared log, with its path made absolute."""
        scheme, colon, path = self.log.partition(":")
        return f"{scheme}:{self.home / path}" if scheme in ("file", "archive") and colon else self.log

    @property
    def database_url(self) -> str:
        """The database, with the embedded one's path made absolute."""
        scheme, _, rest = self.database.partition(":")
        return f"embedded:{self.home / rest}" if scheme == "embedded" else self.database

    @property
    def keys_folder(self) -> Path:
        """The folder of private keys, absolute."""
        return self.home / self.keys


def find_home(home: Path | None) -> Path:
    """Return the node's folder: `home`, or that of the environment, or the current one or the nearest above it.

    Raises `NoSettings` if there is none, and `SettingsError` if a folder cannot be searched.
    """
    if home is not None:
        return home.resolve()
    if HOME_VARIABLE in os.environ:
        return Path(os.environ[HOME_VARIABLE]).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if _is_there(folder / FILE):
            return folder
    raise NoSettings(
        f"no {FILE} in {here} or above it; go to a node's folder, name it with --home or {HOME_VARIABLE},"
        " or make one with `registry node init`"
    )


def _is_there(file: Path) -> bool:
    """Return true if there is a file, or a link to one. Raises `SettingsError` if the folder cannot be searched."""
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise SettingsError(f"cannot look for {file}: {error.strerror}; name the node's folder with --home") from error
    return True


def load(folder: Path | None = None) -> Settings:
    """Load the settings of the node in a folder, or of the one that `find_home` finds. Raises `SettingsError`."""
    home = find_home(folder)
    file = home / FILE
    if not file.is_file():
        raise SettingsError(
            f"there is no file {file}; name the node's folder with --home, or make it: `registry node init`"
        )

    class FromFolder(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del dotenv_settings, file_secret_settings  # settings have no further source
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

    try:
        content = _toml_of(file)
        for name, instead in _SECRETS.items():
            if name in content:
                raise SettingsError(f"{file}: {name} does not belong there; use {instead}")
        if wrong := find_misspelt(Settings, os.environ):
            raise SettingsError(wrong)
        settings = FromFolder(home=home)  # type: ignore[call-arg] # the rest comes from file and environment
    except ValidationError as error:
        raise SettingsError(f"{file}:\n  {explain(error, Settings, os.environ)}") from error
    except SourceError as error:
        raise SettingsError(
            f"the environment: the variable of a table holds JSON, for example REGISTRY_HTTP: {error}"
        ) from error
    _check_secret_file(settings)
    return settings


def _check_secret_file(settings: Settings) -> None:
    """Raise `SettingsError` if there is no file where this node's secret at the identity provider must be."""
    if settings.openid is None or settings.openid.client_secret_file is None:
        return
    file = settings.home / settings.openid.client_secret_file
    if settings.openid_client_secret is None and not file.is_file():
        raise SettingsError(f"openid.client_secret_file: there is no file {file}")


def _toml_of(file: Path) -> dict[str, Any]:
    """Read a file of settings. Raises `SettingsError`."""
    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not UTF-8 text (byte {error.start + 1})") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{file} is not TOML: {error}") from error


def write(home: Path, values: dict[str, Any]) -> Path:
    """Write a node's settings file, readable by its owner only: it may hold the database's password.

    Raises `SettingsError` if there is one already.
    """
    file = home / FILE
    lines = [f"{name} = {toml(value)}\n" for name, value in values.items() if value is not None]
    try:
        out = create_private_file(file)
    except FileExistsError as error:
        raise SettingsError(f"{file} exists; a node is made once") from error
    with out:
        out.write("".join(lines).encode())
        sync_file(out)
    return file


def toml(value: Any) -> str:  # noqa: ANN401 - any value of a setting
    """Write a value as TOML in one line: text, number, truth value, list or table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")  # the escapes of JSON are TOML's, too
