"""The console: messages as lines on the courier's standard error, the number masked and the text in development only.

It speaks the simulator's language to a host of its own, on which the courier mounts the transport that prints.
"""

from typing import ClassVar

from otp_service.providers.simulator import Simulator


class Console(Simulator):
    """Hands a message to the transport that prints it."""

    kind: ClassVar[str] = "console"
    url: ClassVar[str] = "http://console.invalid/messages"
