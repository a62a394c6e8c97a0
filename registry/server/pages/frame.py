"""The frame of all pages: name, navigation, language, security, and the log that the page was made from."""

import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment
from jinja2_fragments import render_block
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from registry.accounts.site import Site
from registry.http.access import ANYBODY
from registry.http.forwarded import base_path_of
from registry.http.responses import POSITION, Position
from registry.server.pages.browser_session import session_of
from registry.server.pages.caching import page_cache_control
from registry.server.pages.form_check import FormTokens
from registry.server.pages.languages import COOKIE, LANGUAGES, language_of
from registry.server.pages.navigation import sections_for
from registry.server.pages.notices import Counts, no_notice_cookie, notice_cookie, notice_for
from registry.server.pages.templates import environment
from registry.server.pages.themes import THEME_COOKIE, THEMES, digest_of, node_style, theme_of

_GOVERNANCE: Final = re.compile(r"(?:^|,)governance:(\d+)")
_YEAR_SECONDS: Final = 365 * 24 * 3600
SHORTCUTS_COOKIE: Final = "shortcuts"
SHORTCUTS_OFF: Final = "off"


class Identity(NamedTuple):
    """The university whose node shows the pages."""

    consortium: str
    name: str


class Source(NamedTuple):
    """The position of each log that a page was made from, and the moment."""

    sizes: dict[str, int]
    read_at: datetime

    @property
    def entries(self) -> int:
        """The number of entries in all logs together."""
        return sum(self.sizes.values())


def source_of(position: Position, read_at: datetime | None = None) -> Source:
    """Return the source that a position of the views stands for; `read_at` is now, if it is not said."""
    pairs = (part.rpartition(":") for part in position.split(",") if part)
    return Source({member: int(size) for member, _, size in pairs}, read_at or datetime.now(UTC))


class _KnownNames(NamedTuple):
    """The members' names, and the size of governance under which they were read."""

    names: Mapping[str, str]
    size: int | None


class Pages:
    """Renders pages of one node."""

    def __init__(
        self, consortium: str, member: str, site: Site, colour: str | None = None, shared_cache_seconds: int = 0
    ) -> None:
        """`site` is the address of the pages, to which forms and cookies are bound; `colour` is the university's.

        A proxy in front of the node may store public pages for `shared_cache_seconds`.
        """
        self.style = node_style(colour)
        self.style_path = f"/node.css?v={digest_of(self.style)}" if colour else None
        self.consortium = consortium
        self._member = member
        self._site = site
        self._shared_cache_seconds = shared_cache_seconds
        self._known = _KnownNames({}, None)

    @property
    def names(self) -> Mapping[str, str]:
        """The members' names as they were last read; none at the beginning."""
        return self._known.names

    def has_names_at(self, position: Position) -> bool:
        """Return True if the names are those of a position: they change by entries of governance alone."""
        return self._known.size == _governance_size(position)

    def learn(self, names: Mapping[str, str], position: Position) -> None:
        """Use the names of members at a position until those of another one are read."""
        self._known = _KnownNames(dict(names), _governance_size(position))  # at once: pages are made in several threads

    def _names_of(self, names: Mapping[str, str] | None, position: Position) -> Mapping[str, str]:
        """Return the names that a page shows: those that it brings, which are learnt, or the last known ones."""
        if names is None:
            return self.names
        if position and names is not self.names:
            self.learn(names, position)
        return names

    def address(self, request: Request[Any, Any, Any], path: str, query: Mapping[str, Any]) -> str:
        """Return an address on this node as its readers reach it."""
        return _address(base_path_of(request.scope), path, query)

    def origin(self, request: Request[Any, Any, Any]) -> str:
        """Return the origin of this node as its readers reach it: never what a request claims, but on this machine."""
        return self._site.origin_at(request.headers.get("host", ""))

    def redirect(
        self,
        request: Request[Any, Any, Any],
        path: str,
        done: str,
        counts: Counts | None = None,
        **query: Any,  # noqa: ANN401 - anything with a text
    ) -> Redirect:
        """Return the answer to a form that took effect: it leads to a page, which tells once what was done.

        `done` is a code of the vocabulary's group of that name; `counts` are the numbers in its words.
        """
        response = Redirect(self.address(request, path, query), status_code=303)
        response.set_cookie(notice_cookie(self._site, done, path, counts))
        return response

    def render(
        self,
        request: Request[Any, Any, Any],
        template: str,
        *,
        position: Position = "",
        read_at: datetime | None = None,
        names: Mapping[str, str] | None = None,
        status: int = 200,
        private: bool = False,
        fragment: str = "",
        **context: Any,  # noqa: ANN401 - what the template shows
    ) -> Response[str]:
        """Return a page, or one block of it where htmx asks for `fragment` alone.

        `position` is that of the views that the page was made from, at the moment `read_at` or now. `names` are the
        members' names in them; without them the last known names are used. A private page is about people: nothing
        keeps it.
        """
        names = self._names_of(names, position)
        language = language_of(request)
        nonce = secrets.token_urlsafe(16)
        base_path = base_path_of(request.scope)
        done = notice_for(request, self._site) if status == HTTP_200_OK else None
        person, caller, forms = session_of(request), request.scope.get("user", ANYBODY), FormTokens(request, self._site)
        values = {
            "lang": language,
            "languages": LANGUAGES,
            "navigation": sections_for(caller.scopes),
            "person": person,
            "done": done,
            "csrf": forms.field,
            "csrf_token": forms.token,
            "node": Identity(self.consortium, names.get(self._member, self._member)),
            "names": names,
            "nonce": nonce,
            "here": request.url.path,
            "shortcuts": person is not None and request.cookies.get(SHORTCUTS_COOKIE) != SHORTCUTS_OFF,
            "theme": theme_of(request),
            "themes": THEMES,
            "node_style": self.style_path,
            "source": source_of(position, read_at) if position else None,
            "url": lambda path, **query: _address(base_path, path, query),
            "this_page": lambda **query: _address(base_path, request.url.path, {**_query(request), **query}),
        }
        if reserved := values.keys() & context.keys():
            raise TypeError(f"{template}: the frame of all pages uses {sorted(reserved)} itself")
        values |= context
        is_fragment = bool(fragment) and request.headers.get("hx-target", "").endswith(f"#{fragment}")
        body = _render(environment(language), template, fragment if is_fragment else "", values)
        is_private = bool(private or person or done or forms.is_used)
        cache = page_cache_control(
            request.url.path, status, self._shared_cache_seconds, is_private=is_private, is_anybodys=caller is ANYBODY
        )
        headers = _headers(nonce, language, position, cache)
        response = Response(body, status_code=status, media_type=MediaType.HTML, headers=headers)
        spent = None if done is None else no_notice_cookie(self._site)
        for cookie in filter(None, (spent, forms.cookie, *_choices(request, base_path))):
            response.set_cookie(cookie)
        return response


