"""What admins do: see and change the truths, each change audited in its own transaction.

Every story takes the core and whoever acts (`actor`: an API key's id, or "cli"), and refuses by field name.
"""
