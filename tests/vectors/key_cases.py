"""Cases of `folds.json` about keys that share one name and key id: four bytes collide within seconds of search."""

from registry.wire.governance import Head, MemberAdmitted, MemberKeyAdded, MemberKeyRetired, RootKeysRotated
from tests.vectors.fold_case import Fold
from tests.vectors.writer import CONSORTIUM, Writer, signer

TWIN = f"{CONSORTIUM}/twin"
SAME_ID = (2800, 38509)
"""Numbers of two keys of `TWIN` that have the key id 36b2fd70."""
SAME_ROOT_ID = (15457, 20389)
"""Numbers of two root keys that have the key id 584f6824."""


def key_ids() -> Fold:
    fold = Fold("key-ids", "two keys of one name and key id are refused in one list, and one after the other")
    first, second = (signer(TWIN, number) for number in SAME_ID)
    twin = fold.members["twin"] = Writer(TWIN, first)
    offered, published = fold.publish("twin", "course")
    _, issued = fold.issue("twin", "credential", offered, "ada")
    twin.seal(published)
    head = Head(**twin.head)

    def admitted(*keys: str) -> bytes:
        data = MemberAdmitted(
            "twin",
            legal_name="Twin",
            country="NL",
            identifiers=[],
            accreditations=[],
            keys=list(keys),
            roles=["issuer"],
        )
        return fold.governance.line("member.admitted.v1", "twin", data)

    def added(key: str) -> bytes:
        return fold.governance.line("member.key.added.v1", "twin", MemberKeyAdded("twin", key, head))

    one, other = str(first.vkey), str(second.vkey)
    retired = MemberKeyRetired("twin", one, head, "rotated")
    roots = RootKeysRotated([str(signer(CONSORTIUM, number).vkey) for number in SAME_ROOT_ID], 1)
    fold.governance.seal(
        admitted(one, other),
        admitted(one, one),
        admitted(one),
        added(other),
        fold.governance.line("member.key.retired.v1", "twin", retired),
        added(other),
        added(one),
        fold.governance.line("consortium.keys.rotated.v1", CONSORTIUM, roots),
    )
    fold.refused["governance"] = [
        [3, "schema"], [4, "schema"], [6, "duplicate"], [8, "duplicate"], [9, "duplicate"], [10, "schema"],
    ]  # fmt: skip
    twin.signers = [second]
    tree = twin.tree
    twin.seal(issued)
    twin.tree = tree
    fold.verdicts["twin"] = ["ok", "key-not-valid"]
    fold.refused["twin"] = []
    return fold
