"""Whose a token of privacyIDEA is: its owner's login, unless something else is asked for."""

from collections.abc import Mapping

from otp_service.domain.factors.files.rows import Asked, BadFile, BadValue

LOGIN, OWNER, SERIAL, DESCRIPTION = FROM = ("login", "owner", "serial", "description")
NOBODY = "n/a"


class Owners:
    """Finds the users of one file; a login that is in two realms is two people, and is refused."""

    def __init__(self, asked: Asked, default: str = LOGIN) -> None:
        self.taken_from = asked.user_from or default
        if self.taken_from not in FROM:
            raise BadFile(f"the user can be taken from {', '.join(FROM)}")
        self._realms: dict[str, str] = {}

    def user(self, token: Mapping[str, str]) -> str:
        """The user of a token that says its login, realm, serial and description as far as it knows them."""
        if self.taken_from not in (LOGIN, OWNER):
            return token.get(self.taken_from, "")
        login, realm = token.get("login", ""), token.get("realm", "")
        if not login or login == NOBODY:
            raise BadValue("the token is nobody's: assign it there, export again with --user, or take another field")
        if self.taken_from == OWNER:
            return f"{login}@{realm}"
        if self._realms.setdefault(login, realm) != realm:
            raise BadValue("this login is in two realms: take the user from `owner`")
        return login


def parted(owner: str) -> dict[str, str]:
    """Login and realm of `login@realm`; a realm has no @."""
    login, _, realm = owner.rpartition("@")
    return {"login": login or owner, "realm": realm if login else ""}
