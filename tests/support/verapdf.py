"""Pytest fixture: veraPDF, which says whether a PDF is what it claims to be.

Its jars come by Maven from a pinned pom, once, into build/verapdf. Without Java and Maven its tests are skipped, in CI
they fail.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "java"
LIBS = Path(__file__).parents[2] / "build" / "verapdf" / "libs"
MAVEN_SECONDS = 300
CLAIMED = "0"


class VeraPdf:
    """The validator, a new process for each question."""

    def refused(self, flavour, files):
        """Which of these files are not of a flavour (`3a`, `ua1`), each with the rules that it breaks.

        `CLAIMED` asks for those that a file says of itself, which must be PDF/A-3a and PDF/UA-1: one process for both.
        """
        command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{LIBS}/*"]
        command += ["org.verapdf.apps.GreenfieldCliWrapper"]
        command += ["-f", flavour, "--format", "text", "-v", *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        broken = {}
        judged = {str(file): set() for file in files}
        for line in done.stdout.splitlines():
            if line.startswith(("PASS ", "FAIL ")):
                file, _, asked = line[5:].rpartition(" ")
                judged[file].add(asked)
                broken.setdefault(file, [])
            elif line.startswith("  FAIL "):
                broken[file].append(line[7:])
            elif line.endswith("could not be parsed."):
                broken[line.partition(" does not")[0]] = ["not a PDF"]
        assert set(broken) == set(map(str, files)), f"not every file was judged: {done.stdout}{done.stderr}"
        if flavour == CLAIMED:
            assert all(asked == {"3a", "ua1"} for asked in judged.values()), judged
        return {file: rules for file, rules in broken.items() if rules}


@pytest.fixture(scope="session")
def verapdf():
    """The validator, with its jars at hand."""
    lacking = [name for name in ("java", *(() if _has_jars() else ("mvn",))) if shutil.which(name) is None]
    if lacking:
        if os.environ.get("CI") == "true":
            pytest.fail(f"veraPDF must check the letters in CI, and there is no {lacking[0]}")
        pytest.skip(f"needs veraPDF, and there is no {lacking[0]}: install Java 17 or later and Maven")
    LIBS.mkdir(parents=True, exist_ok=True)
    with (LIBS.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be fetching: then they are here afterwards
        if not _has_jars():
            command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
            command.append(f"-DoutputDirectory={LIBS}")
            done = subprocess.run(command, capture_output=True, text=True, timeout=MAVEN_SECONDS, check=False)
            assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
            (LIBS / ".complete").write_bytes((HERE / "pom.xml").read_bytes())
    return VeraPdf()


def _has_jars():
    return (LIBS / ".complete").exists() and (LIBS / ".complete").read_bytes() == (HERE / "pom.xml").read_bytes()
