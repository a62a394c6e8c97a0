"""The documents of a case: a file to attach, to look at, and to take away.

Files come from applicants, so a browser gets none of them as a page of this site: those that it may show are in a
sandbox without scripts, forms or an origin, and all others are saved.
"""

import hashlib
from typing import Any, Final
from uuid import UUID

import msgspec
from anyio.to_thread import run_sync
from litestar import Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler

from registry.api.case_file import attach_in
from registry.api.private_side import PrivateSide
from registry.http import FieldError, HttpProblem, requires
from registry.office.cases.attachments import AttachmentKind, read_attachment
from registry.server.pages.forms import form_key
from registry.server.pages.office.actions import carry_out
from registry.server.pages.office.case_page import CaseForm, Form, case_routes
from registry.server.pages.office.file_types import can_be_shown

_MAX_BODY: Final = 64 * 1024**2 + 16 * 1024
"""The largest file that settings can allow, and a little for the form around it."""
_MAX_NAME: Final = 300
_SANDBOX: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"


@post(
    "/office/cases/{case:uuid}/files",
    include_in_schema=False,
    request_max_body_size=_MAX_BODY,
    **requires("cases:write"),
)
async def attach_document(form: Form) -> Response[Any]:
    """Attach a file to the case."""
    sent = await form.request.form()
    file = sent.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    name = file.filename[:_MAX_NAME] if isinstance(file, UploadFile) and file.filename else None
    typed = {key: str(value) for key, value in sent.items() if key != "file"}
    return await run_sync(_attach, form, typed, content, name)


def _attach(form: CaseForm, typed: dict[str, str], content: bytes, name: str | None) -> Response[Any]:
    def act() -> None:
        if not content:
            raise HttpProblem("unprocessable", errors=[FieldError("file", "choose a file that is not empty", "file")])
        kind = msgspec.convert(typed.get("kind", "other"), AttachmentKind)
        subject = msgspec.convert(typed["subject"], int, strict=False) if typed.get("subject") else None
        attach = attach_in(form.office, str(form.case), content, kind, form.me, subject=subject, name=name)
        identity = {"file": hashlib.sha256(content).hexdigest(), "kind": kind, "subject": subject}
        form.private.write_once(form.request, form_key(typed), identity, attach)

    return carry_out(form, typed, "attach", act)


@get(
    "/office/cases/{case:uuid}/files/{attachment:uuid}",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("cases:read"),
)
def show_document(private: PrivateSide, case: UUID, attachment: UUID, save: bool = False) -> Response[bytes]:  # noqa: FBT001, FBT002 - a parameter of the address
    """Return a file, to be shown in a sandbox or saved. Its name here says nothing about the person.

    That no browser guesses another type is said by a header of every answer of the node.
    """
    with private.reading() as registry:
        file = read_attachment(registry, registry.case(str(case)), str(attachment))
    is_shown = can_be_shown(file.attachment.media_type) and not save
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'{"inline" if is_shown else "attachment"}; filename="{file.attachment.file_name}"',
        "Content-Security-Policy": _SANDBOX,
    }
    media_type = file.attachment.media_type if is_shown else "application/octet-stream"
    return Response(file.content, media_type=media_type, headers=headers)


ROUTES: Final[list[HTTPRouteHandler | Router]] = [case_routes(attach_document), show_document]
