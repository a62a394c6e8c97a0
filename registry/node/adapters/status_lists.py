"""The status lists of a node: its own database, the statuses in its views, and its issuing keys."""

from collections.abc import Sequence

from registry.documents.data_integrity import secure_credential
from registry.log import GOVERNANCE
from registry.node.adapters.credential_statuses import CredentialStatuses
from registry.node.document_signers import public_address
from registry.node.node import Node
from registry.settings.settings import Settings, SettingsError
from registry.status.addresses import Form
from registry.status.lists import SignedList, StatusLists
from registry.status.places import StatusListPlaces


def has_status_lists(settings: Settings) -> bool:
    """Return whether a node can have status lists: it is a member's and has a public address."""
    return settings.member != GOVERNANCE and settings.public_url is not None


def open_status_lists(node: Node) -> StatusLists:
    """Return the status lists of a node. Raises `SettingsError` where it cannot have any."""
    url, member = _address_of(node.settings), node.settings.member
    node.views()
    return StatusLists(node.registry.dsn, url, CredentialStatuses(member), node.document_signer, secure_credential)


def open_status_places(node: Node) -> StatusListPlaces:
    """Return the places in the status lists of a node. Raises `SettingsError` where it cannot have any."""
    return StatusListPlaces(node.registry.dsn, _address_of(node.settings))


def read_status_list(node: Node, number: int, form: Form) -> Sequence[SignedList]:
    """Return a list in all media types of a form; empty where the node has none."""
    return open_status_lists(node).read(number, form) if has_status_lists(node.settings) else ()


def _address_of(settings: Settings) -> str:
    address = public_address(settings)
    if address is None or settings.member == GOVERNANCE:
        raise SettingsError("status lists are of a member's node with a public address: set public_url")
    return address
