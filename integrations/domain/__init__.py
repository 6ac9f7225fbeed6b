"""Pure: what roads hand to one another. No Django, no I/O, no clock."""
