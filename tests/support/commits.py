"""Bytes of a commit's shape, unsigned, for tests of what only carries them."""

CONSORTIUM = "eciu.example"
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def commit(size: int, events: int = 1, *, width: int = 40, stream: str = "twente") -> bytes:
    """A record that ends a tree of `size` leaves with `count` events of `width` bytes each."""
    origin = CONSORTIUM if stream == "governance" else f"{CONSORTIUM}/{stream}"
    lines = "".join(f'{{"id":"{size}-{number}"'.ljust(width - 2, " ") + "}\n" for number in range(events))
    return f"{origin}\n{size}\n{ROOT}\n\n— {origin} AAAAAAAA\n\n{lines}".encode()
