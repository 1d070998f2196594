"""The port on which production processes show their metrics."""

from otp_service.settings import BadSettings, Settings
from otp_service.web import metrics


def serve_metrics(settings: Settings) -> None:
    """Answers /metrics on OTP_METRICS_PORT, if it is set; BadSettings if it can't be opened."""
    if not settings.metrics_port:
        return
    try:
        metrics.serve(settings.metrics_port)
    except OSError as error:
        why = f"port {settings.metrics_port} can't be opened ({error.strerror})"
        raise BadSettings(f"OTP_METRICS_PORT: {why}; each process on a host needs one of its own") from None
