"""The signed status lists of a node: they follow the views, and a list is signed again only when it changed.

A revocation is never taken back, whatever the views say later; a suspension is. Where a learner was erased, the entries
stay as they are, and nothing leads from them to the credential any more.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import tuple_row

from registry.export.document import DocumentSigner, ExportError, Profile
from registry.status import token_list
from registry.status.addresses import Form, make_path
from registry.status.bitstring_list import PURPOSES, SecureCredential, make_bitstring_list, sign_as_jwt
from registry.status.places import LOCK
from registry.status.ports import StatusSource, ViewPosition
from registry.status.statuses import INVALID, STATUS_OF, SUSPENDED, VALID

RENEWAL: Final = timedelta(hours=24)
"""Lists are signed again after this time, long before they expire."""
PAUSE_SECONDS: Final = 0.3
"""Between two looks at the views: a change is published within a second."""
_ROUNDS_A_KEY: Final = 30
"""Looks at the views for one look at the node's keys."""
_FIND_UNSIGNED: Final = """
SELECT list FROM status.lists WHERE signed < changed OR signed_at < %s OR signers <> coalesce(%s, signers) ORDER BY list
"""
_LOCK_UNSIGNED: Final = """
SELECT size, changed FROM status.lists
WHERE list = %s AND (signed < changed OR signed_at < %s OR signers <> %s) FOR UPDATE
"""
_MOST_DECOYS: Final = 4
"""Decoys of a list that change with its other entries."""
FindSigner = Callable[[Profile], DocumentSigner]
"""Returns the node's key of a profile. Raises `ExportError` where there is none."""


class Stop(Protocol):
    """The part of `threading.Event` that the lists need."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; return whether it has come."""
        ...


class SignedList(msgspec.Struct, frozen=True):
    """A list in one form, as it is served."""

    number: int
    form: Form
    media_type: str
    content: bytes


