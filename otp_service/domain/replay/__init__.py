"""Replays of traffic: the rows of a trace, what a replay says of them, and traffic made up to try the brake on."""
