"""Durable receive: what is accepted stands in a row; what became of it stands there too."""
