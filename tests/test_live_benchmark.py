"""Memory figures of ``python -m benchmarks.live`` for a session, with a clock set forward."""

import pytest

from benchmarks import live, live_memory
from fastsal.registry import BUILT_IN

COMPILES_AT = 240  # seconds until the last method is at work, as on a cold cache


def session(minutes, mib_at, monkeypatch):
    """Return the screen of a session in which resident memory goes by `mib_at` (of seconds)."""
    now = [0.0]

    class Process:
        def memory_info(self):
            return type("Info", (), {"rss": mib_at(now[0]) * 2**20})

    def at_work():
        last = len(BUILT_IN) - 1
        return list(BUILT_IN)[min(int(now[0] * last / COMPILES_AT), last)]

    monkeypatch.setattr(live_memory.psutil, "Process", Process)
    screen = live_memory.SwitchingScreen(2.0, at_work, clock=lambda: now[0])
    while now[0] <= 60 * minutes:
        screen.key(10)
        now[0] += 0.5
    return screen


def verdict(screen):
    return live.missed({"where": "memory", "MiB gained since": screen.gained_mib})


def test_compiling_is_no_leak(monkeypatch):
    screen = session(10, lambda seconds: 300 + min(seconds, COMPILES_AT), monkeypatch)

    assert len(screen.resident_mib) == 11
    assert screen.settled == 5  # a minute after the fourth, at which all had been at work
    assert (screen.gained_mib, verdict(screen)) == (0, [])


def test_a_leak_is_one(monkeypatch):
    screen = session(10, lambda seconds: 300 + seconds / 15, monkeypatch)

    assert screen.gained_mib == 20
    assert verdict(screen) == ["memory flat within 16 MiB"]


@pytest.mark.parametrize("minutes", [1, 4, 5])
def test_a_session_too_short_says_so(minutes, monkeypatch):
    screen = session(minutes, lambda seconds: 300, monkeypatch)

    assert screen.gained_mib is None
    assert "more --minutes" in verdict(screen)[0]
