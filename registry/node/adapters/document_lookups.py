"""Answers to what verification of documents asks, from governance, receipts and this node's views."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Final

import msgspec
from psycopg import Connection, errors

from consumers.governance.governance import GovernanceFold
from consumers.proofs import receipts
from consumers.witness.policy import Policy, PolicyUnmet
from projections.core.errors import MissingViews
from registry.log import LogError
from registry.rules.governance import MemberRecord
from registry.supervision import DATABASE_ERRORS
from registry.verification.issuing_keys import AnnouncedKey
from registry.verification.ports import (
    CannotAsk,
    InvalidReceipt,
    LoggedCredential,
    MemberFacts,
    ProvenEvent,
)
from registry.wire.errors import WireError
from registry.wire.forms import check_uuid
from registry.wire.proof import TlogProof

Views = Callable[[], AbstractContextManager[Connection]]
StandingLookup = Callable[[str, int], tuple[str, str]]
"""Returns a member's standing when it wrote a leaf, and its standing now."""
FindKeys = Callable[[Mapping[str, str]], Sequence[AnnouncedKey]]
AWAY: Final = (*DATABASE_ERRORS, MissingViews, errors.UndefinedTable, errors.UndefinedColumn)
"""Errors of reading views while the database is stopped, or the views are made again."""
_NO_GOVERNANCE: Final = (
    "Whether the issuer is a member could not be checked: there is no governance here. Run this with a node, or name"
    " governance's folder and the founding's hash."
)
_NO_VIEWS: Final = "This command has no node that reads the log, so it does not know the present state."


class GovernedMembers:
    """`MemberLookup` on governance; None where there is none here."""

    def __init__(
        self,
        governance: Callable[[], GovernanceFold] | None = None,
        find_keys: FindKeys | None = None,
        own: Mapping[str, str] | None = None,
    ) -> None:
        """`own`: the member by the DID of its node's address, where that is known without governance."""
        self._governance = governance
        self._find_keys = find_keys
        self._own = own or {}

    def find(self, issuer: str) -> MemberFacts | None:
        """Return the member with a short name, an origin or a DID."""
        state = fold_of(self._governance).state
        consortium, _, name = issuer.rpartition("/")
        if consortium in ("", state.consortium) and name in state.members:
            return describe_member(state.consortium, state.members[name])
        for record in state.members.values():
            if any(each.scheme == "did" and each.value == issuer for each in record.content.identifiers):
                return describe_member(state.consortium, record)
        own = state.members.get(self._own.get(issuer, ""))
        return None if own is None else describe_member(state.consortium, own)

    def find_keys(self, jwk: Mapping[str, str]) -> Sequence[AnnouncedKey]:
        """Return what members' logs say of a key."""
        if self._find_keys is None:
            raise CannotAsk("Which keys members announced is not known here. Run this with a node.")
        return self._find_keys(jwk)


class NodeLog:
    """`LogLookup` on governance and a node's views."""

    def __init__(
        self,
        governance: Callable[[], GovernanceFold] | None = None,
        policy: Policy | None = None,
        *,
        views: Views | None = None,
        standing: StandingLookup | None = None,
        is_current: Callable[[Connection, str], bool] = lambda _connection, _member: True,
    ) -> None:
        """`is_current` tells whether the views had all of a member's stream lately."""
        self._governance = governance
        # A receipt may be old: a limit on the age of heads does not apply to it
        self._policy = msgspec.structs.replace(policy or Policy(), max_age=None)
        self._views = views
        self._standing = standing
        self._is_current = is_current

    def check_receipt(self, receipt: str) -> ProvenEvent:
        """Return the event that a receipt proves."""
        fold = fold_of(self._governance)
        try:
            proof = TlogProof.parse(receipt)
            member = proof.note.checkpoint.origin.partition("/")[2]
            if member not in fold.state.members and proof.note.checkpoint.origin.startswith(
                f"{fold.state.consortium}/"
            ):
                raise CannotAsk("The receipt is of a member that the governance here does not know: it may be old.")
            proven = receipts.verify(proof, fold)
            cosigned = self._policy.check(proof.note, datetime.now(UTC))
            data = msgspec.json.decode(proven.event)["data"]
        except PolicyUnmet as error:
            raise CannotAsk(f"Too few witnesses vouch for the receipt: {error}.") from error
        except WireError as error:
            raise InvalidReceipt(str(error)) from error
        return ProvenEvent(
            member=describe_member(fold.state.consortium, fold.state.members[proven.member]),
            type=proven.type,
            subject=proven.subject,
            leaf=proven.leaf,
            data=data,
            standing_then=proven.standing_then,
            refused=proven.refused,
            rests_on_retired_keys=proven.rests_on_retired_keys,
            cosigned=bool(cosigned),
        )

    def find(self, member: str, credential: str) -> LoggedCredential | None:
        """Return a credential as the views have it."""
        if self._views is None or self._standing is None:
            raise CannotAsk(_NO_VIEWS)
        from projections.api.verification import verification  # noqa: PLC0415 - a second of imports for a node alone

        fold = fold_of(self._governance)
        record = fold.state.members.get(member)
        if record is None or check_uuid(credential) is not None:
            return None
        try:
            with self._views() as connection:
                view = verification(connection, self._standing, member, credential)
                is_current = view is not None and self._is_current(connection, member)
        except AWAY as error:
            raise CannotAsk("This node cannot read its views at the moment, so the state is not known.") from error
        if view is None:
            return None
        return LoggedCredential(
            member=describe_member(fold.state.consortium, record),
            credential=view.credential,
            leaf=view.leaf,
            status=view.status,
            awarding_date=view.awarding_date,
            achievement=view.achievement,
            standing_then=view.issuer_when_issued,
            valid_until=view.valid_until,
            ects=None if view.ects is None else float(view.ects),
            claims=view.claims,
            flags=view.flags,
            replaced_by=view.replaced_by,
            is_current=is_current,
        )


def fold_of(governance: Callable[[], GovernanceFold] | None) -> GovernanceFold:
    """Return governance. Raises `CannotAsk` where there is none, or where the log is away."""
    if governance is None:
        raise CannotAsk(_NO_GOVERNANCE)
    try:
        fold = governance()
    except LogError as error:
        raise CannotAsk(f"Governance could not be read: {error}.") from error
    if not fold.size:
        raise CannotAsk(_NO_GOVERNANCE)
    return fold


def describe_member(consortium: str, record: MemberRecord) -> MemberFacts:
    """Return a member as governance describes it."""
    return MemberFacts(
        member=record.name,
        origin=f"{consortium}/{record.name}",
        legal_name=record.content.legal_name,
        standing=record.standing,
        accreditations=msgspec.to_builtins(record.content.accreditations),
    )
