"""What is counted and timed, for Prometheus. Labels come from small fixed sets: no handles, no ids, no paths.

Several processes behind one port (`community serve --workers 2`) add up by files in `PROMETHEUS_MULTIPROC_DIR`, which
the command sets before they start.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
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
Measured = Iterable[Metric]
"""What is read at the moment when it is asked for, from the database that all processes share."""


def exposition(measured: Measured = ()) -> bytes:
    """All of it in Prometheus' text format, of all processes that share a folder where there is one."""
    return _own() + generate_latest(_Read(measured))


class _Read(CollectorRegistry):
    """Families of metrics that were read elsewhere."""

    def __init__(self, measured: Measured) -> None:
        super().__init__()
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        """What was read."""
        yield from self._measured


def _own() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    gathered = CollectorRegistry()
    MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
    return generate_latest(gathered)
