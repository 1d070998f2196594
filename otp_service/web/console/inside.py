"""Paths of the console."""

from urllib.parse import urlsplit

from otp_service.web.console import PATH


def ours(there: str) -> str:
    """The path, if it is one of the console; anything else would let a form lead elsewhere."""
    try:
        parts = urlsplit(there)
    except ValueError:  # such as "//["
        return PATH
    inside = parts.path == PATH or parts.path.startswith(PATH + "/")
    plain = there.isprintable() and "\\" not in there and not there.startswith("//")
    return there if inside and plain and not parts.scheme and not parts.netloc else PATH
