"""Export credentials and portfolios as documents that other software accepts."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import typer

from registry.cli import ids
from registry.cli.account import As, who
from registry.cli.days import parse_day
from registry.cli.files import FileError, read_json, write_file
from registry.cli.issuing.own_events import say_views_behind
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, progress, say, warn
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.export.document import Omission, Profile, Tie
from registry.export.exporter import Document, Exporter, ExportRequest
from registry.export.formats import FORMATS, LANGUAGES, Content, Format
from registry.export.ports import TermQuery
from registry.log.durable_files import PRIVATE
from registry.node.node import Node
from registry.node.term_export import REPORT, TermExport
from registry.values.plural import plural

FormatName = Annotated[
    str, typer.Option("--format", "-f", help="The format's name: `registry credential formats` lists them.")
]
Profiles = Annotated[
    Literal["open", "eudi"] | None,
    typer.Option("--profile", help="The issuing key that signs: open (did:web) or eudi (certificate)."),
]
Holder = Annotated[
    Path | None, typer.Option("--holder", help="The holder's public key, a JWK in a file, to which it is bound.")
]
Ties = Annotated[
    Literal["open", "disclosable", "none"] | None,
    typer.Option(
        "--tie",
        help="The place on the log: open for all to see, disclosable by the holder, or not in the document (else as is"
        " usual for the format).",
    ),
]
LanguageOption = Annotated[
    Literal["en", "de", "es", "fr", "nl", "pt", "sv"] | None,
    typer.Option("--language", help=f"Of a PDF or a badge: {', '.join(LANGUAGES)} (else en)."),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="The file; - is standard output (else ID.ENDING).")]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
_MAX_REPORTED: Final = 20
"""Credentials without a document that are printed. The report has all."""


def export_credential(
    context: typer.Context,
    credential: Annotated[str | None, typer.Argument(help="The credential's id, or its beginning.")] = None,
    *,
    format_: FormatName,
    record: Annotated[str | None, typer.Option(help="Your own id of the row that it was issued for.")] = None,
    achievement: Annotated[
        str | None, typer.Option(help="Instead of one credential: all of this achievement, into a folder.")
    ] = None,
    awarded: Annotated[
        str | None, typer.Option(metavar="FROM..TO", help="With --achievement: awarded on these days (YYYY-MM-DD).")
    ] = None,
    profile: Profiles = None,
    holder: Holder = None,
    tie: Ties = None,
    language: LanguageOption = None,
    out: Out = None,
    force: Force = False,
    actor: As = None,
) -> None:
    """Write a credential as a document that other software accepts.

    What the format cannot carry is printed on standard error. The file has personal data, and only you can read it.

    With --achievement, --out is a folder: one file for each credential, named by its id, and a report of those that
    were not exported, with the reason. Run it again to continue after an interruption.

    Examples: registry credential export e7c1ab39-… --format pdf
    registry credential export e7c1ab39-… --format sd-jwt-vc --holder wallet.jwk -o -
    registry credential export --achievement 8b466a70 --awarded 2026-02-01..2026-07-31 --format pdf -o certificates
    """
    node = node_of(context)
    request = _request(format_, profile, holder, tie, language)
    exporter = _open_exporter(node, who(actor))
    if achievement is None:
        if awarded is not None:
            raise typer.BadParameter("goes with --achievement", param_hint="--awarded")
        identifier = _find_credential(context, credential, record)
        _write(exporter.export_credential(identifier, request), identifier, out, force=force)
        return
    if credential is not None or record is not None:
        raise typer.BadParameter("give either one credential or --achievement", param_hint="--achievement")
    if holder is not None:
        raise typer.BadParameter("is the key of one holder; export their credential alone", param_hint="--holder")
    if out is None or str(out) == "-":
        raise typer.BadParameter("name the folder; standard output takes one document", param_hint="-o")
    say_views_behind(node)
    query = TermQuery(ids.resolve(node, achievement, "achievement"), *parse_days(awarded))
    _write_term(TermExport(node, exporter, out), query, request, out)


def _open_exporter(node: Node, actor: str) -> Exporter:
    from registry.node.adapters.documents import open_exporter  # noqa: PLC0415 - half a second of imports

    return open_exporter(node, actor)


def _find_credential(context: typer.Context, credential: str | None, record: str | None) -> str:
    node = node_of(context)
    if (credential is None) == (record is None):
        raise typer.BadParameter("give the credential's id, --record or --achievement", param_hint="CREDENTIAL")
    if credential is not None:
        return ids.resolve(node, credential, "credential")
    issued = node.issuer.find_credential(record or "")
    if issued is None:
        raise ids.IdNotFound(f"No credential was issued for the record {record}.")
    return issued


def parse_days(text: str | None) -> tuple[date | None, date | None]:
    """Return the two days of FROM..TO, of which one may be left out. Raises `typer.BadParameter`."""
    if text is None:
        return None, None
    first, dots, last = text.partition("..")
    if not dots or not (first or last):
        raise typer.BadParameter(f"{text!r} is not FROM..TO, such as 2026-02-01..2026-07-31", param_hint="--awarded")
    begin, end = (parse_day(day).date() if day else None for day in (first, last))
    if begin is not None and end is not None and end < begin:
        raise typer.BadParameter("the first day is after the last", param_hint="--awarded")
    return begin, end


def _request(
    format_: str,
    profile: Profile | None,
    holder: Path | None,
    tie: Tie | None,
    language: Any,  # noqa: ANN401 - typer's choice
) -> ExportRequest:
    jwk = None if holder is None else read_json(holder, dict[str, Any])
    return ExportRequest(format=format_, profile=profile, holder=jwk, tie=tie, language=language)


def _write(document: Document, identifier: str, out: Path | None, *, force: bool) -> None:
    """Write one document, and say what it lacks."""
    content = document.exported.content
    if str(out) == "-":
        typer.echo(content, nl=False)
    else:
        file = out or Path(f"{identifier}.{document.exported.extension}")
        if file.is_file() and not force:
            raise FileError(f"{file} exists. Name another file with --out, or pass --force to replace it.")
        write_file(file, content, mode=PRIVATE)
        say(f"{file}: {document.format.title}, {len(content):,} bytes")
    say_omissions(document.exported.omitted)


def say_omissions(omitted: Sequence[Omission]) -> None:
    """Print on standard error what a document lacks."""
    for omission in omitted:
        errors.print(f"not in it: {omission.path}: {omission.reason}", markup=False, highlight=False)


def _write_term(export: TermExport, query: TermQuery, request: ExportRequest, folder: Path) -> None:
    outcomes: Counter[str] = Counter()
    omissions: Counter[str] = Counter()
    active, others = export.list_credentials(query)
    with progress("credentials", len(active) + len(others)) as counter:
        for row in export.run(query, request):
            counter.advance()
            outcomes[row.outcome] += 1
            if row.outcome == "written" and row.reason:
                omissions[row.reason] += 1
            if row.outcome in ("not-exported", "outdated") and outcomes["not-exported"] <= _MAX_REPORTED:
                errors.print(f"{row.credential}: {row.reason}", markup=False, highlight=False)
    say(f"{plural(outcomes['written'], 'file')} written to {folder}, {outcomes['kept']} there before")
    for reason, count in omissions.most_common(_MAX_REPORTED):
        errors.print(f"not in {plural(count, 'file')}: {reason}", markup=False, highlight=False)
    if outcomes["outdated"]:
        warn(f"{plural(outcomes['outdated'], 'file')} of an earlier run must not be handed out any more")
    if failed := outcomes["not-exported"] + outcomes["outdated"]:
        say(f"{plural(failed, 'credential')} not exported: {folder / REPORT} says why")
        raise typer.Exit(1)


def export_portfolio(
    context: typer.Context,
    learner: Annotated[str | None, typer.Argument(help="The learner's id, or its beginning (else --student).")] = None,
    *,
    format_: FormatName,
    student: Annotated[
        str | None, typer.Option(help=f"Your own number of the learner. {FROM_INPUT}", callback=from_input)
    ] = None,
    profile: Profiles = None,
    holder: Holder = None,
    tie: Ties = None,
    language: LanguageOption = None,
    out: Out = None,
    force: Force = False,
    actor: As = None,
) -> None:
    """Write a learner's active credentials at this university as one document: a transcript, or a learner record.

    What this node stores about a learner is another export: the learner's page on the registrar's desk has it.

    Example: registry learner portfolio 5b0e7d1c-… --format elmo
    """
    node = node_of(context)
    if (learner is None) == (student is None):
        raise typer.BadParameter("give the learner's id, or --student", param_hint="LEARNER")
    if learner is None:
        identifier = ids.learner_of_student(node, student or "")
    else:
        identifier = ids.resolve(node, learner, "learner")
    request = _request(format_, profile, holder, tie, language)
    _write(_open_exporter(node, who(actor)).export_portfolio(identifier, request), identifier, out, force=force)


class ListedFormat(msgspec.Struct, frozen=True):
    """A format of exports."""

    name: str
    title: str
    made_of: Content
    media_type: str
    extension: str
    profiles: Sequence[Profile]
    needs_holder: bool
    cannot_carry: str

    @classmethod
    def of_format(cls, row: Format) -> "ListedFormat":
        """Return a row of the table of formats as it is printed."""
        return cls(
            row.name, row.title, row.content, row.media_type, row.extension, row.profiles, row.needs_holder,
            row.cannot_carry,
        )  # fmt: skip


def list_formats(*, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the formats in which credentials and portfolios are exported, and what each cannot carry.

    Example: registry credential formats
    """
    rows = [*FORMATS.list_formats("credential"), *FORMATS.list_formats("portfolio")]
    columns = [
        Column("name", lambda row: row.name),
        Column("format", lambda row: row.title),
        Column("of", lambda row: row.made_of),
        Column("signed", lambda row: " or ".join(row.profiles)),
        Column("cannot carry", lambda row: row.cannot_carry),
        Column("media type", lambda row: row.media_type, wide=True),
    ]
    formats = [ListedFormat.of_format(row) for row in rows]
    print_list(formats, columns, as_json=as_json, as_csv=as_csv, wide=wide)
