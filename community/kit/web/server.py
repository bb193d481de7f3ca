"""The web server: uvicorn with uvloop and httptools, our own logs, and a clean stop."""

from __future__ import annotations

import os
import resource
import signal
from tempfile import TemporaryDirectory

import uvicorn
from uvicorn.supervisors import Multiprocess

from community.kit import log
from community.kit.settings import Settings
from community.kit.web.connections import CONNECTIONS, Patient

REQUESTS_STOP_SECONDS = 10
"""For how long a stop waits for requests under way; what runs beside them has the other half of 20 s."""

STARTING_SECONDS = 30
"""For how long one of several processes may be silent: it loads before it answers, for seconds on a busy machine."""

KEEP_ALIVE_SECONDS = 45
"""For how long a connection is kept unused. A proxy in front gives its own up sooner: see `deploy/nginx`."""


def serve(factory: str, settings: Settings, workers: int) -> None:
    """Serves the application that `factory` ("module:function") makes, until SIGTERM or SIGINT."""
    log.configure(settings.log_format or None)
    _open_files()
    config = uvicorn.Config(
        factory,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        loop="uvloop",
        http=Patient,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # ours does, which also knows whom not to believe
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=REQUESTS_STOP_SECONDS,
        timeout_worker_healthcheck=STARTING_SECONDS,
    )
    if workers == 1:
        for one in (signal.SIGTERM, signal.SIGINT):  # uvicorn sends it to itself again when it has stopped
            signal.signal(one, lambda *_: None)
        uvicorn.Server(config).run()
    else:
        with TemporaryDirectory(prefix="community-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            Multiprocess(config, sockets=[config.bind_socket()]).run()


def _open_files() -> None:
    """Each connection is a file; the usual bound of 1 024 is below ours."""
    wanted = CONNECTIONS * 2
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (bound, hard))
