"""Verification of a folder of documents: in one process for each core, with a result for each file."""

import csv
import io
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from consumers.streams.processes import run_in_processes
from registry.cli.files import FileError, read_bytes, write_file
from registry.cli.output import plain, print_json, progress, say
from registry.node.adapters.document_ports import VerificationSetup, open_ports
from registry.verification.checks import Check
from registry.verification.trust import InvalidTrust
from registry.verification.verifier import ORDER, VerificationReport, verify_document

MAX_FILES: Final = 100_000
_MAX_CHUNK: Final = 500
_CHUNKS_PER_WORKER: Final = 4
"""Parts of a folder that each process takes, one after the other: a node is opened for each, and none waits long."""
_MIN_FILES: Final = 100
"""Files for which a further process is worth its start, which takes as long as this many files."""
_DISCLOSURES: Final = ".disclosures"
_INSIDE: Final = ("inside", "insideFormats", "insideVerdicts", "insideIssuers", "insideCredentials")
"""Columns on documents inside of a file: in a PDF, a learner record, a presentation or a list."""
_COLUMNS: Final = (
    *("file", "verdict", "summary", "format", "issuerName", "issuerNameFrom", "credential"),
    *ORDER,
    *_INSIDE,
    "reason",
)
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of cells that spreadsheets compute."""


class FileResult(msgspec.Struct, frozen=True, rename="camel"):
    """The result for one file of a folder."""

    file: str
    report: VerificationReport


def verify_folder(folder: Path, setup: VerificationSetup, report: Path | None, *, as_json: bool) -> int:
    """Verify every file of a folder and its folders; return the exit code. Raises `FileError`."""
    if report is not None and report.suffix not in (".csv", ".json"):
        raise FileError(f"{report}: a report is a .csv or a .json file.")
    files = list_files(folder)
    if not files:
        raise FileError(f"{folder} has no files.")
    results = verify_files(files, setup)
    if report is not None:
        content = write_csv(results) if report.suffix == ".csv" else msgspec.json.encode(plain(results)) + b"\n"
        write_file(report, content)
    counts = Counter(result.report.verdict for result in results)
    if as_json:
        print_json({"items": results, "counts": counts})
    else:
        for result in results if report is None else ():
            say(f"{result.file}: {result.report.summary} {_reason_of(result.report)}")
        say(
            f"{len(results):,} files: {counts['valid']:,} valid, {counts['validWithWarning']:,} valid with a warning,"
            f" {counts['invalid']:,} not valid, {counts['cannotTell']:,} of which we cannot tell"
        )
    if counts["invalid"]:
        return 1
    return 5 if counts["cannotTell"] else 0


def list_files(folder: Path) -> list[Path]:
    """Return the files of a folder and its folders in their order, without disclosures that lie beside a receipt."""
    files = []
    for file in sorted(folder.rglob("*")):
        beside = file.suffix == _DISCLOSURES and file.with_suffix("").is_file()
        if file.is_file() and not file.name.startswith(".") and not beside:
            files.append(file)
        if len(files) > MAX_FILES:
            raise FileError(f"{folder} has over {MAX_FILES:,} files; verify its folders one by one.")
    return files


def verify_files(files: Sequence[Path], setup: VerificationSetup) -> list[FileResult]:
    """Verify files, a few at once; return the results in the order of the files."""
    workers = max(1, min(os.cpu_count() or 1, len(files) // _MIN_FILES))
    size = min(_MAX_CHUNK, math.ceil(len(files) / (workers * _CHUNKS_PER_WORKER)))
    chunks = [files[start : start + size] for start in range(0, len(files), size)]
    done: list[FileResult] = []
    with progress("verifying", len(files)) as counter:
        if workers == 1:
            for chunk in chunks:
                done += verify_chunk(counter.advance, chunk, setup)
        else:
            jobs = [(chunk, setup) for chunk in chunks]
            for results in run_in_processes(verify_chunk, jobs, workers, counter.advance):
                done += results
    place = {str(file): number for number, file in enumerate(files)}
    return sorted(done, key=lambda result: place[result.file])


def verify_chunk(on_verified: Callable[..., None], files: Sequence[Path], setup: VerificationSetup) -> list[FileResult]:
    """Verify some files in this process. A file that cannot be read has a result, too."""
    results = []
    try:
        with open_ports(setup) as create_ports:
            for file in files:
                results.append(FileResult(str(file), verify_file(file, create_ports())))
                on_verified(1)
    except InvalidTrust as error:
        raise FileError(f"The file of trust or a list of revoked certificates cannot be used: {error}.") from error
    return results


def verify_file(file: Path, ports: Any) -> VerificationReport:  # noqa: ANN401 - of the verification
    """Verify one file. A fault is the result of this file alone."""
    beside = file.with_name(file.name + _DISCLOSURES)
    try:
        content = read_bytes(file)
        disclosures = read_bytes(beside).decode().split() if beside.is_file() else []
    except (FileError, UnicodeDecodeError) as error:
        return _report_unverified("the file could not be read", f"The file could not be read: {error}")
    try:
        return verify_document(content, ports, disclosures)
    except Exception as error:  # noqa: BLE001 - a fault of the program with one file must not end the others
        # The error's message may quote the document, and with it a person: its kind is enough to report the fault
        return _report_unverified(
            "the program failed on this file",
            f"Internal error ({type(error).__name__}). Verify this file alone to see more.",
        )


def _report_unverified(why: str, sentence: str) -> VerificationReport:
    """Return the report on a file that could not be verified. `why` is for the summary."""
    return VerificationReport(
        verdict="cannotTell",
        summary=f"We cannot tell: {why}.",
        format=None,
        format_name=None,
        checks=[Check("parsed", "notChecked", sentence)],
    )


def write_csv(results: Sequence[FileResult]) -> bytes:
    """Return the results as CSV (RFC 4180), one line a file. Nothing of what documents say of persons is in it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for result in results:
        report = result.report
        by_name = {name: [check.result for check in report.checks if check.name == name] for name in ORDER}
        row = [
            result.file,
            report.verdict,
            report.summary,
            report.format_name or "",
            report.issuer_name or "",
            report.issuer_name_source or "",
            report.credential or "",
            *(" ".join(by_name[name]) for name in ORDER),
            *_describe_inside(report),
            _reason_of(report),
        ]
        writer.writerow([_defuse(cell) for cell in row])
    return text.getvalue().encode()


def _describe_inside(report: VerificationReport) -> list[str]:
    """Return the columns on the documents inside of a file, in their order: how many, and of each what is known."""
    inside = list(_list_inside(report))
    if not inside:
        return [""] * len(_INSIDE)
    return [
        str(len(inside)),
        *(
            "; ".join(each or "?" for each in values)
            for values in (
                [each.format_name for each in inside],
                [each.verdict for each in inside],
                [each.issuer_name for each in inside],
                [each.credential for each in inside],
            )
        ),
    ]


def _list_inside(report: VerificationReport) -> Iterator[VerificationReport]:
    """Yield the reports on the documents inside of one, and on those inside of them."""
    for each in report.contained:
        yield each
        yield from _list_inside(each)


def _reason_of(report: VerificationReport) -> str:
    """Return the first sentence that speaks against a document, or that leaves something open."""
    for result in ("failed", "notChecked", "warning"):
        for check in report.checks:
            if check.result == result and check.name != "holder":
                return check.sentence
    for inner in report.contained:
        if reason := _reason_of(inner):
            return reason
    return ""


def _defuse(cell: str) -> str:
    """Return a cell that no spreadsheet computes: names of files and issuers are other people's text."""
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell
