"""Archives: written from verified commits, read as a log, their faults told by file."""

import shutil
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import zstandard

from consumers.archive.archive_check import check
from consumers.archive.archiver import CannotArchive, archive
from consumers.archive.restorer import CannotRestore, restore
from consumers.audit.auditor import audit_log
from consumers.projecting.rebuild import Source, fill
from projections.core import views
from projections.core.digest import digest
from registry.log import ArchiveDamaged, ReadOnlyLog, open_log
from registry.log.archive import ArchiveLog
from registry.log.archive_manifest import load, save
from registry.log.segments import SegmentReader
from registry.wire import commit as wire
from registry.wire.governance import MemberKeyAdded
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.support.streams import CONSORTIUM, Consortium, new_id

SMALL = 40_000
"""A segment so small that a few hundred events make several."""


@pytest.fixture
def consortium():
    made = Consortium("delft", "twente")
    for university in made.universities.values():
        achievement, line = university.publish()
        university.seal(line)
        for _ in range(30):
            university.seal(*(university.issue(achievement, new_id())[1] for _ in range(10)))
    return made


def written(consortium, folder, log=None, **more):
    return archive(log or consortium.log(), CONSORTIUM, consortium.founded, folder, **more)


def opened(folder):
    return ArchiveLog(folder, CONSORTIUM)


def lines(log, stream):
    tree, found = Tree(), []
    for record in log.records(stream):
        parsed = wire.parse(record.data)
        assert parsed.base == tree.size
        tree = tree.extend(parsed.leaves())
        assert tree.root == parsed.checkpoint.root
        found += parsed.lines
    return found


def views_of(dsn, consortium, url):
    with views.connect(dsn, "v") as connection:
        views.create(connection, "v")
        fill(dsn, "v", Source(url, CONSORTIUM, consortium.founded), workers=2)
        total = digest(connection).total
        views.drop(connection, "v")
    return total


def test_an_archive_holds_every_event_in_merged_commits_and_leads_to_the_same_views(consortium, tmp_path, dsn):
    done = written(consortium, tmp_path / "a", segment_bytes=SMALL)
    assert [(d.stream, d.size, d.refused) for d in done] == [
        ("governance", 3, 0),
        ("delft", 301, 0),
        ("twente", 301, 0),
    ]
    log = opened(tmp_path / "a")
    assert log.streams() == ["delft", "governance", "twente"]
    for member, university in consortium.universities.items():
        wanted = [line for record in university.records for line in wire.parse(record).lines]
        assert lines(log, member) == wanted
        assert len(list(log.records(member))) < 5
    files = open_log(f"file:{tmp_path / 'log'}", CONSORTIUM)
    restore(consortium.log(), files, CONSORTIUM, consortium.founded)
    assert views_of(dsn, consortium, f"archive:{tmp_path / 'a'}") == views_of(
        dsn, consortium, f"file:{tmp_path / 'log'}"
    )
    assert list(check(log, consortium.founded)) == []


def test_reading_an_archive_begins_anywhere_goes_back_and_finds_leaves(consortium, tmp_path):
    twente = consortium.universities["twente"]
    written(consortium, tmp_path / "a", segment_bytes=SMALL)
    achievement, line = twente.publish()
    twente.seal(line)
    for _ in range(300):
        twente.seal(*(twente.issue(achievement, new_id())[1] for _ in range(10)))
    written(consortium, tmp_path / "a", segment_bytes=SMALL)
    log = opened(tmp_path / "a")
    found = list(log.records("twente"))
    assert len(log.manifest.streams["twente"]) >= 2
    assert [r.position for r in found[1:]] == [r.next for r in found[:-1]]
    assert found[-1].next == log.end("twente")
    assert list(log.read_back("twente")) == found[::-1]
    for record in found:
        assert log.read("twente", record.position, 1) == [record]
        base = wire.parse(record.data).base
        assert log.seek("twente", base) <= record.position
    assert log.seek("twente", twente.tree.size) == log.end("twente")
    with pytest.raises(ReadOnlyLog):
        log.create("delft")


def test_running_it_again_appends_what_is_new_and_keeps_positions(consortium, tmp_path):
    folder = tmp_path / "a"
    written(consortium, folder)
    before = list(opened(folder).records("delft"))
    assert [d.events for d in written(consortium, folder)] == [0, 0, 0]
    delft = consortium.universities["delft"]
    achievement, line = delft.publish()
    delft.seal(line)
    delft.seal(delft.issue(achievement, new_id())[1])
    again = {d.stream: d.events for d in written(consortium, folder)}
    assert again == {"governance": 0, "delft": 2, "twente": 0}
    after = list(opened(folder).records("delft"))
    assert after[: len(before)] == before
    assert lines(opened(folder), "delft")[-2:] == [line, *wire.parse(delft.records[-1]).lines]
    assert len(list((folder / "delft").iterdir())) == 1
    assert list(check(opened(folder), consortium.founded)) == []


