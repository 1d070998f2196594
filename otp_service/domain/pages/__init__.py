"""Hosted pages: what is asked for, what their links hold, where they lead back to, how they speak and look."""
