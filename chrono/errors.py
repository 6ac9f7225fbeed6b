"""What is wrong with opening hours that somebody wrote."""


class HoursError(ValueError):
    """Opening hours that cannot be read: says where, what stands there, and what to write."""
