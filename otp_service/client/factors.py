"""Second factors: one method per endpoint; `client.factors` is one of these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypedDict, TypeVar, Unpack
from urllib.parse import quote

T = TypeVar("T")
Json = Mapping[str, Any]
PATH = "/v1/factors"


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of a user, without what proves it."""

    id: str
    type: str  # totp | hotp | recovery_codes
    status: str  # unconfirmed | active
    label: str
    issuer: str | None
    created_at: datetime
    codes_left: int | None = None  # of recovery codes
    digits: int | None = None
    period_s: int | None = None
    algorithm: str | None = None
    confirmed_at: datetime | None = None
    used_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewFactor:
    """A new factor with what its user is shown this once: a secret, its URI and QR code, or recovery codes."""

    id: str
    type: str
    status: str
    secret: str | None = field(default=None, repr=False)
    uri: str | None = field(default=None, repr=False)
    qr_svg: str | None = field(default=None, repr=False)
    codes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class FactorResult:
    """The answer to a code; true only if it was right and unused, so that `if client.factors.check(...)` is safe."""

    valid: bool
    reason: str | None  # wrong_code | already_used
    attempts_left: int
    factor: str | None = None
    type: str | None = None
    codes_left: int | None = None
    proof: str | None = field(default=None, repr=False)
    trust_token: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.valid is True


@dataclass(frozen=True, slots=True)
class Device:
    """A remembered device; its token is told once, when it is remembered."""

    id: str
    label: str | None
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None = None
    trust_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeviceResult:
    """Whether a device is trusted; true only if it is."""

    trusted: bool
    reason: str | None

    def __bool__(self) -> bool:
        return self.trusted is True


class EnrolOptions(TypedDict, total=False):
    """What an enrolment may say beside the user and the type."""

    issuer: str | None
    label: str | None
    algorithm: str | None  # SHA1 | SHA256 | SHA512
    digits: int | None  # 6 | 8
    period_s: int | None  # 30 | 60
    step_up: str | None


class Post(Protocol):
    """Asks once, repeated safely."""

    def __call__(self, kind: type[T], path: str, body: Json) -> T:
        """The answer as a value."""


class Factors:
    """The factors of an application's users."""

    def __init__(self, post: Post, ask: Callable[..., Json], as_value: Callable[[type[Any], Json], Any]) -> None:
        self._post, self._ask, self._as_value = post, ask, as_value

    def enrol(self, user: str, type: str = "totp", **options: Unpack[EnrolOptions]) -> NewFactor:
        """A new factor; an authenticator app or token counts once it is confirmed, recovery codes at once."""
        return self._post(NewFactor, PATH, {"user": user, "type": type, **_given(options)})

    def confirm(self, id: str, code: str) -> FactorResult:
        """Tells the first code that the new device shows."""
        return self._post(FactorResult, f"{_path(id)}/confirm", {"code": code})

    def check(
        self, code: str, *, user: str | None = None, factor: str | None = None, remember: Json | None = None
    ) -> FactorResult:
        """Asks whether this is a code of one of the user's factors, or of one factor; a wrong code is an answer."""
        if (user is None) == (factor is None):
            raise ValueError("check needs either `user` or `factor`")
        given = _given({"user": user, "factor": factor, "remember": remember})
        return self._post(FactorResult, f"{PATH}/check", {"code": code, **given})

    def resync(self, id: str, first: str, second: str) -> FactorResult:
        """Finds a device that ran away, by two codes that it showed one after the other."""
        return self._post(FactorResult, f"{_path(id)}/resync", {"codes": [first, second]})

    def of(self, user: str) -> tuple[Factor, ...]:
        """The user's factors, oldest first."""
        items = self._ask("GET", f"{_user(user)}/factors")["items"]
        return tuple(self._as_value(Factor, item) for item in items)

    def get(self, id: str) -> Factor:
        """Reads a factor."""
        found: Factor = self._as_value(Factor, self._ask("GET", _path(id)))
        return found

    def remove(self, id: str, step_up: str | None = None) -> Factor:
        """Removes a factor; the last one takes the proof of a fresh verification where the policy says so."""
        headers = {"Step-Up": step_up} if step_up else None
        found: Factor = self._as_value(Factor, self._ask("DELETE", _path(id), headers=headers))
        return found

    def trusts(self, user: str, device_id: str, token: str) -> DeviceResult:
        """Whether a remembered device is one still."""
        return self._post(DeviceResult, f"{_user(user)}/devices/check", {"device_id": device_id, "token": token})

    def remember(
        self,
        user: str,
        device_id: str,
        proof: str | None = None,
        label: str | None = None,
        *,
        result: str | None = None,
    ) -> Device:
        """Remembers a device by a fresh proof, or by the result of a page on which the person asked for it."""
        if (proof is None) == (result is None):
            raise ValueError("remember needs either `proof` or `result`")
        body = _given({"device_id": device_id, "proof": proof, "result": result, "label": label})
        return self._post(Device, f"{_user(user)}/devices", body)

    def devices(self, user: str) -> tuple[Device, ...]:
        """The user's remembered devices, newest first."""
        items = self._ask("GET", f"{_user(user)}/devices")["items"]
        return tuple(self._as_value(Device, item) for item in items)

    def forget_device(self, user: str, id: str) -> None:
        """Lets one device of the user be asked again."""
        self._ask("DELETE", f"{_user(user)}/devices/{quote(id, safe='')}")

    def forget_devices(self, user: str) -> None:
        """Lets every device of the user be asked again."""
        self._ask("DELETE", f"{_user(user)}/devices")


def _given(options: Json) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _path(id: str) -> str:
    return f"{PATH}/{quote(id, safe='')}"


def _user(user: str) -> str:
    return f"/v1/users/{quote(user, safe='')}"
