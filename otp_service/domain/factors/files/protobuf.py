"""As much of protobuf as one message of a few fields needs; BadValue on whatever is not that.

Source: https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Iterator

from otp_service.domain.factors.files.rows import BadValue

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
MOST_VARINT = 10  # bytes: 64 bits, seven at a time
_64_BITS = 2**64
_CUT = "the data is cut short or damaged: copy all of it"


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message in their order: numbers as unsigned 64 bits, what has a length as bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
        else:
            length, at = _length(message, at, kind)
            if at + length > len(message):
                raise BadValue(_CUT)
            yield number, message[at : at + length]
            at += length


def number(field: int, value: int) -> bytes:
    """A field of a number; a negative one takes ten bytes, as protobuf has it."""
    return _written(field << 3 | VARINT) + _written(value % _64_BITS)


def data(field: int, value: bytes) -> bytes:
    """A field of bytes, text or a message."""
    return _written(field << 3 | BYTES) + _written(len(value)) + value


def _length(message: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind == BYTES:
        return _varint(message, at)
    if kind not in _FIXED:
        raise BadValue(_CUT)
    return _FIXED[kind], at


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[at : at + MOST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value % _64_BITS, at + place + 1
    raise BadValue(_CUT)


def _written(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
