"""Cases of `folds.json` about how deep parts are followed, and about what others do with one's credentials."""

from registry.wire.achievements import Composition
from registry.wire.credentials import CredentialRevoked, Part
from registry.wire.forms import Ref
from tests.vectors.fold_case import Fold
from tests.vectors.writer import identifier


def _deep() -> Fold:
    fold = Fold("deep", "sixteen levels are followed, seventeen are too deep; a shortcut makes a stack shallower")
    zeeland = fold.members["zeeland"]
    course, published = fold.publish("zeeland", "course")
    inner, issued = fold.issue("zeeland", "level 0", course, "ada")
    zeeland.seal(published, issued)
    chain = [inner]
    for number in range(1, 18):
        outer, issued = fold.issue("zeeland", f"level {number}", course, "ada", parts=[Part("zeeland", chain[-1], 5)])
        zeeland.seal(issued)
        chain.append(outer)
    zeeland.seal(zeeland.line("credential.revoked.v1", inner, CredentialRevoked(inner, "issuedInError")))
    larger, offered = fold.publish("zeeland", "larger", ects=30)
    parts = [Part("zeeland", chain[17], 5), Part("zeeland", chain[5], 5)]
    short, stacked = fold.issue("zeeland", "shortcut", larger, "ada", ects=30, parts=parts)
    zeeland.seal(offered, stacked)
    fold.expect("zeeland", inner, "ada", status="revoked")
    for credential in chain[1:17]:
        fold.expect("zeeland", credential, "ada", flags=("impaired",))
    fold.expect("zeeland", chain[17], "ada", flags=("too-deep",))
    fold.expect("zeeland", short, "ada", flags=("impaired",))
    # The innermost would add 5, and takes 5 off the shortcut's 30; what is between adds nothing.
    fold.sums(ada=25)
    return fold


def _round() -> Fold:
    fold = Fold("round", "a ring of sixteen is circular; one of seventeen is too deep to be")
    zeeland = fold.members["zeeland"]
    course, published = fold.publish("zeeland", "course")
    zeeland.seal(published)
    for length, learner, flag in ((16, "ada", "circular"), (17, "ben", "too-deep")):
        for number in range(length):
            following = identifier(f"ring {length} {(number + 1) % length}")
            credential, issued = fold.issue(
                "zeeland", f"ring {length} {number}", course, learner, parts=[Part("zeeland", following, 5)]
            )
            zeeland.seal(issued)
            fold.expect("zeeland", credential, learner, flags=(flag,))
    fold.sums(ada=0, ben=0)
    return fold


def _wide() -> Fold:
    fold = Fold("wide", "a thousand distinct parts are followed, known or not; one more is too many")
    friesland = fold.members["friesland"]
    course, published = fold.publish("friesland", "course")
    friesland.seal(published)
    middle = []
    for name in ("first", "second"):
        parts = [Part("friesland", identifier(f"nowhere {name} {number}"), 5) for number in range(499)]
        credential, issued = fold.issue("friesland", name, course, "ada", parts=parts)
        friesland.seal(issued)
        fold.expect("friesland", credential, "ada", flags=("pending",))
        middle.append(Part("friesland", credential, 5))
    larger, offered = fold.publish("zeeland", "larger", ects=30)
    just, issued = fold.issue("zeeland", "a thousand", larger, "ada", ects=30, parts=middle)
    more = [*middle, Part("friesland", identifier("nowhere"), 5)]
    over, stacked = fold.issue("zeeland", "one more", larger, "ada", ects=30, parts=more)
    fold.members["zeeland"].seal(offered, issued, stacked)
    fold.expect("zeeland", just, "ada")
    fold.expect("zeeland", over, "ada", flags=("pending", "too-deep"))
    # Two of 5, and what they leave of the 30.
    fold.sums(ada=30)
    return fold


def _shared_by_another() -> Fold:
    fold = Fold("shared-by-another", "another member's stack over a part takes nothing from whose part it is")
    zeeland, friesland = fold.members["zeeland"], fold.members["friesland"]
    course, published = fold.publish("zeeland", "course")
    part, issued = fold.issue("zeeland", "part", course, "ada")
    composition = Composition([Ref("zeeland", course)], [], 5, "forbidden")
    larger, offered = fold.publish("zeeland", "larger", composition=composition)
    stack, stacked = fold.issue("zeeland", "stack", larger, "ada", parts=[Part("zeeland", part, 5)])
    zeeland.seal(published, issued, offered, stacked)
    other, elsewhere = fold.publish("friesland", "other")
    claimed, taken = fold.issue("friesland", "claimed", other, "somebody else", parts=[Part("zeeland", part, 5)])
    friesland.seal(elsewhere, taken)
    fold.expect("zeeland", part, "ada")
    fold.expect("zeeland", stack, "ada")
    fold.expect("friesland", claimed, "somebody else", flags=("learner-mismatch",))
    fold.sums(**{"ada": 5, "somebody else": 0})
    return fold


DEEP = (_deep, _round, _wide, _shared_by_another)