def _governance_size(position: Position) -> int:
    """Return the size of governance at a position; 0 before the views have read any."""
    match = _GOVERNANCE.search(position)
    return 0 if match is None else int(match[1])


def _render(templates: Environment, template: str, fragment: str, values: Mapping[str, Any]) -> str:
    """Return a page, or one block of it."""
    if fragment:
        return render_block(templates, template, fragment, **values)
    return templates.get_template(template).render(values)


def _headers(nonce: str, language: str, position: Position, cache: str) -> dict[str, str]:
    """Return the headers of a page; `cache` is its `Cache-Control`."""
    headers = {
        "Content-Security-Policy": _policy(nonce),
        "Content-Language": language,
        "Vary": "Accept-Language, Cookie, HX-Request, HX-Target",
        "Cache-Control": cache,
    }
    return headers | ({POSITION: position} if position else {})


def _choices(request: Request[Any, Any, Any], base_path: str) -> Iterator[Cookie]:
    """Yield the cookies of what the reader chose in the address: a language, or light or dark."""
    chosen = {
        COOKIE: (request.query_params.get("lang"), LANGUAGES),
        THEME_COOKIE: (request.query_params.get("theme"), THEMES),
    }
    for key, (value, choices) in chosen.items():
        if value in choices:
            yield Cookie(key=key, value=value, path=base_path or "/", max_age=_YEAR_SECONDS, samesite="lax")


def _query(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in request.query_params.items() if name not in ("lang", "theme")}


def _address(base_path: str, path: str, query: Mapping[str, Any]) -> str:
    """Return an address on this node; what is None or empty is left out of the query."""
    if not query:
        return base_path + path
    pairs = [(name, str(value)) for name, value in query.items() if value not in (None, "", False)]
    return f"{base_path}{path}" + (f"?{urlencode(pairs)}" if pairs else "")


def _policy(nonce: str) -> str:
    """Return the content security policy of a page whose scripts carry this nonce."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; font-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types htmx"
    )
