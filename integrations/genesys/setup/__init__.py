"""What Genesys Cloud needs so that it tells us of events: looked at, made, repaired, taken away."""
