"""Rates and percentiles."""

import pytest

from fastsal.pipelines.clock import FrameClock, frames_per_second, percentiles_ms


def test_rate_counts_gaps_not_stamps() -> None:
    assert frames_per_second([0.0, 0.1, 0.2, 0.3]) == pytest.approx(10.0)


@pytest.mark.parametrize("stamps", [[], [1.0], [1.0, 1.0]])
def test_rate_without_time_passed_is_zero(stamps: list[float]) -> None:
    assert frames_per_second(stamps) == 0.0


def test_clock_forgets_what_left_the_window() -> None:
    clock = FrameClock(window=3)
    for stamp in (0.0, 100.0, 100.5, 101.0):
        clock.tick(stamp)
    assert clock.fps == pytest.approx(2.0)
    clock.reset()
    assert clock.fps == 0.0


def test_clock_reads_the_time_itself() -> None:
    clock = FrameClock()
    clock.tick()
    clock.tick()
    assert clock.fps >= 0.0


def test_percentiles_are_milliseconds() -> None:
    summary = percentiles_ms(n / 1000 for n in range(101))
    assert summary == pytest.approx({"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0})


def test_percentiles_of_nothing_are_zero() -> None:
    assert set(percentiles_ms([]).values()) == {0.0}
