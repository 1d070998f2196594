"""The typed Python client: send a person a code, ask whether this is the code; send a person a message."""

from otp_service.client.api import Client
from otp_service.client.challenges import solve
from otp_service.client.factors import Device, DeviceResult, Factor, FactorResult, Factors, NewFactor
from otp_service.client.models import CheckResult, Message, PhoneMessage, SentMessage, Verification
from otp_service.client.pages import Page
from otp_service.client.problems import (
    ChallengeRequired,
    Conflict,
    Forbidden,
    InvalidField,
    InvalidRequest,
    NoAnswer,
    NotFound,
    OtpError,
    ProblemError,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnexpectedAnswer,
)

__all__ = [
    "ChallengeRequired",
    "CheckResult",
    "Client",
    "Conflict",
    "Device",
    "DeviceResult",
    "Factor",
    "FactorResult",
    "Factors",
    "Forbidden",
    "InvalidField",
    "InvalidRequest",
    "Message",
    "NewFactor",
    "NoAnswer",
    "NotFound",
    "OtpError",
    "Page",
    "PhoneMessage",
    "ProblemError",
    "RateLimited",
    "SentMessage",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedAnswer",
    "Verification",
    "solve",
]
