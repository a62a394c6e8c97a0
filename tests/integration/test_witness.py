"""A witness: it cosigns what extends, catches who shows two histories, and never says two things of one size."""

import base64
import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from consumers.witness.cosignatures import Cosignatures, parse_note
from consumers.witness.evidence import Caught, Evidence
from consumers.witness.journal import Journal, Seen, TwoHeads
from consumers.witness.policy import Policy, PolicyUnmet
from consumers.witness.witness import Witness
from registry.log import LogUnavailable
from registry.wire import commit, merkle
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.cosignature import CosignerKey, cosign
from registry.wire.errors import MalformedNote
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.support.memory_log import MemoryLog, UnreadableLog
from tests.support.streams import CONSORTIUM, Consortium, new_id

NAME = "witness.example/w1"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Killed(BaseException):
    """Stands for kill -9."""


@pytest.fixture
def consortium():
    made = Consortium("twente", "aveiro")
    for university in made.universities.values():
        university.achievement, published = university.publish()
        university.seal(published)
        for _ in range(3):
            university.seal(*[university.issue(university.achievement, new_id())[1] for _ in range(4)])
    return made


def witness_of(consortium, log, folder, signer=None, **more):
    signer = signer or Ed25519Signer.generate(NAME)
    return Witness(log, CONSORTIUM, consortium.founded, NAME, signer, folder, clock=lambda: NOW, **more)


def fork_of(university, commits, events=4):
    tree = Tree()
    for record in university.records[:commits]:
        tree = tree.extend(commit.parse(record).leaves())
    lines = [university.issue(university.achievement, new_id())[1] for _ in range(events)]
    return commit.sign_commit(university.origin, tree, lines, university.signers)[0]


def test_it_cosigns_the_newest_head_of_every_stream(consortium, tmp_path):
    witness = witness_of(consortium, consortium.log(), tmp_path)
    assert witness.follow() == 9
    for origin, size in ((CONSORTIUM, 3), (f"{CONSORTIUM}/twente", 13), (f"{CONSORTIUM}/aveiro", 13)):
        note = witness.kept.newest(origin)
        assert note.checkpoint.size == size
        assert witness.key.time_of(note) == NOW
    assert witness.follow() == 0
    assert witness.caught == []


@pytest.mark.parametrize("at", [2, 3])
def test_a_member_that_shows_it_another_history_is_caught_with_both_notes(consortium, tmp_path, at):
    twente = consortium.universities["twente"]
    log = consortium.log()
    witness = witness_of(consortium, log, tmp_path)
    witness.follow()
    log.append("twente", [fork_of(twente, at)])
    witness.follow()
    [caught] = witness.caught
    assert caught.origin == twente.origin
    first, second = (parse_note(note).checkpoint for note in caught.notes)
    assert first.size == caught.size
    key = twente.signers[0].vkey
    for note in map(parse_note, caught.notes):
        assert all(key.verifies(line.signature, note.text.encode()) for _, line in note.by([key]))
    assert second.size >= first.size
    log.append("twente", [twente.seal(twente.issue(twente.achievement, new_id())[1])])
    before = witness.journal.seen[twente.origin]
    witness.follow()
    assert witness.journal.seen[twente.origin] == before  # who was caught is cosigned no more
    assert witness_of(consortium, log, tmp_path).caught == witness.caught


def test_a_second_witness_that_is_shown_the_other_history_says_so_beside_the_first(consortium, tmp_path):
    twente = consortium.universities["twente"]
    one = witness_of(consortium, consortium.log(), tmp_path / "one")
    other_log = MemoryLog()
    for name, records in (
        ("governance", consortium.records),
        ("twente", [*twente.records[:3], fork_of(twente, 3)]),
        ("aveiro", consortium.universities["aveiro"].records),
    ):
        other_log.create(name)
        other_log.append(name, records)
    two = witness_of(consortium, other_log, tmp_path / "two")
    one.follow()
    two.follow()
    shown = two.kept.newest(twente.origin)
    # What the second cosigned is brought to the first, as any node does that asks both.
    body = f"old 13\n\n{shown}"
    assert one.add_checkpoint(body).status == 422
    [caught] = one.caught
    assert caught.origin == twente.origin


def test_a_restarted_witness_goes_on_from_what_it_cosigned_and_catches_a_rewritten_log(consortium, tmp_path):
    twente = consortium.universities["twente"]
    signer = Ed25519Signer.generate(NAME)
    witness_of(consortium, consortium.log(), tmp_path, signer).follow()
    rewritten = MemoryLog()
    for name, records in (
        ("governance", consortium.records),
        ("twente", [*twente.records[:3], fork_of(twente, 3, 5), *[]]),
    ):
        rewritten.create(name)
        rewritten.append(name, records)
    again = witness_of(consortium, rewritten, tmp_path, signer)
    again.follow()
    assert [(c.origin, c.size) for c in again.caught] == [(twente.origin, 13)]


