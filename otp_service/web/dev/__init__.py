"""The simulated phone of `otp-service dev` and `demo`; wiring leaves it out everywhere else."""

from otp_service.web.dev.phone import Phone
from otp_service.web.dev.routes import blueprint
from otp_service.web.dev.transport import PhoneTransport

__all__ = ["Phone", "PhoneTransport", "blueprint"]
