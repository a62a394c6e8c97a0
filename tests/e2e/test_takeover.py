"""Two publishers of one member, on two machines with one database: the second takes over, and nothing is twice."""

import shutil
import signal
import time

import pytest

from registry.log import open_log
from registry.wire import commit as wire
from tests.support.command import Consortium, printed_json, registry, started, until

SECONDS = 10.0
"""Within so much time the second publisher has published what was stored."""


def lines_on(consortium, home):
    """Every event of twente on the log, in order, and the base of each commit."""
    settings = printed_json(registry("status", "--json", home=home, check=False))
    assert settings["node"]["member"] == "twente"
    url = consortium.log if consortium.log.startswith("kafka") else f"file:{consortium.folder / 'log'}"
    log = open_log(url, "test.example", read_only=True)
    try:
        commits = [wire.parse(record.data) for record in log.records("twente", 0)]
    finally:
        log.close()
    return [line for commit in commits for line in commit.lines], [commit.base for commit in commits]


def further_rows(consortium, achievement, name):
    """A table with five awards of records that were not imported before."""
    file = consortium.rows(achievement, 5, f"{name}.csv")
    file.write_text(file.read_text().replace("\nr", f"\n{name}-"))
    return file


@pytest.mark.parametrize(
    ("log", "how"),
    [
        ("files", signal.SIGKILL),
        pytest.param("kafka", signal.SIGSTOP, marks=pytest.mark.kafka),
    ],
    ids=["killed, files", "hung, kafka"],
)
def test_a_second_publisher_takes_over_within_ten_seconds_and_nothing_is_twice(tmp_path, postgres, request, log, how):
    more = {"log": request.getfixturevalue("empty_broker").url} if log == "kafka" else {}
    consortium = Consortium(tmp_path, postgres, **more)
    achievement = consortium.offer()
    other_machine = tmp_path / "twente-on-another-machine"
    shutil.copytree(consortium.home, other_machine)

    def size():
        return len(lines_on(consortium, other_machine)[0])

    with (
        started("run", home=consortium.home, says="is running") as first,
        started("run", "--standby", home=other_machine, says="waiting to take over") as second,
    ):
        before = size()
        consortium.run("import", "file", consortium.rows(achievement, 300), "--no-publish")
        until(lambda: size() >= before + 300)
        assert "is running" not in second.output.read_text()
        first.send_signal(how)
        began = time.monotonic()
        until(lambda: "is running" in second.output.read_text(), SECONDS)
        print(f"took over after {time.monotonic() - began:.1f} s")
        consortium.run("import", "file", further_rows(consortium, achievement, "second"), "--no-publish")
        until(lambda: size() >= before + 305)
        if how == signal.SIGSTOP:
            printed = len(first.output.read_text())
            first.send_signal(signal.SIGCONT)  # it finds its session ended, and publishes no more
            until(lambda: "publishing" in first.output.read_text()[printed:])
            consortium.run("import", "file", further_rows(consortium, achievement, "third"), "--no-publish")
            until(lambda: size() >= before + 310)
    lines, bases = lines_on(consortium, other_machine)
    assert len(lines) == len(set(lines))
    assert len(bases) == len(set(bases)), "two commits that begin at one size"
    assert "Verified up to" in registry("audit", home=other_machine).stdout
