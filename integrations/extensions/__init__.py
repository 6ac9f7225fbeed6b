"""Extension code after the commit: each handler is a destination of the outbox."""
