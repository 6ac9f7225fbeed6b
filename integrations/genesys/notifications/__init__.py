"""Genesys Cloud's notifications: WebSocket channels, and the topics listened to on them."""
