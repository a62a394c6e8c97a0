"""`registry verify`: any document that somebody holds, check by check."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from registry.cli.consortium.node_options import parse_founded
from registry.cli.evidence.document_folder import verify_folder
from registry.cli.evidence.document_source import fetch_document, is_address
from registry.cli.files import FileError, read_bytes
from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say
from registry.node.adapters.document_ports import VerificationSetup, open_ports
from registry.settings.settings import NoSettings
from registry.verification.checks import Check
from registry.verification.trust import InvalidTrust
from registry.verification.verifier import Verdict, VerificationReport, verify_document

EXITS: Final[dict[Verdict, int]] = {"valid": 0, "validWithWarning": 0, "invalid": 1, "cannotTell": 5}
_STYLES: Final[dict[Verdict, str]] = {
    "valid": "green", "validWithWarning": "yellow", "invalid": "red", "cannotTell": "yellow"
}  # fmt: skip
_RESULTS: Final = {"passed": "passed", "failed": "FAILED", "warning": "warning", "notChecked": "not checked"}
_NAMES: Final = {
    "parsed": "readable",
    "schema": "form",
    "signature": "signature",
    "certificate": "certificate",
    "issuer": "issuer",
    "onLog": "on the log",
    "status": "status",
    "dates": "dates",
    "holder": "holder",
}
_SOURCES: Final = {
    "governance": "by the consortium's governance",
    "certificate": "as the seal's certificate says; governance does not know it",
    "trustFile": "by your file of trust",
}
DISCLOSURES_SUFFIX: Final = ".disclosures"


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("verify")(verify)


def verify(
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(help="A file, a folder of files, an https address, or - for standard input.")
    ],
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch nothing, and ask no node.")] = False,
    trust: Annotated[
        Path | None,
        typer.Option(help="Whom else you trust: certificates (PEM), or JSON of names by issuers' identifiers."),
    ] = None,
    crl: Annotated[
        list[Path] | None,
        typer.Option(help="A list of certificates that an authority revoked (CRL, PEM or DER). Can be repeated."),
    ] = None,
    governance: Annotated[
        Path | None, typer.Option(help="A folder with governance.log, if you have no node; with --founded.")
    ] = None,
    founded: Annotated[
        str | None, typer.Option(help="The founding's hash, from somebody you trust; with --governance.")
    ] = None,
    nonce: Annotated[str | None, typer.Option(help="What you asked the holder to sign; with --audience.")] = None,
    audience: Annotated[str | None, typer.Option(help="Who you told the holder that you are; with --nonce.")] = None,
    report: Annotated[Path | None, typer.Option(help="For a folder: the file with the results, .csv or .json.")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a document that somebody shows you: a credential, a badge, a transcript, a receipt.

    The first line is the result. Each check has passed, failed, a warning, or could not be made; a document is never
    called more than was checked. The name of the issuer comes from the consortium, never from the document.

    Exit code 0: valid, maybe with a warning. 1: not valid. 5: something that matters could not be checked. Of a folder
    the worst document counts; a file that cannot be read stops nothing.

    Examples: registry verify certificate.jsonld
    registry verify e7c1ab39-….tlog-proof --governance given --founded 9f2c…
    registry verify applications --report results.csv
    """
    setup = _create_setup(context, offline, trust, crl or [], governance, founded, nonce, audience)
    if not is_address(source) and source != "-" and Path(source).is_dir():
        raise typer.Exit(verify_folder(Path(source), setup, report, as_json=as_json))
    if report is not None:
        raise typer.BadParameter("a report is for a folder; use --json for one document", param_hint="--report")
    if is_address(source):
        if offline:
            raise typer.BadParameter("nothing is fetched with --offline; download the file", param_hint="SOURCE")
        content = fetch_document(source)
    else:
        content = read_bytes(Path(source))
    try:
        with open_ports(setup) as create_ports:
            result = verify_document(content, create_ports(), read_disclosures(source))
    except InvalidTrust as error:
        raise FileError(f"The file of trust or a list of revoked certificates cannot be used: {error}.") from error
    if as_json:
        print_json(result)
    else:
        show_report(result)
    raise typer.Exit(EXITS[result.verdict])


def read_disclosures(source: str) -> list[str]:
    """Return the disclosures in the file beside a receipt; none where there is no such file."""
    file = Path(source + DISCLOSURES_SUFFIX)
    if is_address(source) or source == "-" or not file.is_file():
        return []
    try:
        return read_bytes(file).decode().split()
    except UnicodeDecodeError as error:
        raise FileError(f"{file} is not UTF-8 text.") from error


def _create_setup(
    context: typer.Context,
    offline: bool,  # noqa: FBT001 - an option of the command
    trust: Path | None,
    crls: Sequence[Path],
    governance: Path | None,
    founded: str | None,
    nonce: str | None,
    audience: str | None,
) -> VerificationSetup:
    if (governance is None) != (founded is None):
        raise typer.BadParameter("pass both, or neither", param_hint="--governance, --founded")
    if (nonce is None) != (audience is None):
        raise typer.BadParameter("pass both, or neither", param_hint="--nonce, --audience")
    home = None
    if not offline and governance is None:
        try:
            home = node_of(context).settings.home
        except NoSettings:
            home = None  # anybody may verify; the checks say what a node would know
    return VerificationSetup(
        home=home,
        governance=governance,
        founded=None if founded is None else parse_founded(founded),
        trust=b"" if trust is None else read_bytes(trust),
        crls=tuple(read_bytes(file) for file in crls),
        nonce=nonce,
        audience=audience,
        offline=offline,
    )


def show_report(report: VerificationReport, indent: str = "") -> None:
    """Print a report for people."""
    say(f"{indent}{report.summary}", style=_STYLES[report.verdict])
    if report.format_name is not None:
        say(f"{indent}{report.format_name}")
    if report.issuer_name is not None and report.issuer_name_source is not None:
        say(f"{indent}issuer: {report.issuer_name}, {_SOURCES[report.issuer_name_source]}")
    for check in report.checks:
        say(f"{indent}  {_describe(check)}", style={"failed": "red", "warning": "yellow"}.get(check.result))
    for name, value in report.claims.items():
        if isinstance(value, str | int | float):  # the others are for programs: see --json
            say(f"{indent}  it says {name}: {value}")
    for inner in report.contained:
        show_report(inner, indent + "    ")


def _describe(check: Check) -> str:
    return f"{_NAMES[check.name]}: {_RESULTS[check.result]}. {check.sentence}"
