"""Which caches may store a page, and for how long (RFC 9111)."""

from typing import Final

PRIVATE: Final = "no-store"
"""For pages about people, and for pages that tell something once."""
ASK_FIRST: Final = "no-cache"
"""For pages for everybody: a browser may store them, and asks before it shows them again."""
VERIFICATION: Final = "/verify"
"""Pages below this path are never shown again without asking: a credential may have been revoked meanwhile."""


def shared_cache_control(seconds: int) -> str:
    """Return the `Cache-Control` of pages that a proxy in front of the node may send to everybody for some seconds.

    Browsers ask the proxy each time. A stored page has one nonce for all who read it: it is of no use to somebody who
    learns it, since what the page contains was settled before.
    """
    return f"public, max-age=0, must-revalidate, s-maxage={seconds}" if seconds else ASK_FIRST


def page_cache_control(path: str, status: int, shared_seconds: int, *, is_private: bool, is_anybodys: bool) -> str:
    """Return the `Cache-Control` of a page at a path.

    `is_private`: the page is for one person, or tells something once. `is_anybodys`: the request had no key, token or
    session; pages of others have other links.
    """
    if is_private:
        return PRIVATE
    if status != 200 or not is_anybodys or path.startswith(VERIFICATION):
        return ASK_FIRST
    return shared_cache_control(shared_seconds)
