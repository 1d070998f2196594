"""QR codes as SVG. Loaded when the first one is drawn: what draws them takes 11 MB of memory."""

from io import BytesIO

import segno


def qr_svg(text: str) -> str:
    """The text as a picture whose size is the page's to say; dark on white, or cameras can't read it."""
    drawn = BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", xmldecl=False, svgclass="qr", lineclass=None, omitsize=True, border=4, light="#ffffff"
    )
    return drawn.getvalue().decode()
