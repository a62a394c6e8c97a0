"""A static log in a folder: it grows with the stream, and a folder of another history is left alone."""

import pytest

from consumers.proofs.export import CannotExport, export
from consumers.proofs.tiles import Tiles, TileState
from registry.wire import commit, merkle
from registry.wire.checkpoint import SignedNote
from registry.wire.errors import InvalidProof
from registry.wire.merkle import Tree
from registry.wire.tiles import WIDTH, Tile, split
from tests.support.memory_log import MemoryLog
from tests.support.streams import University

EVENT = "x.example.v1"


class Exported:
    """A member's stream, its tiles, and the folder to which both are exported."""

    def __init__(self, folder):
        self.university = University("twente")
        self.log = MemoryLog()
        self.log.create("twente")
        self.tiles = Tiles(folder / "tiles")
        self.folder = folder / "site"

    def grow(self, *events):
        """Append a commit with each of these numbers of events."""
        for count in events:
            lines = [self.university.line(EVENT, f"n{number}", {}) for number in range(count)]
            self.log.append("twente", [self.university.seal(*lines)])
            tree = self.university.tree
            self.tiles.append(merkle.leaf_hashes(lines))
            self.tiles.save(TileState(tree.size, [h.hex() for h in tree.hashes], 1, 0, 0, doubtful=False))

    def export(self, *, entries=True):
        return export(self.log, "twente", self.tiles, self.folder, entries=entries)

    def checkpoint(self):
        head, _, signatures = (self.folder / "checkpoint").read_text().partition("\n\n")
        return SignedNote.parse(head + "\n", signatures).checkpoint

    def entries(self, tile):
        """The events of an entry bundle: each is written after its length in two bytes."""
        data, at, found = (self.folder / tile.bundle_path).read_bytes(), 0, []
        while at < len(data):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            found.append(data[at + 2 : end])
            at = end
        return found


@pytest.fixture
def exported(tmp_path):
    return Exported(tmp_path)


def hashes(exported, tile):
    return split((exported.folder / tile.path).read_bytes())


def test_a_folder_holds_head_tiles_and_entries_and_grows_with_the_stream(exported):
    exported.grow(3, 200)
    assert exported.export() == 203
    partial = Tile(0, 0, 203)
    assert [merkle.leaf_hash(line) for line in exported.entries(partial)] == hashes(exported, partial)
    exported.grow(100)
    assert exported.export() == 100
    assert exported.checkpoint() == commit.parse(exported.university.records[-1]).checkpoint
    for tile in (Tile(0, 0, WIDTH), Tile(0, 1, 303 - WIDTH)):
        assert [merkle.leaf_hash(line) for line in exported.entries(tile)] == hashes(exported, tile)
    assert not (exported.folder / partial.path).exists(), "a tile that is complete needs no partial one"
    assert not (exported.folder / partial.bundle_path).exists()
    assert exported.export() == 0


def test_entries_are_left_out_unless_they_are_wanted_and_may_follow_later(exported):
    exported.grow(300)
    exported.export(entries=False)
    assert not (exported.folder / "tile" / "entries").exists()
    assert exported.export(entries=True) == 0
    assert len(exported.entries(Tile(0, 0, WIDTH))) == WIDTH


def test_a_head_that_came_twice_and_garbage_on_the_log_are_no_entries(exported):
    exported.grow(2, 2)
    exported.log.append("twente", [b"garbage", exported.university.records[0]])
    exported.grow(1)
    exported.export()
    assert len(exported.entries(Tile(0, 0, 5))) == 5


def test_entries_that_are_not_those_of_the_tree_are_not_written(exported):
    exported.grow(2, 1)
    other = University("twente")
    other.seal(*[other.line(EVENT, f"other{number}", {}) for number in range(2)])
    exported.log.cut("twente", 0)
    exported.log.append("twente", [other.records[0], exported.university.records[1]])
    with pytest.raises(InvalidProof, match="are not those of the tree"):
        exported.export()
    assert not (exported.folder / "checkpoint").exists()


def test_a_folder_of_another_log_of_another_history_or_of_none_is_left_as_it_is(exported):
    exported.grow(3)
    exported.folder.mkdir()
    lund = University("lund")
    lund.seal(lund.line(EVENT, "n", {}))
    fork, _ = commit.sign_commit(exported.university.origin, Tree(), [b"{}"], exported.university.signers)
    for text, reason in (
        ("garbage", "is not a checkpoint"),
        (str(commit.parse(lund.records[0]).note), "holds the log of test.example/lund"),
        (str(commit.parse(fork).note), "holds another history of test.example/twente, to 1"),
    ):
        (exported.folder / "checkpoint").write_text(text)
        with pytest.raises(CannotExport, match=reason):
            exported.export()
        assert (exported.folder / "checkpoint").read_text() == text


def test_a_folder_with_a_newer_state_is_no_earlier_one(exported, tmp_path):
    exported.grow(3)
    old = Exported(tmp_path / "old")
    old.university, old.log = exported.university, exported.log
    exported.grow(2)
    exported.export()
    behind = Tiles(tmp_path / "behind")
    tree = Tree().extend(merkle.leaf_hashes(commit.parse(exported.university.records[0]).lines))
    behind.append(merkle.leaf_hashes(commit.parse(exported.university.records[0]).lines))
    behind.save(TileState(tree.size, [h.hex() for h in tree.hashes], 1, 0, 0, doubtful=False))
    with pytest.raises(CannotExport, match=r"another history of test\.example/twente, to 5"):
        export(exported.log, "twente", behind, exported.folder, entries=False)