def test_only_what_is_older_than_asked_is_archived(consortium, tmp_path):
    done = written(consortium, tmp_path / "a", before=datetime(2026, 5, 1, tzinfo=UTC))
    assert [(d.size, d.waits) for d in done] == [(3, 0), (0, 301), (0, 301)]
    done = written(consortium, tmp_path / "a", before=datetime(2026, 5, 5, tzinfo=UTC))
    assert [(d.size, d.waits) for d in done] == [(3, 0), (301, 0), (301, 0)]


def test_what_is_no_valid_extension_is_not_archived(consortium, tmp_path):
    delft = consortium.universities["delft"]
    delft.records.insert(7, b"garbage\n\n")
    delft.records.insert(9, delft.records[8])
    done = {d.stream: d for d in written(consortium, tmp_path / "a")}
    assert (done["delft"].size, done["delft"].refused) == (301, 1)
    assert list(check(opened(tmp_path / "a"), consortium.founded)) == []


def add_key(consortium, head):
    signer = Ed25519Signer.generate(f"{CONSORTIUM}/delft")
    consortium.seal(
        consortium.line("member.key.added.v1", "delft", MemberKeyAdded("delft", head=head, vkey=str(signer.vkey)))
    )
    return signer


def test_commits_are_not_merged_across_an_anchor_and_a_rotated_key_stays_checkable(consortium, tmp_path):
    delft = consortium.universities["delft"]
    anchored = delft.head
    delft.signers = [add_key(consortium, anchored)]
    achievement, line = delft.publish()
    delft.seal(line)
    delft.seal(delft.issue(achievement, new_id())[1])
    written(consortium, tmp_path / "a")
    log = opened(tmp_path / "a")
    assert [wire.parse(r.data).checkpoint.size for r in log.records("delft")] == [anchored.size, anchored.size + 2]
    assert list(check(log, consortium.founded)) == []


def test_an_anchor_that_comes_to_stand_inside_a_merged_commit_has_the_segments_made_again(consortium, tmp_path):
    folder = tmp_path / "a"
    delft = consortium.universities["delft"]
    middle = wire.parse(delft.records[10]).checkpoint
    head = msgspec.structs.replace(delft.head, size=middle.size, root=str(middle).split("\n")[2])
    written(consortium, folder, segment_bytes=SMALL)
    add_key(consortium, head)
    assert any("off-anchor" in fault for fault in check_under(consortium, folder))
    written(consortium, folder, segment_bytes=SMALL)
    log = opened(folder)
    assert middle.size in {wire.parse(r.data).checkpoint.size for r in log.records("delft")}
    assert len(lines(log, "delft")) == 301
    assert list(check(log, consortium.founded)) == []


def check_under(consortium, folder):
    """The check under governance as it is on the log now."""
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    short = type(consortium.log())()
    short.create("governance")
    short.append("governance", consortium.records)
    manifest = load(copy)
    fresh = folder.with_name("fresh")
    archive(short, CONSORTIUM, consortium.founded, fresh)
    shutil.rmtree(copy / "governance")
    shutil.copytree(fresh / "governance", copy / "governance")
    save(copy, manifest.with_stream("governance", load(fresh).streams["governance"]))
    return list(check(opened(copy), consortium.founded))


def segments(folder, stream):
    return sorted((folder / stream).iterdir())


@pytest.fixture
def sound(consortium, tmp_path):
    written(consortium, tmp_path / "a", segment_bytes=SMALL)
    delft = consortium.universities["delft"]
    achievement, line = delft.publish()
    delft.seal(line)
    for _ in range(10):
        delft.seal(*(delft.issue(achievement, new_id())[1] for _ in range(20)))
    written(consortium, tmp_path / "a", segment_bytes=SMALL)
    assert len(segments(tmp_path / "a", "delft")) == 2
    return tmp_path / "a"


def refused(folder):
    """What opening and reading all says."""
    with pytest.raises(ArchiveDamaged) as caught:
        read_all(folder)
    return str(caught.value)


def read_all(folder):
    log = opened(folder)
    return [list(log.records(stream)) for stream in log.streams()]


def test_a_truncated_segment_is_told_by_file(sound):
    file = segments(sound, "delft")[1]
    file.write_bytes(file.read_bytes()[:-100])
    assert str(file) in refused(sound)
    assert "cut short" in refused(sound)


def test_a_check_names_every_file_that_is_wrong_and_not_only_the_first(sound):
    cut, missing = segments(sound, "delft")[1], segments(sound, "twente")[0]
    cut.write_bytes(cut.read_bytes()[:-100])
    missing.unlink()
    (sound / "delft" / "stray").touch()
    faults = check_of(sound)
    assert [f.partition(":")[0] for f in faults] == [str(cut), str(missing), str(sound / "delft" / "stray")]


