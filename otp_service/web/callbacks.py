"""Where providers report to."""

from flask import Blueprint, Response, request

from otp_service.domain.messages import Callback
from otp_service.service.receipts import accept_receipt
from otp_service.web.context import core
from otp_service.web.parsing import raw_body

blueprint = Blueprint("callbacks", __name__)


@blueprint.route("/v1/callbacks/<provider>/<token>/receipts", methods=["POST", "GET"])
def receipts(provider: str, token: str) -> Response:
    accept_receipt(core(), provider, token, lambda: _callback(provider, token))
    return Response(status=204)


def _callback(provider: str, token: str) -> Callback:
    # Signatures cover the URL as we gave it out: never what Host or X-Forwarded-* say.
    query = request.query_string.decode("latin-1")
    url = f"{core().public_url}/v1/callbacks/{provider}/{token}/receipts" + (f"?{query}" if query else "")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Callback(request.method, url, headers, raw_body())