@pytest.mark.parametrize("step", ["read", "write down", "cosign", "keep"])
def test_killed_at_every_step_it_never_cosigns_two_heads_of_one_size(consortium, tmp_path, step):
    twente = consortium.universities["twente"]
    signer = Ed25519Signer.generate(NAME)
    signed = []

    class Watched:
        vkey = signer.vkey

        @staticmethod
        def sign(message):
            lines = message.decode().split("\n")
            signed.append((lines[2], int(lines[3]), lines[4]))
            return signer.sign(message)

    for number in range(6):
        seen = 0

        def stop(name, number=number):
            nonlocal seen
            seen += name == step
            if name == step and seen > number % 3:
                raise Killed

        # Each time another history may be what the log shows.
        log = consortium.log()
        if number % 2:
            log.append("twente", [fork_of(twente, 4, 2)])
        with contextlib.suppress(Killed):
            for _ in range(4):
                witness_of(consortium, log, tmp_path, Watched(), step=stop).follow()
                log.append("twente", [twente.seal(twente.issue(twente.achievement, new_id())[1])])
    witness_of(consortium, consortium.log(), tmp_path, Watched()).follow()
    roots = {}
    for origin, size, root in signed:
        assert roots.setdefault((origin, size), root) == root
    assert roots


def test_add_checkpoint_answers_as_the_specification_says(consortium, tmp_path):
    twente = consortium.universities["twente"]
    witness = witness_of(consortium, consortium.log(), tmp_path)
    witness.follow()
    leaves = [leaf for record in twente.records for leaf in commit.parse(record).leaves()]
    more = [merkle.leaf_hash(b"x"), merkle.leaf_hash(b"y")]
    subtree = merkle.subtree_of(leaves + more)

    def ask(old, size, root, path, signers=twente.signers, origin=twente.origin):
        note = SignedNote.sign(Checkpoint(origin, size, root), signers)
        proof = "".join(base64.b64encode(step).decode() + "\n" for step in path)
        return witness.add_checkpoint(f"old {old}\n{proof}\n{note}"), note

    def root(size):
        return merkle.root_of((leaves + more)[:size])

    path = merkle.consistency_proof(13, 14, subtree)
    assert ask(0, 14, root(14), [])[0].status == 409
    assert ask(0, 14, root(14), [])[0].body == "13\n"
    assert ask(15, 14, root(14), path)[0].status == 400
    assert ask(13, 14, root(15), path)[0].status == 422
    assert ask(13, 14, root(14), path, [Ed25519Signer.generate(twente.origin)])[0].status == 403
    assert ask(13, 14, root(14), path, [Ed25519Signer.generate("x.example/y")], "x.example/y")[0].status == 404
    for broken in ("", "old x\n\n", "old 013\n\nx", "old 13\nnonsense\n\nx"):
        assert witness.add_checkpoint(broken).status == 400
    good, note = ask(13, 14, root(14), path)
    assert good.status == 200
    cosigned = parse_note(f"{note}{good.body}")
    assert witness.key.time_of(cosigned) == NOW
    assert ask(14, 14, root(14), [])[0].status == 200


def test_a_policy_names_who_is_missing_how_old_a_head_is_and_whose_clock_is_wrong():
    signers = [Ed25519Signer.generate(f"w{n}.example") for n in range(3)]
    keys = tuple(CosignerKey.of(s.vkey.name, s.vkey.public) for s in signers)
    assert CosignerKey.parse(str(keys[0])) == keys[0]
    bare = SignedNote.sign(Checkpoint("a.example/b", 1, bytes(32)), [Ed25519Signer.generate("a.example/b")])

    def by(*times):
        lines = [cosign(s.vkey.name, s, bare.text, t) for s, t in zip(signers, times, strict=False)]
        return SignedNote(bare.checkpoint, bare.text, (*bare.signatures, *lines))

    policy = Policy(keys, 2, timedelta(hours=24))
    assert [c.witness for c in policy.check(by(NOW, NOW), NOW)] == ["w0.example", "w1.example"]
    for note, says in (
        (by(NOW), "1 of 2"),
        (by(NOW, NOW - timedelta(hours=30)), "30 hours ago"),
        (by(NOW, NOW + timedelta(days=3650)), "in the future"),
        (by(NOW, NOW - timedelta(days=3650)), "hours ago"),
    ):
        with pytest.raises(PolicyUnmet, match=says):
            policy.check(note, NOW)
    altered = SignedNote.parse(
        str(Checkpoint("a.example/b", 2, bytes(32))), "".join(f"{s}\n" for s in by(NOW).signatures)
    )
    assert keys[0].time_of(altered) is None
    with pytest.raises(MalformedNote):
        CosignerKey.parse(str(signers[0].vkey))


