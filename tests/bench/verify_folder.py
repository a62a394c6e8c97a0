"""`registry verify` of a folder of 1,000 documents: files a second, and the processor time of a file of each format."""

import os
import resource
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from uuid import uuid4

from registry.cli.evidence.document_folder import verify_chunk, verify_files, write_csv
from registry.export.document import Attachment
from registry.export.facts import portfolio_of
from registry.export.formats import FORMATS, Format, call_writer
from registry.export.holder import read_holder_key
from registry.node.adapters.document_ports import VerificationSetup
from registry.verification.verifier import VerificationReport
from tests.bench.result import Result
from tests.support import portable
from tests.support.signer import KeySigner, make_copy

FILES = 1_000
TARGET = 100.0
SHARES = {
    ("open-badge", "credential"): 300,
    ("pdf", "credential"): 200,
    ("sd-jwt-vc", "credential"): 200,
    ("badge-png", "credential"): 75,
    ("badge-svg", "credential"): 75,
    ("elm", "credential"): 50,
    ("elmo", "credential"): 50,
    ("clr", "portfolio"): 50,
}
"""What an office receives: mostly badges, certificates with a badge inside, and wallets' credentials."""
SAMPLES = 4
"""Documents of a slow format that are made; the others are copies of these. Nothing is remembered between files."""
OFFLINE = VerificationSetup(offline=True)


def verify_folder_bench() -> list[Result]:
    """A folder in all formats at once, and then one process's time for a file of each."""
    key = KeySigner()
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as name:
        folder = Path(name)
        for format_, count in _formats():
            for number, content in enumerate(islice(cycle(_documents(format_, key)), count)):
                (folder / f"{format_.name}-{number}.{format_.extension}").write_bytes(content)
        files = sorted(folder.iterdir())
        began, before = time.perf_counter(), _processor_seconds()
        results = verify_files(files, OFFLINE)
        write_csv(results)
        took, spent = time.perf_counter() - began, _processor_seconds() - before
        bad = [each.file for each in results if _signature(each.report) == "failed"]
        if len(results) != FILES or bad:
            raise RuntimeError(f"{len(results)} results, and broken documents: {bad[:3]}")
        processors = os.cpu_count() or 1
        title = f"registry verify of {FILES:,} files on {processors} processors"
        return [
            Result(title, "files/s", FILES / took, f"at least {TARGET:g}", FILES / took >= TARGET),
            Result("registry verify of a folder, processor time a file", "ms", 1_000 * spent / FILES, "", met=True),
            *(_measure(format_, folder) for format_, _ in _formats()),
        ]


def _formats() -> list[tuple[Format, int]]:
    return [(FORMATS.find(name, content), count) for (name, content), count in SHARES.items()]  # type: ignore[arg-type] # keys of the table


def _signature(report: VerificationReport) -> str | None:
    return next((each.result for each in report.checks if each.name == "signature"), None)


def _processor_seconds() -> float:
    """Return the processor time of this process and of those that it started and that have ended."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _measure(format_: Format, folder: Path) -> Result:
    """Return the processor time for a file of a format, once its code is loaded."""
    files = sorted(folder.glob(f"{format_.name}-*"))[:41]
    verify_chunk(_ignore, files[:1], OFFLINE)
    began = time.process_time()
    verify_chunk(_ignore, files[1:], OFFLINE)
    spent = 1_000 * (time.process_time() - began) / (len(files) - 1)
    return Result(f"registry verify of a folder: {format_.name}", "ms", spent, "", met=True)


def _ignore(*_: object) -> None:
    """Report nothing."""


def _documents(format_: Format, key: KeySigner) -> list[bytes]:
    return [_document(format_, key) for _ in range(SAMPLES)]


def _document(format_: Format, key: KeySigner) -> bytes:
    facts = portable.credential() if format_.content == "credential" else portable.portfolio()
    ids = [] if format_.content == "credential" else [each.credential for each in facts.credentials]
    holder = read_holder_key(key.jwk) if format_.needs_holder else None
    inside = ()
    if format_.media_type == "application/pdf":
        badge = FORMATS.find("open-badge", "credential")
        inside = (Attachment("credential.json", badge.media_type, _document(badge, key), "Open Badge"),)
    values = {
        "facts": facts,
        "portfolio": portfolio_of(facts) if format_.content == "credential" else facts,
        "copy": make_copy(identifier=uuid4().urn, holder=holder),
        "copies": {identifier: make_copy(identifier=uuid4().urn) for identifier in ids},
        "signer": key,
        "extension": format_.extension,
        "language": "en",
        "attachments": inside,
        "fonts": (),
    }
    return call_writer(format_, values).content
