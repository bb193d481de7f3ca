"""What is counted and timed, for Prometheus. Labels come from small fixed sets: no handles, no ids, no paths.

Several processes behind one port (`community serve --workers 2`) add up by files in `PROMETHEUS_MULTIPROC_DIR`, which
the command sets before they start.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REGISTRY = CollectorRegistry(auto_describe=True)

REQUESTS = Counter(
    "community_requests_total", "Requests by route, method and class of status.", ["route", "method", "status"],
    registry=REGISTRY,
)  # fmt: skip
REQUEST_SECONDS = Histogram(
    "community_request_seconds", "From the first byte of a request to the last of its answer.", ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10), registry=REGISTRY,
)  # fmt: skip
JOBS = Counter("community_jobs_total", "Jobs by kind and how they ended.", ["kind", "outcome"], registry=REGISTRY)
JOB_SECONDS = Histogram(
    "community_job_seconds", "From the claim of a job to its end.", ["kind"],
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300), registry=REGISTRY,
)  # fmt: skip
QUEUE_AGE_SECONDS = Gauge(
    "community_queue_age_seconds", "For how long the oldest job that is due has waited.", registry=REGISTRY,
    multiprocess_mode="mostrecent",
)  # fmt: skip
QUEUE_WAITING = Gauge(
    "community_queue_waiting", "Jobs that are due and wait, by kind.", ["kind"], registry=REGISTRY,
    multiprocess_mode="mostrecent",
)  # fmt: skip
RUNS = Counter("community_runs_total", "Runs over members by kind.", ["kind"], registry=REGISTRY)


def exposition() -> bytes:
    """All of it in Prometheus' text format, of all processes that share a folder where there is one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    gathered = CollectorRegistry()
    MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
    return generate_latest(gathered)
