"""Numbers as URLs and forms tell them."""


def is_number(text: str) -> bool:
    """Tell whether a text is a number of a page or of a row: nothing here has ten digits."""
    return text.isascii() and text.isdigit() and len(text) < 10  # noqa: PLR2004 - as said


def page_of(text: str) -> int:
    """Return the number of a page, the first one where none is told."""
    return max(int(text), 1) if is_number(text) else 1
