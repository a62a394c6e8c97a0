"""The display of a number or a text in a spreadsheet program, by the number format of its cell (ECMA-376, 18.8.31).

Functions return None for a format that this module does not know.
"""

import functools
import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Final, NamedTuple

MAX_CODE: Final = 255
"""Characters of a number format; the programs allow no more."""
_CONDITION: Final = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d{1,15}(?:\.\d{1,15})?)\]")
_COLOUR: Final = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|colou?r *\d{1,2}", re.IGNORECASE)
_CURRENCY: Final = re.compile(r"\$([^-\]]*)(?:-[0-9a-f]{1,6})?", re.IGNORECASE)
"""A currency, and a language of up to six hexadecimal digits; a seventh says in which script the digits are."""
_FRACTION: Final = re.compile(r"(?:([#0?]+) +)?([#0?]+) */ *([#0?]{1,4}|[1-9]\d{0,3})")
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<general>general)|(?P<digit>[0#?])'
    r"|(?P<sign>[.,%/@])|(?P<literal>[-1-9$+():!^&'~{}<>= \u00a0€£¥])",
    re.IGNORECASE | re.DOTALL,
)
"""`_x` is a space as wide as x, and `*x` fills the column with x: neither is read as text."""
_SECTION: Final = re.compile(r'(?:"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|[^;])*', re.DOTALL)
_LITERALS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', re.DOTALL)
_DIGITS: Final = "0#?"


class _Section(NamedTuple):
    """One of up to four formats: of positive numbers, negative ones, zero, and texts."""

    code: str
    condition: tuple[str, Decimal] | None
    tokens: tuple[tuple[str, str], ...] | None
    """Kind (`literal`, `digit`, `sign`, `general`) and text; None where not all of it is known."""

    def matches(self, value: Decimal) -> bool:
        """Return True if a number meets the condition."""
        if self.condition is None:
            return True
        sign, limit = self.condition
        order = "<" if value < limit else ">" if value > limit else "="
        return order in sign


def display_number(value: Decimal, code: str) -> str | None:
    """Return the text that is displayed for a number, without space around it; None where it is unknown."""
    sections = _split_sections(code)
    section = _choose_section(value, sections)
    if section is None or section.tokens is None:
        return None
    is_negative = value < 0 and section is sections[0]  # a section for negative numbers has its own sign
    if not section.code:
        return "-" if is_negative else ""
    with localcontext() as context:
        context.rounding, context.prec = ROUND_HALF_UP, 4 * MAX_CODE
        if ("sign", "/") in section.tokens:
            text = _format_fraction(abs(value), section)
        else:
            text = _format_decimal(abs(value), section.tokens)
    if text is None:
        return None
    text = text.strip(" \u00a0")
    return f"-{text}" if is_negative and text.strip("0.,%") else text


def display_text(text: str, code: str) -> str | None:
    """Return the text that is displayed for a text, or None where it is unknown."""
    sections = _split_sections(code)
    section = sections[3] if len(sections) > 3 else next((section for section in sections if _has_text(section)), None)
    if section is None:
        return text
    if section.tokens is None:
        return None
    return "".join(text if token == ("sign", "@") else token[1] for token in section.tokens)


def changes_value(code: str) -> bool:
    """Return True if a format displays another number than the stored one: percent, a fraction, or thousands."""
    bare = _LITERALS.sub("", code)
    return "%" in bare or "/" in bare or re.search(r"[0#?],+(?![0#?,])", bare) is not None


def _has_text(section: _Section) -> bool:
    return "@" in _LITERALS.sub("", section.code)


@functools.lru_cache(maxsize=1024)
def _split_sections(code: str) -> tuple[_Section, ...]:
    if len(code) > MAX_CODE:
        return (_Section("?", None, None),)
    parts, at = list[str](), 0
    while at <= len(code):
        match = _SECTION.match(code, at)
        assert match is not None  # noqa: S101 - it matches an empty text, too
        parts.append(match[0])
        at = match.end() + 1
    return tuple(map(_parse_section, parts))


def _parse_section(code: str) -> _Section:
    condition, tokens, at = None, list[tuple[str, str]](), 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            return _Section(code, condition, None)
        at = match.end()
        if (bracket := match["bracket"]) is not None:
            if limit := _CONDITION.fullmatch(match[0]):
                condition = limit[1], Decimal(limit[2])
            elif currency := _CURRENCY.fullmatch(bracket):
                tokens.append(("literal", currency[1]))
            elif not _COLOUR.fullmatch(bracket):
                return _Section(code, condition, None)
        elif match.lastgroup in ("quoted", "escaped", "literal"):
            tokens.append(("literal", match[match.lastgroup]))
        elif match.lastgroup is not None:
            tokens.append((match.lastgroup, match[0].lower()))
    return _Section(code, condition, tuple(tokens))


def _choose_section(value: Decimal, sections: tuple[_Section, ...]) -> _Section | None:
    """Return the section for a number; None where it is unknown."""
    numbers = sections[:3]
    if any(each.condition is not None for each in numbers):
        if value < 0 or any(each.condition is None for each in numbers[:-1]):
            return None
        return next((each for each in numbers if each.matches(value)), None)
    if len(numbers) > 1 and _has_text(numbers[-1]):
        numbers = numbers[:-1]
    if value < 0:
        return numbers[1] if len(numbers) > 1 else numbers[0]
    return numbers[2] if value == 0 and len(numbers) > 2 else numbers[0]


def _format_decimal(value: Decimal, tokens: tuple[tuple[str, str], ...]) -> str | None:
    if any(kind == "general" or text == "@" for kind, text in tokens):
        plain = format(value, "f")
        if sum(kind != "literal" for kind, _ in tokens) > 1:
            return None
        return "".join(text if kind == "literal" else plain for kind, text in tokens)
    kinds = [text if kind == "sign" else kind for kind, text in tokens]
    point = kinds.index(".") if "." in kinds else len(kinds)
    if kinds.count(".") > 1:
        return None
    whole = [at for at in range(point) if kinds[at] == "digit"]
    parts = [at for at in range(point, len(kinds)) if kinds[at] == "digit"]
    last = max((*whole, *parts), default=-1)
    commas = [at for at, kind in enumerate(kinds) if kind == ","]
    grouped = any(whole and whole[0] < at < whole[-1] for at in commas)
    scaled = sum(1 for at in commas if at > (whole[-1] if whole else -1) or at > last)
    value = value * Decimal(100) ** kinds.count("%") / Decimal(1000) ** scaled
    digits, _, decimals = format(round(value, len(parts)), "f").partition(".")
    texts = [text if kind in ("literal", "digit") or text in ".%" else "" for kind, text in tokens]
    _fill_whole(texts, whole, digits.lstrip("0"), grouped=grouped)
    ends = len(decimals.rstrip("0"))
    for at, place in enumerate(parts):
        if at < ends or texts[place] == "0":
            texts[place] = decimals[at]
        else:
            texts[place] = "" if texts[place] == "#" else " "
    if not whole and parts and digits.strip("0"):
        texts.insert(point, digits)
    return "".join(texts)


def _fill_whole(texts: list[str], places: list[int], digits: str, *, grouped: bool) -> None:
    """Put the digits before the decimal point into their places, from the last; the first place takes the rest."""
    count = 0
    for at in reversed(places):
        filler = {"0": "0", "#": "", "?": " "}[texts[at]]
        left = digits if at == places[0] else digits[-1:]
        digits = "" if at == places[0] else digits[:-1]
        text = ""
        for digit in reversed(left or filler):
            text = digit + ("," if grouped and count and count % 3 == 0 and digit.isdigit() else "") + text
            count += 1
        texts[at] = text


def _format_fraction(value: Decimal, section: _Section) -> str | None:
    """Return a number as whole number and fraction. The denominator is fixed, or the best with its number of digits."""
    bare = re.sub(r"_.|\*.|\[[^\]]*\]", "", section.code).replace("\\ ", " ").replace('" "', " ")
    if (match := _FRACTION.fullmatch(bare.strip())) is None:
        return None
    exact, bottom = Fraction(value), match[3]
    if bottom.strip(_DIGITS):
        denominator = int(bottom)
        numerator = int(round(Decimal(exact.numerator) * denominator / Decimal(exact.denominator), 0))
    else:
        near = exact.limit_denominator(10 ** len(bottom) - 1)
        numerator, denominator = near.numerator, near.denominator
    if match[1] is None:
        return f"{numerator}/{denominator}"
    whole, rest = divmod(numerator, denominator)
    if not rest:
        return str(whole)
    return f"{whole} {rest}/{denominator}" if whole or "0" in match[1] else f"{rest}/{denominator}"
