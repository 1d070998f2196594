"""QR codes as SVG. Loaded when the first one is drawn: what draws them takes 11 MB of memory."""

from io import BytesIO

import segno

from otp_service.domain.errors import invalid_field

LEVELS = ("m", "l")  # of what may be smudged; the second for names that take much room, such as those in Chinese


def qr_svg(text: str) -> str:
    """The text as a picture whose size is the page's to say; dark on white, or cameras can't read it.

    Refusal invalid_field if no picture can hold it, which is what names of 128 emoji come to.
    """
    drawn = BytesIO()
    _code(text).save(
        drawn, kind="svg", xmldecl=False, svgclass="qr", lineclass=None, omitsize=True, border=4, light="#ffffff"
    )
    return drawn.getvalue().decode()


def _code(text: str) -> segno.QRCode:
    for level in LEVELS:
        try:
            return segno.make_qr(text, error=level)
        except segno.DataOverflowError:
            continue
    raise invalid_field("label", "with the issuer it is too long for a QR code: shorten one of them")
