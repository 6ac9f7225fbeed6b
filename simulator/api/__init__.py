"""The wire: what the made-up contact centre answers over HTTP."""
