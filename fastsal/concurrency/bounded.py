"""A queue between two threads that Ctrl-C leaves whole."""

import queue
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """Passes items from one thread to another, in order.

    `queue.Queue` works with locks in several steps of Python code. An interrupt between two of
    them leaves a lock held or uses up the other thread's waking, which then waits for ever. Here
    every step is one call of C code: an interrupt may lose an item or a place, never a thread.

    Parameters
    ----------
    depth : int
        How many items it holds.
    """

    def __init__(self, depth: int) -> None:
        self._items: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._places: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(depth):
            self._places.put(None)

    def put(self, item: T, timeout: float = 0.0) -> bool:
        """Add an item; False if the queue stays full for `timeout` seconds."""
        try:
            self._places.get(timeout=timeout)
        except queue.Empty:
            return False
        self._items.put(item)
        return True

    def put_last(self, item: T) -> None:
        """Add an item, even to a full queue."""
        self._items.put(item)

    def get(self, timeout: float | None = None) -> T:
        """Take the next item out.

        Raises
        ------
        queue.Empty
            If there is none for `timeout` seconds.
        """
        item = self._items.get(timeout=timeout)
        self._places.put(None)
        return item
