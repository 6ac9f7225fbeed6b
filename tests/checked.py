"""The product's settings with the example of docs/extending.md in it: what types are checked by."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "examples"))
os.environ["DCM_EXTENSIONS"] = "acme_dcm"

from dcm.settings import *  # noqa: F403 - the environment had to be made first
