"""What a webhook is sent: the event and its signatures."""

from otp_service.domain.events import payload
from otp_service.domain.keys import KeyRing
from otp_service.domain.webhook_signature import signatures
from otp_service.ledger.deliveries import Claimed


def signed(ring: KeyRing, claimed: Claimed, now_ms: int) -> tuple[dict[str, str], bytes]:
    """The headers and body of one try; the body and `webhook-id` are those of every other try.

    UnknownKid or ValueError where a key of the endpoint can't be opened.
    """
    event, now_s = claimed.event, now_ms // 1000
    body = payload(event.type, event.at, event.data)
    keys = [ring.open(secret.sealed, secret.id).decode() for secret in claimed.secrets]
    headers = {
        "webhook-id": event.id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": signatures(keys, event.id, now_s, body),
    }
    return headers, body
