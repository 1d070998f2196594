"""How many texts a second are encoded and cut into segments, beside smsutil in the same run.

The texts are those that go out: codes in GSM 7-bit, one with an escape, one of four segments, two scripts in UCS-2.
"""

import time
from collections.abc import Callable
from statistics import median

import smsutil

from otp_service.domain.text.segments import encoded, segments
from otp_service.domain.text.size import measure

ROUNDS = 5
TEXTS = 2000  # a round
SAMPLES = (
    "123456 is your Example code, valid for 10 min. Never share it with anyone.",
    "Your parcel arrives today between 14:00 and 16:00. Pay 12.50 € at the door. [Example Ltd]",
    "x" * 150 + " € " + "y" * 400,
    "123456 — ваш код, действителен 10 мин. Никому его не сообщайте.",
    "आपका कोड 123456 है, 10 मिनट तक मान्य। इसे किसी को न बताएँ। 🔑 " * 2,
)


def figures() -> dict[str, float]:
    """Texts a second, measured and encoded; and how fast they are cut beside smsutil; the medians of all rounds."""
    rounds = [(_per_s(on_the_air), _per_s(segments), _per_s(smsutil.split)) for _ in range(ROUNDS)]
    return {
        "texts_per_s": median(whole for whole, _, _ in rounds),
        "texts_over_smsutil": median(cut / other for _, cut, other in rounds),
    }


def on_the_air(text: str) -> list[bytes]:
    """The octets of each segment."""
    encoding = measure(text).encoding
    return [encoded(part, encoding) for part in segments(text)]


def _per_s(cut: Callable[[str], object]) -> float:
    """By CPU time, as nothing is waited for."""
    began = time.process_time()
    for number in range(TEXTS):
        cut(SAMPLES[number % len(SAMPLES)])
    return TEXTS / (time.process_time() - began)


def main() -> None:
    """Prints the figures."""
    for name, figure in figures().items():
        print(f"{name:20} {figure:12,.1f}")


if __name__ == "__main__":
    main()
