"""Finds damaged text: a lost character, or UTF-8 that was read in another encoding."""

_REPLACEMENT = "\ufffd"


def broken_text_fault(text: str) -> str | None:
    """Return the fault of a text's characters and what it probably was, or None.

    U+FFFD replaces a character that a program could not read, which is lost. Mojibake is
    recognised by ftfy's heuristics, which are built to leave ordinary names of any language alone.
    """
    if text.isascii():
        return None
    if _REPLACEMENT in text:
        return "has a character that was lost (U+FFFD); write it again from the source"
    import ftfy  # noqa: PLC0415 - it takes as long to load as a short command to run, and most texts are ASCII
    from ftfy import badness  # noqa: PLC0415 - likewise

    if badness.is_bad(text) and (likely := ftfy.fix_encoding(text)) != text:
        return f"looks like text in a wrong encoding; did you mean {likely!r}? Save the file as UTF-8, or correct it"
    return None