class StatusLists:
    """The lists of a node. Opens a connection for each use; may be shared by threads."""

    def __init__(
        self,
        dsn: str,
        url: str,
        source: StatusSource,
        find_signer: FindSigner,
        secure: SecureCredential = sign_as_jwt,
    ) -> None:
        """`url` is the node's public address; `secure` signs Bitstring Status Lists with the key of profile `open`."""
        self._dsn = dsn
        self._url = url
        self._source = source
        self._find_signer = find_signer
        self._secure = secure

    def update(self, at: datetime | None = None) -> int:
        """Follow the views, and sign what changed. Return how many lists were signed.

        Raises `ExportError` where there are lists and the node has no key that signs them.
        """
        with self._connect() as connection:
            return self._update(connection, at or datetime.now(UTC))

    def run(self, stop: Stop) -> None:
        """Update the lists until `stop` is set. Raises what `update` raises."""
        with self._connect() as connection:
            rounds = 0
            while not stop.wait(PAUSE_SECONDS):
                self._update(connection, datetime.now(UTC), looks_at_keys=rounds % _ROUNDS_A_KEY == 0)
                rounds += 1

    def _update(self, connection: Connection[Any], at: datetime, *, looks_at_keys: bool = True) -> int:
        if self._is_behind(connection):
            with connection.transaction():
                connection.execute(LOCK)
                self._follow(connection)
        due = at - RENEWAL
        if not looks_at_keys and connection.execute(_FIND_UNSIGNED, (due, None)).fetchone() is None:
            return 0
        if connection.execute("SELECT EXISTS (SELECT FROM status.lists)").fetchone() != (True,):
            return 0
        signers = self._find_signers()
        numbers = connection.execute(_FIND_UNSIGNED, (due, _name(signers.values()))).fetchall()
        return sum(1 for (number,) in numbers if self._sign(connection, number, signers, at))

    def read(self, number: int, form: Form) -> Sequence[SignedList]:
        """Return a list in all media types of a form; empty where there is no such list."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT media_type, content FROM status.documents WHERE list = %s AND form = %s ORDER BY media_type",
                (number, form),
            )
            return [SignedList(number, form, media_type, bytes(content)) for media_type, content in rows]

    def read_all(self) -> Iterator[SignedList]:
        """Yield all signed lists."""
        with self._connect() as connection:
            for number, form, media_type, content in connection.execute(
                "SELECT list, form, media_type, content FROM status.documents ORDER BY list, form, media_type"
            ):
                yield SignedList(number, form, media_type, bytes(content))

    @contextmanager
    def _connect(self) -> Iterator[Connection[Any]]:
        with psycopg.connect(self._dsn, autocommit=True, row_factory=tuple_row) as connection:
            yield connection

    # Following the views

    def _is_behind(self, connection: Connection[Any]) -> bool:
        has_new = connection.execute("SELECT EXISTS (SELECT FROM status.places WHERE is_new)").fetchone()
        return has_new == (True,) or _read_followed(connection) != self._source.read_position(connection)

    def _follow(self, connection: Connection[Any]) -> None:
        followed, position = _read_followed(connection), self._source.read_position(connection)
        since = _find_begin(followed, position)
        changed = _set_statuses(connection, dict(self._source.find_changed(connection, since)))
        connection.execute("UPDATE status.places SET is_new = false WHERE is_new")
        erased = list(self._source.find_erased(connection, since))
        connection.execute("UPDATE status.places SET credential = NULL WHERE credential = ANY(%s::uuid[])", (erased,))
        for number in changed:
            _move_decoys(connection, number)
        connection.execute("UPDATE status.lists SET changed = changed + 1 WHERE list = ANY(%s)", (sorted(changed),))
        connection.execute(
            "INSERT INTO status.followed (size, governance, voids) VALUES (%s, %s, %s)"
            " ON CONFLICT (one) DO UPDATE"
            " SET size = excluded.size, governance = excluded.governance, voids = excluded.voids",
            (position.size, position.governance, position.voids),
        )

    # Signing

    def _find_signers(self) -> Mapping[Profile, DocumentSigner]:
        """Return the keys of the profiles that the node has. Raises `ExportError` where it has none."""
        signers: dict[Profile, DocumentSigner] = {}
        reasons: list[str] = []
        for profile in ("open", "eudi"):
            try:
                signers[profile] = self._find_signer(profile)
            except ExportError as error:
                reasons.append(str(error))
        if not signers:
            raise ExportError(f"No status list can be signed. {reasons[0]}")
        return signers

    def _sign(
        self, connection: Connection[Any], number: int, signers: Mapping[Profile, DocumentSigner], at: datetime
    ) -> bool:
        """Sign one list in all its forms, unless another process did meanwhile."""
        with connection.transaction():
            row = connection.execute(_LOCK_UNSIGNED, (number, at - RENEWAL, _name(signers.values()))).fetchone()
            if row is None:
                return False
            size, changed = row
            statuses = dict(
                connection.execute("SELECT place, status FROM status.places WHERE list = %s AND status <> 0", (number,))
            )
            connection.execute("DELETE FROM status.documents WHERE list = %s", (number,))
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO status.documents (list, form, media_type, content) VALUES (%s, %s, %s, %s)",
                    [
                        (number, form, media_type, content)
                        for form, media_type, content in self._make_forms(number, size, statuses, signers, at)
                    ],
                )
            connection.execute(
                "UPDATE status.lists SET signed = %s, signed_at = %s, signers = %s WHERE list = %s",
                (changed, at, _name(signers.values()), number),
            )
        return True

    def _make_forms(
        self,
        number: int,
        size: int,
        statuses: Mapping[int, int],
        signers: Mapping[Profile, DocumentSigner],
        at: datetime,
    ) -> Iterator[tuple[Form, str, bytes]]:
        # A certificate and an announced key in one header: wallets of the EU find the one, everybody else the other.
        tokens = signers.get("eudi") or signers["open"]
        address = self._url + make_path(number, "token")
        yield "token", token_list.MEDIA_TYPE, token_list.sign_token_list(statuses, size, address, tokens, at)
        signer = signers.get("open") or signers["eudi"]
        for purpose, status in zip(PURPOSES, (INVALID, SUSPENDED), strict=True):
            places = [place for place, value in statuses.items() if value == status]
            address = self._url + make_path(number, purpose)
            credential = make_bitstring_list(places, size, purpose, address, signer.issuer, at)
            secured = [sign_as_jwt(credential, signer, at)]
            if self._secure is not sign_as_jwt and signer.profile == "open":
                secured.append(self._secure(credential, signer, at))
            for media_type, content in secured:
                yield purpose, media_type, content


def _name(signers: Iterable[DocumentSigner]) -> str:
    return " ".join(sorted(signer.thumbprint for signer in signers))


def _read_followed(connection: Connection[Any]) -> ViewPosition | None:
    row = connection.execute("SELECT size, governance, voids FROM status.followed").fetchone()
    return None if row is None else ViewPosition(*row)


def _find_begin(followed: ViewPosition | None, position: ViewPosition) -> int | None:
    """Return the leaf from which changes are new; None where all must be compared.

    Governance can change the effect of earlier leaves, and the views can be taken back to an earlier size.
    """
    if followed is None or position.size < followed.size:
        return None
    if (position.governance, position.voids) != (followed.governance, followed.voids):
        return None
    return followed.size


def _set_statuses(connection: Connection[Any], words: Mapping[str, str]) -> set[int]:
    """Set the statuses of all places of credentials that are not invalid already; return the lists that changed."""
    rows = connection.execute(
        "UPDATE status.places AS p SET status = n.status FROM unnest(%s::uuid[], %s::smallint[]) AS n"
        " (credential, status) WHERE p.credential = n.credential AND p.status <> n.status AND p.status <> %s"
        " RETURNING p.list",
        (list(words), [STATUS_OF[word] for word in words.values()], INVALID),
    )
    return {number for (number,) in rows}


def _move_decoys(connection: Connection[Any], number: int) -> None:
    """Change some decoys, as often one way as entries change: who compares two versions sees them among the others."""
    rows = connection.execute(
        "SELECT place, status FROM status.places WHERE list = %s AND is_decoy AND status <> %s"
        " ORDER BY random() LIMIT %s",
        (number, INVALID, secrets.randbelow(_MOST_DECOYS + 1)),
    ).fetchall()
    for place, status in rows:
        following = VALID if status == SUSPENDED else secrets.choice((INVALID, SUSPENDED))
        connection.execute(
            "UPDATE status.places SET status = %s WHERE list = %s AND place = %s", (following, number, place)
        )
