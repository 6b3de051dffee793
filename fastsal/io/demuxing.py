"""Packets of a container, as PyAV gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def demuxed(container: Any, streams: Any) -> Iterator[Any]:
    """Yield the packets of some streams; the last ones are empty and flush the decoders.

    Streams that first appear while reading make PyAV raise IndexError after all of these packets.
    """
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            return
        yield packet
