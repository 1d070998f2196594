"""The demo's story: one login from the request to the used-up code, told on a console."""

import random

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from otp_service.client import CheckResult, Client, OtpError, PhoneMessage, Verification

ARRIVES_WITHIN_S = 30


def play(url: str, api_key: str, console: Console) -> bool:
    """Plays one login against a running development service; true only if all of it went right."""
    with Client(url, api_key) as client:
        return tell(client, console)


def tell(client: Client, console: Console) -> bool:
    """Plays the login through a client that is there already."""
    # A number of its own for each play: on a store that is kept, an earlier one may still have to wait for its resend.
    number = f"+4179123{random.randrange(10_000):04}"
    console.print(Text("\n  One login, from the first request to the used-up code\n", style="bold"))
    try:
        went_right = _login(client, number, console)
    except OtpError as error:
        _outcome(console, False, str(error))
        went_right = False
    end = ("That is a login.", "bold green") if went_right else ("That is not how a login should go.", "bold red")
    console.print(Text(f"\n  {end[0]}\n", style=end[1]))
    return went_right


def _login(client: Client, number: str, console: Console) -> bool:
    _step(console, 1, "The log-in page asks for a code", f'client.start("{number}")')
    verification = client.start(number)
    if not _outcome(console, verification.status == "pending", _state(verification)):
        return False

    _step(console, 2, "The phone shows it", f'client.messages("{number}", wait={ARRIVES_WITHIN_S})')
    message = _arrived(client, number, verification)
    if message is None or message.code is None:
        return _outcome(console, False, "no code arrived on the simulated phone")
    _show(console, message)

    guesses = [
        ("Somebody guesses", _wrong(message.code), "wrong_code"),
        ("The person types the code", message.code, None),
        ("The same code once more", message.code, "already_used"),
    ]
    return all(
        _guess(console, client, place, words, verification, code, reason)
        for place, (words, code, reason) in enumerate(guesses, start=3)
    )


def _guess(
    console: Console, client: Client, place: int, words: str, verification: Verification, code: str, reason: str | None
) -> bool:
    _step(console, place, words, f'client.check(id=..., code="{code}")')
    result = client.check(id=verification.id, code=code)
    as_expected = (result.valid, result.reason) == (reason is None, reason)
    return _outcome(console, as_expected, _answer(result))


def _arrived(client: Client, number: str, verification: Verification) -> PhoneMessage | None:
    messages = client.messages(number, wait=ARRIVES_WITHIN_S)
    mine = [message for message in messages if message.id == verification.message_id]
    return mine[-1] if mine else None


def _wrong(code: str) -> str:
    return code[:-1] + ("1" if code[-1] != "1" else "2")


def _state(verification: Verification) -> str:
    minutes = (verification.expires_at - verification.created_at).total_seconds() / 60
    return f"{verification.status}, good for {minutes:.0f} minutes and {verification.attempts_left} guesses"


def _answer(result: CheckResult) -> str:
    if result.valid:
        return f"valid, the verification is {result.status}"
    return f"not valid: {result.reason}, {result.attempts_left} guesses left"


def _step(console: Console, place: int, words: str, call: str) -> None:
    console.print(Text.assemble((f"  {place}  ", "bold cyan"), (f"{words:<34}", "bold"), (call, "dim")), soft_wrap=True)


def _outcome(console: Console, right: bool, words: str) -> bool:
    mark = ("     ✓ ", "green") if right else ("     ✗ ", "bold red")
    console.print(Text.assemble(mark, words), soft_wrap=True)
    return right


def _show(console: Console, message: PhoneMessage) -> None:
    text = Text(message.text)
    if message.code:
        text.highlight_words([message.code], "bold green")
    about = f"{message.segments} {'segment' if message.segments == 1 else 'segments'}, {message.encoding}"
    panel = Panel(text, title=message.to, subtitle=about, expand=False, border_style="dim", padding=(0, 2))
    console.print(Padding(panel, (0, 0, 0, 5)))
