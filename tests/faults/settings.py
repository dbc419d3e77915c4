"""The product’s settings; only what the pages are made of is gathered in a folder of the test’s.

So tests that run at the same time do not take it from each other.
"""

import os

from config.settings import *  # noqa: F403

STATIC_ROOT = os.environ["STATIC_ROOT"]
