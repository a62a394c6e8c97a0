"""The addresses of status lists, below the node's public address."""

from typing import Final, Literal

from registry.export.document import StatusPlaces

Form = Literal["token", "revocation", "suspension"]
FORMS: Final[tuple[Form, ...]] = ("token", "revocation", "suspension")
PREFIX: Final = "/credentials/status"


def make_path(number: int, form: Form) -> str:
    """Return the path of a list."""
    return f"{PREFIX}/{number}/{form}"


def make_places(url: str, number: int, index: int) -> StatusPlaces:
    """Return a place in the lists of a node with a public address."""
    return StatusPlaces(
        bitstring_list=url + make_path(number, "revocation"),
        token_list=url + make_path(number, "token"),
        index=index,
        suspension_list=url + make_path(number, "suspension"),
    )
