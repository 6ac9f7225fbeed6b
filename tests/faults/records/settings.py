"""The product's settings, with the kind of destination of these tests."""

from dcm import settings as product

globals().update({name: getattr(product, name) for name in dir(product) if name.isupper()})
INSTALLED_APPS = [*product.INSTALLED_APPS, "tests.faults.records"]
