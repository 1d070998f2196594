"""Measures the service beside what it stands on, as ratios in one run: `make bench`."""
