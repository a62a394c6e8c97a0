"""Checks of the settings: what contradicts itself, has no effect, or is only for trying things out."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import Check, Finding, error, note, warning
from registry.settings.settings import SettingsError

_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def check_witness_settings(examination: Examination) -> Iterator[Finding]:
    """Check that the policy on witnesses can be met, and has an effect."""
    settings = examination.settings
    try:
        examination.node.policy()
    except SettingsError as fault:
        yield error(f"No head can satisfy the policy on witnesses: {fault}.", "Correct witness and witnesses_needed.")
        return
    if not settings.witness:
        yield note(
            "No witness is named, so nobody else notices if a member shows two histories.",
            "Name the consortium's witnesses: [[witness]] in registry.toml.",
        )
    elif not settings.witnesses_needed:
        yield note(
            "Witnesses are asked, and none is required: witnesses_needed is 0.",
            "Set witnesses_needed to the number that must have cosigned a head.",
        )
    if settings.max_head_age_hours is not None and not settings.witnesses_needed:
        yield warning(
            "max_head_age_hours has no effect while witnesses_needed is 0.",
            "Set witnesses_needed, or remove max_head_age_hours.",
        )


def check_address_settings(examination: Examination) -> Iterator[Finding]:
    """Check that the public address, the base path and the trusted proxies agree."""
    settings = examination.settings
    http = settings.http
    if settings.public_url is None:
        if http.host not in _LOCAL:
            yield warning(
                f"The node listens at {http.host} without a public address: people sign in at localhost only.",
                "Set public_url to the address at which browsers reach the node, with https.",
            )
        return
    address = urlsplit(settings.public_url)
    local = address.hostname in _LOCAL
    if address.scheme != "https" and not local:
        yield warning(
            f"public_url is not encrypted: {settings.public_url}. People cannot sign in, and others can read along.",
            "End TLS at a proxy, and write https:// (docs/behind-a-proxy.md).",
        )
    path = address.path.rstrip("/")
    if path != http.base_path and path and http.base_path:
        yield error(
            f"public_url has the path {path}, and http.base_path is {http.base_path}: links lead nowhere.",
            "Write the same path in both, or leave base_path empty.",
        )
    if address.scheme == "https" and not local and not http.trusted_proxies:
        yield warning(
            "No proxy is trusted, so all clients of the proxy count as one address and share its limits.",
            "Set trusted_proxies in [http] to the proxy's network (docs/behind-a-proxy.md).",
        )


def check_exposure(examination: Examination) -> Iterator[Finding]:
    """Check what is open beyond this machine, or only meant for tests."""
    settings = examination.settings
    if settings.http.host not in _LOCAL and not settings.http.trusted_proxies:
        yield note(
            f"The node answers without TLS at {settings.http.host}.",
            "Let a proxy alone reach that port, or listen at 127.0.0.1.",
        )
    if settings.metrics_port is not None and settings.metrics_host not in _LOCAL:
        yield note(
            f"Anybody who reaches {settings.metrics_host} port {settings.metrics_port} can read the metrics.",
            "Let Prometheus alone reach that port.",
        )
    if settings.webhook_http_localhost:
        yield warning(
            "webhook_http_localhost lets webhooks be posted to this machine without TLS: that is for tests.",
            "Remove webhook_http_localhost.",
        )


def check_operation(examination: Examination) -> Iterator[Finding]:
    """Check that somebody would notice a fault, and that the node may write."""
    settings = examination.settings
    if settings.metrics_port is None:
        yield note("Nothing is measured, so no alert can fire.", "Set metrics_port, and let Prometheus read it.")
    if settings.log.startswith("archive:"):
        yield warning(
            "The log is an archive, which can only be read: this node publishes nothing.",
            "Name the shared log in the setting log.",
        )
    if settings.passphrase is not None and settings.passphrase_file is not None:
        yield note(
            "The passphrase is in the environment and in a file; the environment counts.",
            "Remove one of passphrase_file and REGISTRY_PASSPHRASE.",
        )


CHECKS: Final = (
    Check("settings.witnesses", "Can the policy on witnesses be met, and has it an effect?", check_witness_settings),
    Check("settings.address", "Do public address, base path and trusted proxies agree?", check_address_settings),
    Check("settings.exposure", "Is anything open beyond this machine, or only meant for tests?", check_exposure),
    Check("settings.operation", "Is anything measured, and is the log one that can be written?", check_operation),
)
