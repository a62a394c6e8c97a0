"""The options of an audit."""

from pathlib import Path
from typing import Annotated

import typer

LogOption = Annotated[
    str | None, typer.Option("--log", help="Another log than the node's: file:PATH, archive:PATH or kafka://…")
]
FoundedOption = Annotated[
    str | None,
    typer.Option(
        "--founded",
        help="The founding's hash, from somebody you trust: audit --log with it alone, without a node.",
    ),
]
ViewsOption = Annotated[
    bool | None,
    typer.Option(
        "--views/--no-views",
        help="Insist on a comparison with the node's views, or leave it out (else: compare where there are any).",
    ),
]
LogOnlyOption = Annotated[bool, typer.Option("--log-only", help="Verify the log alone; no views are rebuilt.")]
MemberOption = Annotated[
    list[str] | None, typer.Option("--member", help="Only this member's stream and rows (several times).")
]
SinceOption = Annotated[
    Path | None,
    typer.Option(
        "--since",
        dir_okay=False,
        help="Go on from an earlier report (JSON) of this log, or of another copy of it; the log alone.",
    ),
]
DigestOption = Annotated[
    list[Path] | None,
    typer.Option("--digest", help="A node's signed digest of its views, to compare with (several times)."),
]
RequireWitnessOption = Annotated[
    bool, typer.Option("--require-witness", help="Insist that witnesses cosigned the newest head of every log.")
]
WitnessOption = Annotated[
    list[str] | None, typer.Option("--witness", help="A witness's public key, without a node (several times).")
]
CosignaturesOption = Annotated[
    Path | None,
    typer.Option(
        "--cosignatures",
        exists=True,
        file_okay=False,
        help="With --witness: a copy of a node's folder `cosignatures`.",
    ),
]
NeededOption = Annotated[
    int | None,
    typer.Option(
        "--needed",
        min=1,
        help="The number of witnesses that must have cosigned (else all of --witness, or the node's setting).",
    ),
]
MaxAgeOption = Annotated[
    int | None,
    typer.Option(
        "--max-age-hours",
        min=1,
        help="The greatest age of their cosignatures, in hours (else the node's setting, or any age).",
    ),
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", dir_okay=False, help="Also write the report as one HTML page.")
]
SaveOption = Annotated[
    Path | None, typer.Option("--save", dir_okay=False, help="Also write the report as JSON, for --since and compare.")
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="The number of processes (else one for each core).")
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="The database in which the views are rebuilt (else a PostgreSQL that is started and removed again).",
    ),
]