def test_a_missing_segment_is_told_by_file(sound):
    file = segments(sound, "twente")[0]
    file.unlink()
    assert f"{file}: missing" in refused(sound)


def test_one_altered_byte_is_told_by_file(sound):
    file = segments(sound, "delft")[0]
    data = bytearray(file.read_bytes())
    data[5000] ^= 1
    file.write_bytes(data)
    assert f"{file}: altered" in refused(sound)
    assert any(str(file) in fault for fault in check_of(sound))


def check_of(folder):
    log = ArchiveLog(folder, CONSORTIUM, lengths=False)
    return list(check(log, bytes.fromhex(load(folder).founded)))


def test_swapped_segments_are_told_by_what_they_hold(sound):
    one, other = segments(sound, "delft")[0], segments(sound, "twente")[0]
    a, b = one.read_bytes(), other.read_bytes()
    one.write_bytes(b)
    other.write_bytes(a)
    manifest = load(sound)  # mended lengths and hashes are detected as well
    delft, twente = manifest.streams["delft"], manifest.streams["twente"]
    assert str(one) in refused(sound)
    swap = {"bytes": twente[0].bytes, "sha256": twente[0].sha256}
    back = {"bytes": delft[0].bytes, "sha256": delft[0].sha256}
    mended = manifest.with_stream("delft", [msgspec.structs.replace(delft[0], **swap), *delft[1:]])
    save(sound, mended.with_stream("twente", [msgspec.structs.replace(twente[0], **back), *twente[1:]]))
    faults = check_of(sound)
    assert any(f.startswith(f"{one}: holds the leaves 0 to 301 of test.example/twente") for f in faults)
    assert any(f.startswith(f"{other}: holds the leaves 0 to 301 of test.example/delft") for f in faults)


def test_segments_of_another_history_of_the_same_member_are_told(sound, tmp_path):
    foreign = Consortium("delft", "twente")
    for university in foreign.universities.values():
        achievement, line = university.publish()
        university.seal(line)
        for _ in range(30):
            university.seal(*(university.issue(achievement, new_id())[1] for _ in range(10)))
    written(foreign, tmp_path / "b", segment_bytes=SMALL)
    name = segments(sound, "delft")[0].name
    shutil.copy(tmp_path / "b" / "delft" / name, sound / "delft" / name)
    manifest = load(sound)
    mixed = load(tmp_path / "b").streams["delft"][0]
    save(sound, manifest.with_stream("delft", [mixed, *manifest.streams["delft"][1:]]))
    faults = check_of(sound)
    assert any(str(sound / "delft" / name) in fault and "key-not-valid" in fault for fault in faults)


