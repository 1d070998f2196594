"""The worker: outbox -> route -> send -> settle; facts -> ledger; due messages -> outbox."""

from otp_service.courier.observe import Observe, Unobserved
from otp_service.courier.vendor import VendorClient, vendor_client
from otp_service.courier.worker import Courier, Timing

__all__ = ["Courier", "Observe", "Timing", "Unobserved", "VendorClient", "vendor_client"]
