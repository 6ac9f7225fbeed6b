"""Ending agents' sessions that were left untouched: which, step by step, and who allowed it."""
