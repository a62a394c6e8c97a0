"""Lone surrogates: bytes that are not UTF-8, as the error handler `surrogateescape` keeps them in a text."""

import re
from typing import Final

LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
