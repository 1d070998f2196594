"""Blocks and allows: two lists that are asked, changed, taken in and given out alike."""

import hashlib
from functools import partial

from flask import Blueprint, Response, request
from pydantic_core import to_json

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.ledger.blocks import ALLOWS, BLOCKS, Book
from otp_service.service.admin import block_files, blocks
from otp_service.service.admin.blocks import Wanted
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.once import once
from otp_service.web.admin import resources
from otp_service.web.admin.asking import ADMIN, BlocksQuery, ExportQuery, NewBlock, WhichBlocks, asked
from otp_service.web.admin.resources import Resource
from otp_service.web.context import caller, core, idempotent
from otp_service.web.parsing import query, raw_body
from otp_service.web.rendering import answer

CSV = "text/csv"


def _routes(book: Book, name: str) -> Blueprint:
    """The endpoints of one list."""
    blueprint, path = Blueprint(f"admin_{name}", __name__), f"/v1/admin/{name}"
    blueprint.get(path, endpoint="list")(partial(_list, book))
    blueprint.post(path, endpoint="create")(partial(_post, book))
    blueprint.delete(f"{path}/<id>", endpoint="delete")(partial(_delete, book))
    blueprint.post(f"{path}/import", endpoint="import")(partial(_import, book))
    blueprint.get(f"{path}/export.csv", endpoint="export")(partial(_export, book))
    return blueprint


def _list(book: Book) -> Response:
    caller(ADMIN)
    asked_for = query(BlocksQuery)
    found = blocks.page(core(), asked_for.limit, asked_for.cursor, wanted=_wanted(asked_for), book=book)
    return answer(resources.page(found, partial(resources.block, core())))


def _post(book: Book) -> Response:
    return answer(asked(NewBlock, partial(_create, book)), 201)


def _delete(book: Book, id: str) -> Response:
    return answer(resources.block(core(), blocks.delete(core(), caller(ADMIN).key_id, id, book)))


def _import(book: Book) -> Response:
    who = caller(ADMIN)
    if request.mimetype != CSV:
        raise Refusal("unsupported_media_type", f"send the file as {CSV}")
    raw = raw_body(block_files.MOST_BYTES)
    once_by = idempotent(who, to_json(hashlib.sha256(raw).hexdigest()))
    told = once(core(), once_by, lambda: resources.imported(block_files.import_csv(*_file(who, raw), book)))
    return answer(told)


def _export(book: Book) -> Response:
    who, asked_for = caller(ADMIN), query(ExportQuery)
    wanted, numbers = _wanted(asked_for), asked_for.numbers == "full"
    if numbers:
        if asked_for.reason is None:
            raise invalid_field("reason", "say why you look at the numbers in full: it is audited")
        blocks.look(core(), who.key_id, asked_for.reason, wanted, book)
    lines = block_files.export_csv(core(), wanted, book, said=blocks.whole if numbers else blocks.shown)
    headers = {"Content-Disposition": f'attachment; filename="{book.word}s.csv"'}
    return Response(lines, content_type=f"{CSV}; charset=utf-8", headers=headers)


def _create(book: Book, who: Caller, body: NewBlock) -> Resource:
    made = blocks.create(
        *(core(), who.key_id, body.kind, body.value, body.reason),
        application=body.application,
        expires_ms=body.expires_at,
        book=book,
    )
    return resources.block(core(), made)


def _wanted(asked_for: WhichBlocks) -> Wanted:
    return Wanted(asked_for.application, asked_for.kind, asked_for.to, asked_for.ip, asked_for.user)


def _file(who: Caller, raw: bytes) -> tuple[Core, str, str]:
    try:
        return core(), who.key_id, raw.decode()
    except UnicodeDecodeError:
        raise invalid_field("file", "must be text in UTF-8") from None


blueprint, allows_blueprint = _routes(BLOCKS, "blocks"), _routes(ALLOWS, "allows")
