"""The pages of the console, a module each; one that is not named here is not there."""

PAGES = (
    "home",
    "now",
    "countries",
    "sign_in",
    "set_up",
    "prove",
    "profile",
    "senders",
    "templates",
)
