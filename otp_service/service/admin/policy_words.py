"""What the fields of a policy mean, and which belong together."""

GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Codes",
        "What a code looks like, how long it is good and how often it may be guessed.",
        (
            "code_length",
            "code_alphabet",
            "ttl_s",
            "max_attempts",
            "max_sends",
            "resend_after_s",
            "hard_lock_after",
            "allow_custom_code",
        ),
    ),
    (
        "Where to",
        "Countries, kinds of numbers and channels that may be sent to, and who messages are from.",
        ("countries", "blocked_line_types", "channels", "default_region", "sender", "webotp_host", "android_app_hash"),
    ),
    (
        "Money",
        "The most that can be spent, whatever else goes wrong. In US dollars; empty: no ceiling.",
        ("spend_per_day_micros", "spend_per_country_per_day_micros", "price_micros"),
    ),
    ("Fraud", "Whether and how likely fraud is held off.", ("fraud", "challenge", "challenge_difficulty")),
    (
        "Assurance",
        "What an approval is worth, and how it is proven.",
        (
            "min_assurance",
            "proof",
            "proof_phone_number",
            "return_hosts",
            "step_up",
            "totp_steps_back",
            "trust_device_s",
        ),
    ),
    (
        "Keeping",
        "How long things are remembered, in seconds; a day is 86400.",
        ("retain_number_s", "retain_history_s", "retain_events_s"),
    ),
)
MEANINGS = {
    "code_length": "Characters of a code; at least 6 if they are digits.",
    "code_alphabet": "What codes are made of; letters are without I and O, mixed has 2 to 9 too.",
    "allow_custom_code": "Whether a start may bring its own code.",
    "ttl_s": "How long a code is good, in seconds.",
    "max_attempts": "Wrong guesses that a verification bears.",
    "hard_lock_after": "Wrong codes in a row that disable a number until somebody lifts it.",
    "max_sends": "Sends to one number within the life of a code.",
    "resend_after_s": "The least time between two sends, in seconds.",
    "channels": "Channels that may be used, the first of them if a caller names none.",
    "default_region": "The country of numbers that come without their country code, such as CH.",
    "sender": "Who messages are from; empty: what the route takes.",
    "webotp_host": "The host on which browsers fill the code in, and nowhere else.",
    "android_app_hash": "The 11 characters by which an Android app may read the message.",
    "limits.to": "Sends to one number.",
    "limits.ip": "Sends asked for from one client address.",
    "limits.application": "Sends of the whole application.",
    "limits.prefix": "Sends to one block of ten thousand numbers.",
    "limits.network": "Sends asked for from one client network, /24 or /48.",
    "limits.device": "Sends asked for from one device.",
    "limits.user": "Sends asked for by one user.",
    "message_limits": "Messages of the whole application that carry no code.",
    "countries": "Countries that may be sent to, such as CH, DE; * for all.",
    "blocked_line_types": "Kinds of numbers that nothing is sent to.",
    "spend_per_day_micros": "The most that any 24 hours may cost.",
    "spend_per_country_per_day_micros": "The most that any 24 hours to one country may cost.",
    "price_micros": "What a segment costs where the price table is wrong for you: a country and dollars on each line.",
    "fraud": "enforce refuses likely fraud, shadow only notes it, off does not look.",
    "challenge": "What somebody proves that they are worth a code with; none: let pass where it would be asked for.",
    "challenge_difficulty": "Of altcha, the most numbers that a device has to try; on average it tries half of them.",
    "min_assurance": "The least that a factor must be; above sms no code goes by message or vouches for a device.",
    "proof": "Whether an approval comes with a signed proof.",
    "proof_phone_number": "Whether that proof names the number.",
    "return_hosts": "Hosts that hosted pages may lead back to and be framed by, such as shop.example; empty: none.",
    "step_up": "What takes the proof of a fresh verification: enrol a factor, remove a user’s last one.",
    "totp_steps_back": "How many steps ago a code of an authenticator app may be from; 0: only the newest counts.",
    "trust_device_s": "How long a remembered device is trusted, in seconds; 0: none is remembered.",
    "retain_number_s": "How long after its end a verification leads to its number.",
    "retain_history_s": "How long a verification can be read and listed.",
    "retain_events_s": "How long events can be read again; 0: there are none.",
}
_SCOPES = {
    "number": "a number",
    "block": "a block of ten thousand numbers",
    "prefix": "an operator’s prefix",
    "network": "a client network",
    "country": "the unproven numbers of a country",
    "application": "the unproven numbers of the application",
}
_RULES = {
    "weak": "Unanswered sends after which {scope} is asked for a challenge.",
    "strong": "Unanswered sends after which {scope} is refused, whoever solved what.",
    "pressed": "Unanswered sends from which on {scope} has new numbers judged strictly.",
    "refill_per_day": "Unanswered sends that {scope} is forgiven each day.",
}
_THRESHOLDS = {
    "answer_s": "How long somebody takes to type a code, in seconds: younger debt never refuses.",
    "least_conversion": "The share of codes that honest traffic types in at least: a typed code pays back one over it.",
    "growth": "How much room recently typed codes add.",
    "growth_s": "How fast that room fades, in seconds.",
    "memory": "How much room codes typed long ago add.",
    "memory_s": "How fast that fades, in seconds.",
    "least_price_micros": "The price that the cheapest send counts as, in millionths of a dollar.",
    "known_s": "How long a number that once typed a code counts as known, in seconds.",
    "known_may_owe": "Unanswered sends that a known number may owe.",
    "proven_after": "Typed codes after which a prefix counts as proven.",
    "run_weak": "Numbers asked for in a row that call for a challenge.",
    "run_strong": "Unanswered sends that refuse a block which is asked for in a row.",
    "pressed_may_owe": "Unanswered sends that somebody new may owe while a country or the application is pressed.",
    "send_score": "What each send adds to a prefix’s suspicion.",
    "code_score": "What each typed code takes off it, beside its send.",
    "alarm": "The suspicion that puts a prefix into quarantine.",
    "quarantine_s": "How long the first quarantine lasts, in seconds; each further one twice as long.",
    "quarantine_most_s": "How long a quarantine lasts at most, in seconds.",
    "probe_share": "The share of sends that are let through a quarantine to see whether it is over.",
    "watch_s": "How long a prefix is watched after its quarantine, in seconds.",
    "watch_most_s": "How long it is watched at most, in seconds.",
}


def meaning_of_threshold(name: str) -> str:
    """What a threshold means; those of scopes are alike."""
    own = name.removeprefix("thresholds.")
    scope, _, rule = own.partition("_")
    if own in _THRESHOLDS:
        return _THRESHOLDS[own]
    return _RULES[rule].format(scope=_SCOPES[scope]) if scope in _SCOPES and rule in _RULES else ""
