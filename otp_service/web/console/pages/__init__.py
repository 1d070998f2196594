"""The pages of the console, a module each; one that is not named here is not there."""

PAGES = (
    "home",
    "now",
    "countries",
    "providers",
    "money",
    "sign_in",
    "set_up",
    "sso",
    "prove",
    "numbers",
    "profile",
    "keys",
    "audit",
    "admins",
    "blocks",
    "find",
    "limits",
    "policies",
    "senders",
    "templates",
)
