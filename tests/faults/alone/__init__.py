"""The product where no Genesys is configured: timers fire at once, unverified."""
