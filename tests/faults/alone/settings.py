"""The product's settings, without any Genesys, and without what would read it."""

from dcm import settings as product

globals().update({name: getattr(product, name) for name in dir(product) if name.isupper()})
GENESYS_CLIENT_ID = GENESYS_CLIENT_SECRET = ""
CELERY_BEAT_SCHEDULE = {
    name: entry
    for name, entry in product.CELERY_BEAT_SCHEDULE.items()
    if not entry["task"].startswith("integrations.genesys.")
}
