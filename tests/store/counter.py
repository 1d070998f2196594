"""One application that sends to whomever a test says, at the time that it says."""

from dataclasses import dataclass
from itertools import cycle

from otp_service.domain.fraud.scopes import scopes_of
from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.store import fraud
from otp_service.store.fraud import Brake, Decided
from otp_service.store.fraud_states import State, read
from otp_service.store.link import Link

KEY, REALM, T0 = b"k" * 32, "app_shop", 1_800_000_000_000
PRICE = 50_000
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
PAUSE = 3 * MINUTE  # after which a send is no longer young
# Everything out of the way but what a test is about.
FREE = {name: 1_000_000.0 for name in Thresholds.model_fields if name.endswith(("_weak", "_strong", "_pressed"))}
PATIENT = Thresholds(**{**FREE, "run_weak": 1000, "alarm": 10_000.0, "pressed_may_owe": 1_000_000.0})


@dataclass
class Counter:
    """One application that sends to whomever a test says, at the time that it says."""

    link: Link
    thresholds: Thresholds
    now: int = T0
    typed: int = 0
    challenges: bool = True

    def with_(self, **thresholds: float) -> "Counter":
        self.thresholds = PATIENT.model_copy(update=thresholds)
        return self

    def brake(
        self, to: str, ip: str | None = None, *, solved: bool = False, draw: float = 0.9, lets: bool = False
    ) -> Brake:
        flags = {"solved": solved, "challenges": self.challenges, "lets": lets}
        return fraud.brake(KEY, REALM, to, "CH", ip, self.thresholds, PRICE, draw, **flags)

    def send(self, to: str, ip: str | None = None, *, dry: bool = False, **more: bool | float) -> Decided:
        return fraud.decide(self.link, self.brake(to, ip, **more), now=str(self.now), dry=dry)  # type: ignore[arg-type]

    def decisions(self, count: int, pause_ms: int = PAUSE, ip: str | None = None, **more: bool) -> list[str]:
        """What is said to numbers of ever new blocks, one after the other."""
        found = []
        for _ in range(count):
            self.now += pause_ms
            found.append(self.send(other(), ip, **more).decision)
        return found

    def types(self, decided: Decided, after_ms: int = 20 * SECOND) -> None:
        """Somebody types the code of this send."""
        self.now += after_ms
        self.typed += 1
        assert fraud.repay(self.link, decided.tab, 0, f"{self.typed}-0", now=str(self.now))

    def states(self, to: str, ip: str | None = None) -> dict[str, State]:
        """What the scopes of a send to this number hold now, as an admin reads it."""
        scopes = scopes_of(KEY, REALM, to, "CH", ip)
        held = read(self.link, REALM, scopes, self.thresholds, PRICE, str(self.now))
        return {state.scope: state for state in held.states}

    def prefix(self) -> State:
        return self.states("+41790000000")["prefix"]


_others = cycle(range(1, 1000))


def other() -> str:
    """A number of one operator, each of another block."""
    return f"+4179{next(_others):03d}1234"
