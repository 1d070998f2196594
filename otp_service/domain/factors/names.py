"""Names of users, as applications give them: an id, a login, often an address."""

SHOWN = 2  # characters at the beginning
LEAST = 5  # of which a shorter name shows none


def masked(name: str) -> str:
    """A name fit for people's eyes: `an•••`; what follows an @ is shown, since it names no person."""
    local, at, place = name.rpartition("@")
    told = local if at else name
    return (told[:SHOWN] if len(told) >= LEAST else "") + "•••" + (at + place if local else "")
