"""Python reads this first in every process under a fake clock: sleeping by a call it leaves alone.

With the monotonic clock left as it is, as setting a machine's clock leaves it, libfaketime
refuses the absolute sleep that Python's own time.sleep asks for (EINVAL).
"""

import select
import time


def sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = sleep
