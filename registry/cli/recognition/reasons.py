"""Saved reasons and country notes: the texts of letters for each code."""

from typing import Annotated

import typer

from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say, table
from registry.office.reasons.country_notes import NOTHING, CountryNote, country_note
from registry.office.reasons.reasons import FALLBACK, KINDS, folder_of, reasons

reasons_app = typer.Typer(help="Texts of letters for each code, by language; notes on countries.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(reasons_app, name="reasons")


Language = Annotated[
    str, typer.Option(help="The language, for example nl. Without a text in it, the English one is shown.")
]


@reasons_app.command("list")
def list_reasons(
    context: typer.Context,
    kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(KINDS)} (else all).")] = None,
    *,
    language: Language = FALLBACK,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List all codes with their texts.

    An office's own wording goes into reasons/LANGUAGE.toml of the node's folder, as the project's own are.

    Examples: registry reasons list --language sv
    registry reasons list workload --language nl
    """
    if kind is not None and kind not in KINDS:
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(KINDS)}", param_hint="KIND")
    wording = reasons(folder_of(node_of(context).settings.home))
    lines = [
        {"kind": each, "code": code, "text": wording.text(code, language)}
        for each in KINDS
        if kind in (None, each)
        for code in sorted(KINDS[each])
    ]
    columns = [
        Column("kind", lambda line: line["kind"]),
        Column("code", lambda line: line["code"]),
        Column("text", lambda line: line["text"]),
    ]
    if print_list(lines, columns, as_json=as_json, as_csv=as_csv, wide=wide):
        say(f"languages: {', '.join(wording.languages)}")


@reasons_app.command("show")
def show(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="A code, for example substantiallyLess; or a country, for example NL.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show a code's text in all languages, or what is recorded about a country, with its sources.

    Examples: registry reasons show substantiallyLess
    registry reasons show NL
    """
    folder = folder_of(node_of(context).settings.home)
    if len(code) == 2:
        note = country_note(code, folder)
        if note is None:
            raise typer.BadParameter(f"{code} is not a country's code (ISO 3166-1 alpha-2)", param_hint="CODE")
        if as_json:
            print_json(note)
            return
        show_country(note)
        return
    texts = reasons(folder).all(code)
    if not texts:
        errors.print(f"There is no code {code}; `registry reasons list` lists them.", markup=False)
        raise typer.Exit(1)
    if as_json:
        print_json(texts)
        return
    table(("language", "text"), texts.items())


def show_country(note: CountryNote) -> None:
    """Print what is recorded about a country, each statement with its source."""
    if not note.statements:
        say(f"{note.country}: {NOTHING}")
    for statement in note.statements:
        for language, text in statement.text.items():
            words = text if language == FALLBACK else f"{language}: {text}"
            say(f"{note.country}: {words} (as of {statement.date}; source: {statement.source})")
