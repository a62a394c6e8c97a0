"""Cases of `folds.json` in which implementations are likely to differ."""

from registry.wire.credentials import StatusSealed
from registry.wire.governance import Head, MemberSuspended
from registry.wire.merkle import EMPTY_ROOT
from tests.vectors.fold_case import Fold
from tests.vectors.writer import identifier, text


def strict_json() -> Fold:
    fold = Fold("strict-json", "UTF-8 alone, no byte order mark, no lone surrogate even in what does not count")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    lines = [fold.issue("zeeland", f"credential {number}", offered, "ada")[1] for number in range(5)]
    twice, last = fold.issue("zeeland", "twice", offered, "ada")
    zeeland.seal(
        published,
        lines[0].decode().encode("utf-8-sig"),
        lines[1].decode().encode("utf-16-le"),
        lines[2].replace(b'"version":1', b'"x":"\\ud800","x":1,"version":1'),
        lines[3] + b"\0",
        lines[4].replace(b'"ects":5', b'"ects":5,"ects":"five"'),
        b" " + last.replace(b'"ects":5', b'"ects":"five","ec\\u0074s":5.00') + b"\r",
    )
    fold.refused["zeeland"] = [[leaf, "schema"] for leaf in range(1, 6)]
    fold.expect("zeeland", twice, "ada")
    fold.sums(ada=5)
    return fold


def numbers() -> Fold:
    fold = Fold("numbers", "credits are equal where their nearest doubles are; what no double holds is refused")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course", ects=1e23)
    zeeland.seal(published)
    kept = []
    for number, ects in enumerate((1e23, 10**23, 99999999999999991611392)):
        credential, issued = fold.issue("zeeland", f"credential {number}", offered, "ada", ects=ects)
        zeeland.seal(issued)
        kept.append(credential)
    _, near = fold.issue("zeeland", "near", offered, "ada", ects=100000000000000008388608)
    _, beyond = fold.issue("zeeland", "beyond", offered, "ada", ects=10**400)
    _, split = fold.issue("zeeland", "split", offered, "ada", ects=5.125)
    zeeland.seal(near, beyond, split)
    fold.refused["zeeland"] = [[4, "ects-mismatch"], [5, "schema"], [6, "schema"]]
    for credential in kept:
        fold.expect("zeeland", credential, "ada")
    del fold.expected["ects"]  # sums of such numbers are for each implementation to round
    return fold


def told_first() -> Fold:
    fold = Fold("told-first", "that an id exists is told before what else is wrong, however the stream is read")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    zeeland.seal(published, issued)
    for more in ({"ects": 6}, {"replaces": identifier("nowhere")}, {}):
        zeeland.seal(fold.issue("zeeland", "credential", offered, "ada", **more)[1])
    zeeland.seal(fold.issue("zeeland", "credential", identifier("nowhere"), "ada")[1])
    fold.refused["zeeland"] = [[leaf, "duplicate"] for leaf in range(2, 6)]
    fold.expect("zeeland", credential, "ada")
    fold.sums(ada=5)
    return fold


def sealed_while_suspended() -> Fold:
    fold = Fold("sealed-while-suspended", "a seal speaks of the member's own leaves, in which that id exists, too")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    first, issued = fold.issue("zeeland", "first", offered, "ada")
    second, other = fold.issue("zeeland", "second", offered, "ada")
    zeeland.seal(published, issued, other)
    suspended = MemberSuspended("zeeland", Head(**zeeland.head), "administrative")
    fold.governance.seal(fold.governance.line("member.suspended.v1", "zeeland", suspended))
    zeeland.seal(fold.issue("zeeland", "second", offered, "ada", replaces=first)[1])
    zeeland.seal(zeeland.line("status.sealed.v1", "4", StatusSealed(4, 0, text(EMPTY_ROOT))))
    fold.refused["zeeland"] = [[3, "member-suspended"]]
    fold.standing["zeeland"] = "suspended"
    fold.seals["zeeland"] = [[4, "agrees"]]
    fold.expect("zeeland", first, "ada")
    fold.expect("zeeland", second, "ada")
    fold.sums(ada=10)
    return fold


def odd_texts() -> Fold:
    fold = Fold("odd-texts", "U+0000 in a title, and numbers beyond any double in unknown fields, disturb nobody")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course", title={"en": "Data\0", "nl": "\\u0000 \t\\"})
    published = published.replace(b'"version":1', b'"x":1e999,"y":' + b"9" * 5000 + b',"version":1', 1)
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    zeeland.seal(published, issued, zeeland.line("x.new.v1", "x", {"a": "\0"}))
    fold.skipped["zeeland"] = 1
    fold.expect("zeeland", credential, "ada")
    fold.sums(ada=5)
    return fold


CORNERS = (strict_json, numbers, told_first, sealed_while_suspended, odd_texts)
