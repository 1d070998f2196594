"""Rows of blocks and allows as the console shows them: names of users by the rule of the page Users."""

from collections.abc import Iterator

from otp_service.domain.factors.names import masked
from otp_service.ledger.blocks import Block, Book
from otp_service.service.admin import block_files, blocks
from otp_service.service.core import Core


def shown(core: Core, row: Block) -> str:
    """What a row names, fit for everybody's eyes; empty once the key of a number or a name is gone."""
    if row.kind != "user":
        return blocks.shown(core, row)
    name = blocks.whole(core, row)
    return masked(name) if name else ""


def exported(core: Core, book: Book, *, in_full: bool) -> Iterator[str]:
    """A list as CSV, masked unless whoever asks may see numbers and names in full."""
    return block_files.export_csv(core, book=book, said=blocks.whole if in_full else shown)
