"""Replays: a trace, or one's own history, through the very scripts that decide in production."""