def test_kept_cosignatures_survive_a_torn_write_and_strangers_are_not_kept(tmp_path):
    signers = [Ed25519Signer.generate(f"w{n}.example") for n in range(2)]
    keys = [CosignerKey.of(s.vkey.name, s.vkey.public) for s in signers]
    bare = SignedNote.sign(Checkpoint("a.example/b", 1, bytes(32)), [Ed25519Signer.generate("a.example/b")])
    both = SignedNote(
        bare.checkpoint, bare.text, (*bare.signatures, *(cosign(s.vkey.name, s, bare.text, NOW) for s in signers))
    )
    kept = Cosignatures(tmp_path, keys[:1])
    assert kept.add(both) == 1
    assert kept.add(both) == 0
    with next(tmp_path.iterdir()).open("ab") as file:
        file.write(b"a.example/b\n2\ntorn")
    again = Cosignatures(tmp_path, keys)
    assert again.newest("a.example/b").checkpoint.size == 1
    assert again.add(both) == 1
    assert [key.time_of(Cosignatures(tmp_path, keys).at("a.example/b", 1)) for key in keys] == [NOW, NOW]


def test_a_journal_refuses_another_head_of_one_size_and_forgets_a_torn_line(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.write([Seen("a", 5, "x")])
    for wrong in (Seen("a", 5, "y"), Seen("a", 4, "x")):
        with pytest.raises(TwoHeads):
            journal.write([wrong])
    with (tmp_path / "j").open("ab") as file:
        file.write(b'{"origin":"a","size":9')
    assert Journal(tmp_path / "j").seen == {"a": Seen("a", 5, "x")}


def test_evidence_is_added_after_a_torn_line_and_all_of_it_is_read_again(tmp_path):
    file = tmp_path / "caught.jsonl"
    first, second = Caught("a.example/b", 1, ("x", "y")), Caught("a.example/c", 2, ("x", "z"))
    Evidence(file).add(first)
    with file.open("ab") as torn:
        torn.write(b'{"origin":"a.example/b","si')
    again = Evidence(file)
    assert again.all == [first]
    again.add(second)
    assert Evidence(file).all == [first, second]
    file.write_bytes(b"<html>\n")
    with pytest.raises(OSError, match="not evidence") as refusal:
        Evidence(file)
    assert refusal.value.filename == str(file)


@pytest.mark.parametrize("unreadable", ["aveiro", "governance"])
def test_a_stream_that_cannot_be_read_holds_up_no_other_and_is_cosigned_later(consortium, tmp_path, unreadable):
    log = UnreadableLog(consortium.log())
    witness = witness_of(consortium, log, tmp_path)
    witness.follow()
    for name, university in consortium.universities.items():
        log.append(name, [university.seal(university.issue(university.achievement, new_id())[1])])
    log.unreadable.add(unreadable)
    witness.follow()
    sizes = {name: witness.journal.seen[university.origin].size for name, university in consortium.universities.items()}
    assert sizes == {"twente": 14, "aveiro": 13 if unreadable == "aveiro" else 14}
    log.unreadable.clear()
    witness.follow()
    assert witness.journal.seen[consortium.universities["aveiro"].origin].size == 14


def test_a_witness_reads_governance_on_that_was_replaced_by_a_copy_without_its_garbage(consortium, tmp_path):
    log = consortium.log()
    log.append("governance", [b"garbage"] * 3)
    witness = witness_of(consortium, log, tmp_path)
    witness.follow()
    log.cut("governance", 1)
    for name in ("lund", "bergen", "porto", "siena"):
        log.append("governance", [consortium.seal(consortium.admission(name))])
    witness.follow()
    assert witness.journal.seen[CONSORTIUM].size == 7


def test_a_head_that_cannot_be_held_against_the_stream_yet_stays_to_be_weighed_and_nothing_is_cosigned(
    consortium, tmp_path, monkeypatch
):
    twente = consortium.universities["twente"]
    log = consortium.log()
    witness = witness_of(consortium, log, tmp_path)
    witness.follow()
    log.append("twente", [fork_of(twente, 2), twente.seal(twente.issue(twente.achievement, new_id())[1])])

    def unreadable(*_):
        raise LogUnavailable("twente cannot be read")

    with monkeypatch.context() as patched:
        patched.setattr("consumers.witness.witness.Settling.advance", unreadable)
        witness.follow()
        assert (witness.caught, witness.journal.seen[twente.origin].size) == ([], 13)
    witness.follow()
    assert [(caught.origin, caught.size) for caught in witness.caught] == [(twente.origin, 9)]
