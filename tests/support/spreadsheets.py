"""Spreadsheet files (.xlsx) for tests, written by hand: what a real program writes and what a hostile one would."""

import io
import zipfile
from datetime import date
from xml.sax.saxutils import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
_STYLES = (
    f'<styleSheet {_MAIN}><numFmts><numFmt numFmtId="164" formatCode="0000000"/>'
    '<numFmt numFmtId="165" formatCode="dd\\.mm\\.yyyy"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'
)
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DAY, PADDED, GERMAN_DAY = 1, 2, 3
"""Styles: a day in a built-in format, a number with zeros in front, a day as DD.MM.YYYY."""


class Raw(str):
    """The XML of a cell, as it is written."""

    __slots__ = ()


def number(value: object, style: int = 0) -> Raw:
    """A cell that holds a number."""
    return Raw(f'<c s="{style}"><v>{value}</v></c>')


def day(value: date, style: int = DAY) -> Raw:
    """A cell that holds a day, as the programs count them."""
    return number((value - date(1899, 12, 30)).days, style)


def error(value: str) -> Raw:
    """A cell that holds an error value."""
    return Raw(f'<c t="e"><v>{value}</v></c>')


def shared(index: int) -> Raw:
    """A cell that refers to the table of texts."""
    return Raw(f'<c t="s"><v>{index}</v></c>')


def _cell(value: object) -> str:
    if isinstance(value, Raw):
        return value
    if value == "":
        return "<c/>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def sheet_xml(rows: list[list[object]]) -> str:
    """The rows of a sheet; an empty list is a row that the file leaves out."""
    lines = [f'<row r="{at}">{"".join(map(_cell, row))}</row>' for at, row in enumerate(rows, 1) if row]
    return f"<worksheet {_MAIN}><sheetData>{''.join(lines)}</sheetData></worksheet>"


def xlsx(
    sheets: dict[str, list[list[object]] | str], texts: tuple[str, ...] = (), *, since_1904: bool = False
) -> bytes:
    """A spreadsheet of these sheets (rows, or a sheet's XML), with a table of texts that cells may refer to."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = {"workbook": "sheet.main", "styles": "styles", "sharedStrings": "sharedStrings"}
        types = "".join(
            f'<Override PartName="/xl/{part}.xml" ContentType="{_TYPES}.{kind}+xml"/>' for part, kind in parts.items()
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}</Types>',
        )
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"/>' for at, name in enumerate(sheets, 1)
        )
        properties = '<workbookPr date1904="1"/>' if since_1904 else ""
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {_MAIN} xmlns:r="{_OFFICE}">{properties}<sheets>{listed}</sheets></workbook>',
        )
        relations = "".join(
            f'<Relationship Id="rId{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
            for at, _ in enumerate(sheets, 1)
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships {_RELATIONS}>{relations}</Relationships>")
        archive.writestr("xl/styles.xml", _STYLES)
        items = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
        archive.writestr("xl/sharedStrings.xml", f"<sst {_MAIN}>{items}</sst>")
        for at, rows in enumerate(sheets.values(), 1):
            archive.writestr(f"xl/worksheets/sheet{at}.xml", rows if isinstance(rows, str) else sheet_xml(rows))
    return into.getvalue()


def with_parts(content: bytes, parts: dict[str, str | None]) -> bytes:
    """The spreadsheet with these parts instead of its own; without one whose text is None."""
    into = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *parts]):
            text = parts.get(name, old.read(name) if name in old.namelist() else None)
            if text is not None:
                new.writestr(name, text)
    return into.getvalue()


def with_flags(content: bytes, part: str, bits: int) -> bytes:
    """The spreadsheet with these bits set in the flags that its directory has of a part."""
    changed, name = bytearray(content), part.encode()
    entry = content.rindex(name) - 46  # a name follows the 46 bytes of its entry
    assert content[entry : entry + 4] == b"PK\x01\x02"
    changed[entry + 8] |= bits
    return bytes(changed)
