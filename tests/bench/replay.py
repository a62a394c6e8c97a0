"""Verified replay: form, signatures, tree, typed decode, from a folder log."""

import base64
import hashlib
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import msgspec

from consumers.governance.governance import GovernanceFold
from consumers.streams.stream import batches
from consumers.streams.verifier import MemberTrust
from registry.log import open_log
from registry.wire.events import MEMBER_TYPES, Event
from registry.wire.merkle import Tree
from tests.bench.data import CONSORTIUM, made
from tests.bench.result import Result, in_process, median_of, peak_megabytes, rate

EVENTS = 1_000_000
RUNS = 3


def verified(url: str, founded: str, member: str) -> float:
    """Events a second through the verifier."""
    log = open_log(url, CONSORTIUM, read_only=True)
    governance = GovernanceFold(CONSORTIUM, bytes.fromhex(founded))
    for record in log.records("governance"):
        governance.take(record.data)
    trust = MemberTrust(CONSORTIUM, governance.state.members[member])
    began = time.perf_counter()
    size = 0
    for batch in batches(log, member, trust, Tree(), 0):
        assert not batch.quarantined
        size = batch.tree.size
    return size / (time.perf_counter() - began)


def bare(url: str, founded: str, member: str) -> float:
    """The floor: hash leaves and tree, check one signature a commit, decode. Splitting is not timed."""
    log = open_log(url, CONSORTIUM, read_only=True)
    governance = GovernanceFold(CONSORTIUM, bytes.fromhex(founded))
    for record in log.records("governance"):
        governance.take(record.data)
    key = governance.state.members[member].keys[0].key
    issued: Any = MEMBER_TYPES["credential.issued.v1"]
    decode = msgspec.json.Decoder(Event[issued]).decode
    sha256, tree, spent, count, start = hashlib.sha256, Tree(), 0.0, 0, 0
    while records := log.read(member, start):
        split = []
        for record in records:
            head, signature, body = record.data.split(b"\n\n")
            split.append((head + b"\n", base64.b64decode(signature.split(b" ")[2])[4:], body[:-1].split(b"\n")))
        start = records[-1].next
        for head, signature, lines in split:
            if not tree.size:
                tree = tree.extend([sha256(b"\x00" + line).digest() for line in lines])
                continue  # the achievements
            began = time.perf_counter()
            tree = tree.extend([sha256(b"\x00" + line).digest() for line in lines])
            _ = tree.root
            assert key.verifies(signature, head)
            decoded = [decode(line) for line in lines]
            spent += time.perf_counter() - began
            count += len(decoded)
    return count / spent


def memory(url: str, founded: str, member: str) -> float:
    """Peak RSS in MB of a replay."""
    verified(url, founded, member)
    return peak_megabytes()


def replay_256() -> list[Result]:
    """One core, commits of 256."""
    return [_replay("replay-256", 256, 330_000)]


def replay_1024() -> list[Result]:
    """One core, merged commits of 1,024."""
    return [_replay("replay-1024", 1024, 380_000)]


def _replay(name: str, per_commit: int, at_least: float) -> Result:
    url, founded = made(EVENTS, per_commit)
    floor = median_of(RUNS, bare, url, founded, "uni-0")
    return rate(name, median_of(RUNS, verified, url, founded, "uni-0"), at_least=at_least, floor=floor, of_floor=0.6)


def replay_two() -> list[Result]:
    """Two members in two processes, beside one."""
    url, founded = made(EVENTS // 2, 256, members=2)
    one = median_of(RUNS, verified, url, founded, "uni-0")
    together = []
    for _ in range(RUNS):
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            list(pool.map(time.sleep, [0.5, 0.5]))  # both are up before the clock starts
            both = [pool.submit(verified, url, founded, member) for member in ("uni-0", "uni-1")]
            together.append(sum(future.result() for future in both))
    both_rate = sorted(together)[RUNS // 2]
    ratio = both_rate / one
    return [Result("replay-two", "events/s", both_rate, "1.7 times one", ratio >= 1.7, one, ratio)]


def replay_memory() -> list[Result]:
    """Peak memory at 1 and at 4 million events."""
    small, large = (in_process(memory, *made(n, 256), "uni-0") for n in (EVENTS, 4 * EVENTS))
    met = max(small, large) <= 300 and abs(large - small) <= 0.1 * small
    return [Result("replay-memory", "MB", large, "≤ 300, within a tenth of 1 million's", met, small, large / small)]