def test_the_archive_of_another_consortium_is_not_added_to(consortium, tmp_path):
    written(consortium, tmp_path / "a")
    with pytest.raises(CannotArchive, match="is the archive of"):
        written(Consortium("delft"), tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.txt").write_text("mine")
    with pytest.raises(CannotArchive, match="something else"):
        written(consortium, tmp_path / "b")


def test_a_log_is_restored_from_an_archive_and_the_tail_from_a_member(consortium, tmp_path):
    delft = consortium.universities["delft"]
    written(consortium, tmp_path / "a")
    _, line = delft.publish()
    delft.seal(line)
    target = open_log(f"file:{tmp_path / 'log'}", CONSORTIUM)
    first = {r.stream: r.events for r in restore(opened(tmp_path / "a"), target, CONSORTIUM, consortium.founded)}
    assert first == {"governance": 3, "delft": 301, "twente": 301}
    second = {r.stream: r.events for r in restore(consortium.log(), target, CONSORTIUM, consortium.founded)}
    assert second == {"governance": 0, "delft": 1, "twente": 0}
    assert lines(target, "delft")[-1] == line


def test_a_copy_that_ends_inside_a_merged_commit_is_gone_on_with(consortium, tmp_path):
    written(consortium, tmp_path / "a")
    part = consortium.log()
    for member in consortium.universities:
        part.cut(member, 11)
    target = open_log(f"file:{tmp_path / 'log'}", CONSORTIUM)
    restore(part, target, CONSORTIUM, consortium.founded)
    assert len(lines(target, "delft")) == 101
    restore(opened(tmp_path / "a"), target, CONSORTIUM, consortium.founded)
    assert len(lines(target, "delft")) == 301


def test_a_copy_with_a_record_that_is_no_part_of_it_is_not_restored_over(consortium, tmp_path):
    target = open_log(f"file:{tmp_path / 'log'}", CONSORTIUM)
    restore(consortium.log(), target, CONSORTIUM, consortium.founded)
    file = tmp_path / "log" / "delft.log"
    file.write_bytes(file.read_bytes().replace(b'"ects":5', b'"ects":6', 1))
    with pytest.raises(CannotRestore, match="Move the log's folder away"):
        restore(consortium.log(), target, CONSORTIUM, consortium.founded)


def test_another_consortiums_log_restores_nothing(consortium, tmp_path):
    target = open_log(f"file:{tmp_path / 'log'}", CONSORTIUM)
    with pytest.raises(CannotRestore, match="another"):
        restore(Consortium("delft").log(), target, CONSORTIUM, consortium.founded)


def test_an_archive_whose_governance_is_damaged_says_so_and_ends(sound):
    file = segments(sound, "governance")[0]
    data = bytearray(file.read_bytes())
    data[60] ^= 1
    file.write_bytes(data)
    assert any("no signature can be checked" in fault for fault in check_of(sound))


def test_an_archiving_that_dies_leaves_the_archive_as_it_was_and_the_next_goes_on(consortium, tmp_path, monkeypatch):
    folder = tmp_path / "a"
    written(consortium, folder)
    before = {stream: list(opened(folder).records(stream)) for stream in ("governance", "delft", "twente")}
    delft = consortium.universities["delft"]
    achievement, line = delft.publish()
    delft.seal(line, delft.issue(achievement, new_id())[1])

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(
            "consumers.archive.archiver.save", die
        )  # the segment has its name, and the manifest does not know it
        with pytest.raises(KeyboardInterrupt):
            written(consortium, folder)
    assert {stream: list(opened(folder).records(stream)) for stream in before} == before
    assert [d.size for d in written(consortium, folder)] == [3, 303, 301]
    assert lines(opened(folder), "delft")[-2] == line


def test_a_reader_goes_on_while_the_archive_grows(consortium, tmp_path):
    folder = tmp_path / "a"
    written(consortium, folder)
    log = opened(folder)
    first = log.read("delft", 0, 1)
    delft = consortium.universities["delft"]
    _, line = delft.publish()
    delft.seal(line)
    written(consortium, folder)  # the file that was read has gone
    rest = list(log.records("delft", first[-1].next))
    assert wire.parse(rest[-1].data).lines == [line]
    assert log.wait({"delft": first[-1].next, "twente": log.end("twente")}, 0) == {"delft"}


@pytest.mark.kafka
def test_an_archive_from_kafka_is_that_from_a_folder(consortium, tmp_path, empty_broker):
    kafka = open_log(empty_broker.url, CONSORTIUM)
    restore(consortium.log(), kafka, CONSORTIUM, consortium.founded)
    written(consortium, tmp_path / "a")
    written(consortium, tmp_path / "b", log=kafka)
    kafka.close()
    assert load(tmp_path / "a") == load(tmp_path / "b")


def test_any_zstd_reader_unpacks_a_segment_to_the_form_of_a_folder_log(consortium, tmp_path):
    written(consortium, tmp_path / "a", segment_bytes=SMALL)
    for stream in ("governance", "twente"):
        unpacked = b""
        for file in segments(tmp_path / "a", stream):
            with file.open("rb") as raw:
                unpacked += zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()
        assert unpacked == b"".join(r.data + b"\n" for r in opened(tmp_path / "a").records(stream))


def test_a_frame_that_would_unpack_to_more_than_is_listed_is_not_unpacked(consortium, tmp_path):
    written(consortium, tmp_path / "a")
    reader = SegmentReader(segments(tmp_path / "a", "twente")[0])
    first = reader.frames[0]
    reader.frames[0] = first._replace(size=first.size - 1)
    with pytest.raises(ArchiveDamaged, match="as it is listed"):
        reader.frame(0)


@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "swapped"])
def test_a_damaged_segment_is_a_fault_of_its_stream_and_the_others_are_audited(consortium, sound, damage):
    one, other = segments(sound, "delft")[0], segments(sound, "twente")[0]
    if damage == "missing":
        one.unlink()
    else:
        content = {"cut": one.read_bytes()[:-100], "empty": b"", "swapped": other.read_bytes()}
        one.write_bytes(content[damage])
    report = audit_log(Source(f"archive:{sound}", CONSORTIUM, consortium.founded), workers=1)
    assert [(fault.kind, fault.member, fault.code) for fault in report.faults] == [("stream", "delft", "damaged")]
    assert report.summary.startswith(f"Not well: 1 fault: delft: {one}: ")
    assert {member.member: member.size for member in report.members}["twente"] == 301


def test_nothing_is_restored_from_an_archive_that_lacks_a_part(sound):
    segments(sound, "twente")[0].unlink()
    source: Any = open_log(f"archive:{sound}", CONSORTIUM, read_only=True)
    with pytest.raises(ArchiveDamaged, match="missing"):
        source.require_lengths()
