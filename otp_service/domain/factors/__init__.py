"""Factors that need no message: how their codes are made and read, and what wrong ones cost."""
