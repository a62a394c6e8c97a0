"""The key with which this node signs documents: the newest one of a profile that its log has and that it holds."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from projections.issuing_keys.issuing_keys import IssuingKey, list_of_member
from registry.documents.did_web import MalformedDid, did_of
from registry.export.document import DocumentSigner, ExportError, Profile
from registry.keys.certificate_chain import Chain, ChainError
from registry.keys.document_signer import KeystoreSigner
from registry.keys.issuing_keys import IssuingKeyFiles
from registry.settings.settings import Settings

if TYPE_CHECKING:
    from registry.node.node import Node

_CREATE: Final = "Make one: registry issuing-key create --profile {profile}"


def find_document_signer(node: "Node", profile: Profile) -> DocumentSigner:
    """Return the key that signs documents of a profile now. Raises `ExportError`, which says what to do."""
    issuer = issuer_of(node.settings)
    key = _newest(node, profile)
    if key.x5c:
        try:
            Chain.of(key.x5c).check_dates(datetime.now(UTC))
        except ChainError as error:
            raise ExportError(
                f"The key {key.key} cannot sign now: {error}. Make a new key with a new certificate: registry"
                f" issuing-key request, then registry issuing-key create --profile {profile} --chain FILE"
            ) from error
    return KeystoreSigner(IssuingKeyFiles(node.keystore), issuer, profile, key.key, key.jwk, key.x5c)


def issuer_of(settings: Settings) -> str:
    """Return the identifier under which this university issues documents, its did:web. Raises `ExportError`."""
    address = public_address(settings)
    if address is None:
        raise ExportError(
            "Signed documents name their issuer by the node's public address, and it has none. Set public_url in"
            " registry.toml"
        )
    try:
        return did_of(address)
    except MalformedDid as error:
        raise ExportError(f"public_url: {error}. Change it in registry.toml") from error


def public_address(settings: Settings) -> str | None:
    """Return the address of this node's pages, without a slash at the end; None where it has no public one."""
    if settings.public_url is None:
        return None
    address = settings.public_url.rstrip("/")
    return address if urlsplit(address).path else address + settings.http.base_path


def _newest(node: "Node", profile: Profile) -> IssuingKey:
    """Return the newest key of a profile that is announced, in force and held here. Raises `ExportError`."""
    stored = {key.data.key: key for key in node.registry.issuing_keys.list_all() if profile in key.data.profiles}
    announced = [key for key in list_of_member(node.views(), node.settings.member) if profile in key.profiles]
    in_force = [
        key for key in announced if key.ended is None and (key.key not in stored or stored[key.key].state == "inForce")
    ]
    own_files = set(IssuingKeyFiles(node.keystore).thumbprints())
    if usable := [key for key in in_force if key.key in own_files]:
        return usable[-1]
    create = _CREATE.format(profile=profile)
    if in_force:
        raise ExportError(
            f"The private half of the key {in_force[-1].key} is not in {node.settings.keys_folder}. Restore it from a"
            f" backup. Or end the key and make another: registry issuing-key end {in_force[-1].key} --reason lost"
        )
    on_log = {key.key for key in announced}
    if waiting := [key for key, aggregate in stored.items() if key not in on_log and aggregate.state == "inForce"]:
        raise ExportError(
            f"The key {waiting[-1]} is not on the log yet. Publish it and bring the views up to date: registry publish,"
            " then registry views update. If it stays so: registry refused list"
        )
    if announced or stored:
        raise ExportError(f"All keys that signed documents of the profile {profile} have ended. {create}")
    raise ExportError(f"No key signs documents of the profile {profile} yet. {create}")
