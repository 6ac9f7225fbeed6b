"""Formats of dates and times, where they are not Django's own."""
