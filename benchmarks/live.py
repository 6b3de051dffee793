"""``python -m benchmarks.live``: frame rate and latency of live sessions, in a window and a page.

The camera is FFmpeg's test pattern at 30 frames per second, in real time. Without a display a
virtual one is started (Xvfb); the page runs in Chromium, driven by playwright, with its fake
camera. Latency is taken over the first and the last third of the run: a queue would let it grow.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from fastsal import METHODS
from fastsal.pipelines.bench import machine
from fastsal.pipelines.live.screen import Window
from fastsal.pipelines.live.webcam import Settings, Webcam

WINDOWS = (
    ("640x480", "fine-grained"), ("640x480", "bin-wang"), ("640x480", "superpixel-motion"),
    ("1920x1080", "lc"), ("1920x1080", "spectral-residual"), ("1920x1080", "bin-wang"),
)  # fmt: skip
SHOWN = {"window": 29.0, "page": 25.0}  # frames per second at least, of 30 that come
FLAT = 1.2  # the last third's latency against the first's
PROMPT = 40.0  # ms of the page's latency
_RATE = 30
_SLOW = 0.1  # seconds that a slow method takes
_CHROMIUM = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream=fps=30",
             "--use-fake-ui-for-media-stream"]  # fmt: skip


def window(size: str, method: str, seconds: float, slowdown: float = 0.0) -> dict[str, Any]:
    """Return what one session in a window reached."""
    source = f"lavfi:testsrc2=size={size}:rate={_RATE},realtime"
    webcam = Webcam(
        Settings(source=source, method=method, frames=int(seconds / max(1 / _RATE, slowdown)))
    )
    latencies = _listen(webcam, slowdown)
    report = webcam.run()
    third = len(latencies) // 3
    first, last = (
        1e3 * statistics.median(part) for part in (latencies[:third], latencies[-third:])
    )
    return {
        "where": "window", "size": size, "method": method + (" + 100 ms" if slowdown else ""),
        "fps": report.fps, "captured": report.captured, "shown": report.shown,
        "dropped": report.dropped, "compute p50 ms": report.compute_ms["p50"],
        "latency p50 ms, first third": first, "last third": last,
    }  # fmt: skip


def _listen(webcam: Webcam, slowdown: float) -> list[float]:
    """Collect the latency of every frame, and make the method slower."""
    latencies: list[float] = []
    note, update = webcam._statistics.note, webcam._engine.update

    def noted(*, grabbed: float, shown: float, compute: float) -> None:
        latencies.append(shown - grabbed)
        note(grabbed=grabbed, shown=shown, compute=compute)

    def slower(frame: Any) -> Any:
        time.sleep(slowdown)
        return update(frame)

    webcam._statistics.note, webcam._engine.update = noted, slower  # type: ignore[method-assign]
    return latencies


def page(method: str, seconds: float) -> dict[str, Any]:
    """Return what one page in Chromium reached, the server on the same machine."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "fastsal", "webcam", "--web", "0", "-m", method]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=_CHROMIUM
            )
            tab = browser.new_page()
            tab.goto(address)
            tab.wait_for_function("window.stat.got > 60", timeout=120_000)
            time.sleep(seconds / 3)
            first = tab.evaluate("window.stat")
            time.sleep(2 * seconds / 3)
            last = tab.evaluate("window.stat")
            size = tab.evaluate("`${screen_.width}x${screen_.height}`")
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
    return {
        "where": "page", "size": size, "method": method, "fps": last["fps"],
        "latency p50 ms, first third": first["p50"], "last third": last["p50"],
        "p95 ms": last["p95"],
    }  # fmt: skip


@contextlib.contextmanager
def display() -> Iterator[None]:
    """Give the process an X display if it has none."""
    if os.environ.get("DISPLAY"):
        yield
        return
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1200x24", "-nolisten", "tcp"],
        pass_fds=[writing], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as pipe:
        os.environ["DISPLAY"] = f":{pipe.readline().strip()}"
    try:
        yield
    finally:
        del os.environ["DISPLAY"]
        server.terminate()
        server.wait(10)


def memory(minutes: float) -> dict[str, Any]:
    """Return the resident memory, in MiB, at the end of every minute of one session."""
    from benchmarks.live_memory import Restless, resident_mib

    seen: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        source = Restless(minutes, at_minute=lambda: seen.append(resident_mib()))
        settings = Settings(headless=True, record=Path(folder, "seen.mp4"))
        webcam = Webcam(settings, source=source)
        source.every_round(webcam._next_method)
        report = webcam.run()
    return {"where": "memory", "captured": report.captured, "shown": report.shown,
            "MiB per minute": seen}  # fmt: skip


def rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a row per session."""
    if "window" in options.where:
        with display():
            Window("fastsal").close()  # or refuse before anything is measured
            for size, method in WINDOWS:
                yield window(size, method, options.seconds)
            yield window("640x480", "lc", options.seconds, _SLOW)
    if "page" in options.where:
        yield page("lc", options.seconds)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="per session")
    parser.add_argument("--where", default="window,page")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results: dict[str, Any] = {"machine": machine.description(), "rows": []}
    for row in rows(options):
        results["rows"].append(row)
        print("  ".join(f"{k} {v:.1f}" if isinstance(v, float) else f"{k} {v}"
                        for k, v in row.items()), flush=True)  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
