"""Why the brake decided as it did: which scope, by which rule, what it owes and what it might."""

from typing import NamedTuple

SEND_MICROS = 100_000  # what an application owes for one send (lua/fraud.lua, UNIT)
STRONG = 2
_SCOPES = {
    "number": "this number",
    "block": "this block of ten thousand numbers",
    "prefix": "this operator's prefix",
    "country": "unproven numbers of this country",
    "application": "unproven numbers of this application",
    "network": "this client network",
}
_MANY = ("country", "application")  # they owe; the others owes
_UNDER_PRESSURE = ("prefix", "network")  # they may owe nothing while others owe too much (lua/fraud.lua)
_SENTENCES = {
    "dead": "{scope} {owes} {has} whose codes nobody typed in time, and may owe {may}, this one included",
    "owed": "{scope} {owes} {has} whose codes nobody has typed yet, "
    "and may owe {may}, this one included, before somebody is asked",
    "asked": "{scope} is asked from the first send on: too much is owed around it, or the send is dear",
    "sequence": "{scope} was asked for {number} numbers in a row",
    "quarantine": "{scope} is in quarantine: hardly a code that went there was typed",
    "watched": "{scope} is watched: many codes that went there were not typed",
}


class Reason(NamedTuple):
    """One rule that spoke against a send; `has` and `may` are micros of money, of a sequence numbers in a row."""

    scope: str
    rule: str
    level: int  # 1 weak, 2 strong
    has: int
    may: int
    wait_ms: int = 0  # in what time it passes by itself; 0 if it does not

    @property
    def strong(self) -> bool:
        """Whether it refuses by itself, whoever solved what."""
        return self.level == STRONG

    @property
    def sentence(self) -> str:
        """The reason as people read it."""
        words = {
            "scope": _SCOPES.get(self.scope, self.scope),
            "owes": "owe" if self.scope in _MANY else "owes",
            "has": self._amount(self.has, " of sends", " sends"),
            "may": self._amount(self.may),
            "number": self.has,
        }
        rule = "asked" if self.rule == "owed" and self.scope in _UNDER_PRESSURE and not self.may else self.rule
        text = _SENTENCES.get(rule, "{scope}: " + rule).format(**words)
        return text[0].upper() + text[1:]

    def _amount(self, figure: int, of_money: str = "", of_sends: str = "") -> str:
        if self.scope == "application":
            return f"{figure / SEND_MICROS:.0f}{of_sends}"
        return f"${figure / 1_000_000:.2f}{of_money}"


def read_reason(text: str) -> Reason:
    """A reason as the scripts write it: `scope rule level has may wait`."""
    scope, rule, *figures = text.split(" ")
    return Reason(scope, rule, *map(int, figures))
