"""Factors that need no message: enrolling, confirming, checking and removing them."""
