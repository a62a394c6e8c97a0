"""The page of a case in the recognition office: five credentials, each with forty precedents beside it."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import httpx

from registry.postgres.embedded import start_embedded
from tests.bench.result import Result
from tests.http.test_cases import done, opened
from tests.support.command import registry, until
from tests.support.served import Served, achievement, once, row

PRECEDENTS: Final = 40
CREDENTIALS: Final = 5
TRIES: Final = 200
WARM: Final = 20
TARGET_MS: Final = 50.0


def case_page_bench() -> list[Result]:
    """Return the median of the time in which the page is answered, seen from a browser on the same machine."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        server = stack.enter_context(start_embedded(folder / "postgres"))
        settings = "[http]\nper_minute = 100_000_000\n"
        node = stack.enter_context(closing(Served(folder / "node", server, settings, log_level="warning")))
        lund = node.consortium.join("lund")
        node.start()
        system = node.client()
        offer = system.post("/v1/achievements", json=achievement(), headers=once("offer")).json()["achievement"]
        credentials = []
        for number in range(PRECEDENTS + CREDENTIALS):
            content = row(offer, f"r{number}", student=f"s{number}")
            answer = system.post("/v1/credentials", json=content, headers=once(f"r{number}"))
            credentials.append(answer.json()["credential"])
        reader = node.anybody()
        until(lambda: reader.get(f"/v1/credentials/twente/{credentials[-1]}").status_code == 200)
        _decide(node, lund, offer, credentials[:PRECEDENTS])
        subjects = [{"credential": {"member": "twente", "credential": each}} for each in credentials[PRECEDENTS:]]
        case = opened(system, *subjects)
        done(system, case, "complete")
        officer = node.sign_in("officer")
        return [_measure(officer, f"/office/cases/{case}")]


def _decide(node: Served, lund: Path, offer: str, credentials: Sequence[str]) -> None:
    """Let lund decide about credentials, and wait until the node has read that."""
    registry("views", "update", home=lund)
    said = registry("recognition", "assess", f"twente/{offer}@1", "--outcome", "full", "--ects", 5, home=lund).stdout
    listed = lund / "cohort.txt"
    listed.write_text("\n".join(f"twente/{each}" for each in credentials))
    registry("recognition", "cohort", said.split()[1].rstrip(","), listed, home=lund)
    reader = node.client("recognition:read")
    path = f"/v1/precedents?member=twente&achievement={offer}"
    until(lambda: len(reader.get(path + "&limit=100").json()["items"]) >= PRECEDENTS)


def _measure(officer: httpx.Client, path: str) -> Result:
    page = officer.get(path).text
    assert page.count('id="precedents-') == CREDENTIALS, page[:500]
    times = []
    for number in range(WARM + TRIES):
        begin = time.perf_counter()
        assert officer.get(path).status_code == 200
        if number >= WARM:
            times.append(1000 * (time.perf_counter() - begin))
    median = statistics.median(times)
    return Result(
        "case page, 5 credentials, 40 precedents", "ms", median, f"median {TARGET_MS:.0f}", median <= TARGET_MS
    )
