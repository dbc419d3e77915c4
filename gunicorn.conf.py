"""How gunicorn serves us; it reads this file from the folder it is started in.

`HOST`, `PORT`, `WEB_CONCURRENCY` (processes) and `WEB_THREADS` come from the environment.
"""

import os
from pathlib import Path
from typing import Any

wsgi_app = "config.wsgi:application"
bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 8)
keepalive = 75  # seconds: outlasts a person’s pause between two clicks
timeout = 60
graceful_timeout = 20
# Memory that grows is given back; not all processes at once
max_requests = 10_000
max_requests_jitter = 2_000
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Counting begins at nought: the counts of processes that are long gone are not ours."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR") or (
        os.environ.get("METRICS_TOKEN")
        and str(Path(os.environ.get("VAR_DIR") or Path(__file__).parent / "var") / "metrics")
    )
    for file in Path(folder).glob("*.db") if folder else ():
        file.unlink(missing_ok=True)
