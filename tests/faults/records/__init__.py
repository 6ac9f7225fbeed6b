"""A kind of destination for tests alone: what may have got through can be looked for there."""
