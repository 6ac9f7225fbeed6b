"""How long the ids of Genesys may be: a session's has 73 characters."""

ID_LENGTH = 100
