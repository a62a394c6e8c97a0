"""A full disk: the client is asked to come again, nothing of the upload stays, small ones go on."""

import contextlib

import pytest

from registry.batches.batch_file import BatchFile, BatchFileWriter
from tests.support.command import until
from tests.support.served import Served, achievement, csv_of, once, problem, row

SMALL_FILES = ["bash", "-c", 'ulimit -f 200; exec "$0" "$@"']
"""A limit of 200 KiB for a file: the kernel refuses to write more, as of a full disk."""
ROWS = 5000


@pytest.fixture(scope="module")
def serving(tmp_path_factory, postgres):
    with contextlib.closing(Served(tmp_path_factory.mktemp("full"), postgres)) as made:
        yield made.start(before=SMALL_FILES)


def send(system, rows, key):
    return system.post("/v1/batches", content=csv_of(rows), headers={"Content-Type": "text/csv", **once(key)})


def spooled(node):
    return [path.name for path in (node.home / "spool").glob("*")]


def test_a_batch_that_does_not_fit_is_refused_and_leaves_nothing_behind(serving):
    system = serving.client("achievements:write", "credentials:write", "batches:read")
    offer = system.post("/v1/achievements", json=achievement(), headers=once("offer")).json()["achievement"]
    refused = send(system, [row(offer, f"big-{number}", f"s{number}") for number in range(ROWS)], "big")
    problem(refused, 507, "storage-full")
    assert int(refused.headers["retry-after"]) > 0
    assert spooled(serving) == []
    assert [one["state"] for one in system.get("/v1/batches").json()["items"]] == ["incomplete"]
    small = send(system, [row(offer, f"small-{number}", f"s{number}") for number in range(10)], "small")
    assert small.status_code == 202, small.text
    until(lambda: system.get(small.headers["location"]).json()["state"] == "done", 60)
    assert system.get(small.headers["location"]).json()["issued"] == 10
    # Once there is room, the same request is received from its beginning.
    again = send(system, [row(offer, f"big-{number}", f"s{number}") for number in range(10)], "big")
    assert again.status_code == 202, again.text
    assert serving.logged("http.storage_full")
    assert not serving.logged("http.failed")


def test_the_bytes_of_an_upload_stand_under_another_name_until_all_of_it_has_come(tmp_path):

    path = tmp_path / "one.rows"
    spool = BatchFileWriter(path, bytes(32))
    spool.write(b"x" * 3_000_000)
    assert [found.name for found in tmp_path.iterdir()] == ["one.part"]
    spool.close()
    assert [found.name for found in tmp_path.iterdir()] == ["one.rows"]
    assert BatchFile(path, bytes(32), "one").open("rb").read() == b"x" * 3_000_000
    other = BatchFileWriter(tmp_path / "two.rows", bytes(32))
    other.write(b"x" * 3_000_000)
    other.abandon()
    assert [found.name for found in tmp_path.iterdir()] == ["one.rows"]
