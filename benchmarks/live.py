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
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastsal.bench import machine
from fastsal.live.screen import Window
from fastsal.live.webcam import Settings, Webcam

from .live_memory import FLAT_MIB, memory

SHOWN = {"window": 29.0, "page": 25.0}  # frames per second at least, of 30 that come
FLAT = 1.2  # the last third's latency against the first's
PROMPT = 40.0  # ms of the page's latency
_RATE = 30
_SLOW = 0.1  # seconds that a slow method takes
_SLOWER = " + 100 ms"
WINDOWS = (
    ("640x480", "fine-grained", 0.0), ("640x480", "bin-wang", 0.0),
    ("640x480", "superpixel-motion", 0.0), ("1920x1080", "lc", 0.0),
    ("1920x1080", "spectral-residual", 0.0), ("1920x1080", "bin-wang", 0.0),
    ("640x480", "lc", _SLOW),
)  # fmt: skip
_CHROMIUM = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream=fps=30",
             "--use-fake-ui-for-media-stream"]  # fmt: skip

_SLOW_PROGRAM = """
import sys, time
from fastsal.cli.main import main
from fastsal.live.engine import Engine
update, seconds = Engine.update, float(sys.argv[1])
Engine.update = lambda self, frame: (time.sleep(seconds), update(self, frame))[1]
sys.exit(main(sys.argv[2:]))
"""


def window(size: str, method: str, seconds: float, slowdown: float = 0.0) -> dict[str, Any]:
    """Return the figures of one session in a window."""
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
        "where": "window", "size": size, "method": method + (_SLOWER if slowdown else ""),
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


def page(method: str, seconds: float, slowdown: float = 0.0) -> dict[str, Any]:
    """Return the figures of one page in Chromium, with the server on the same machine."""
    from playwright.sync_api import sync_playwright

    arguments = [str(slowdown), "webcam", "--web", "0", "-m", method]
    command = [sys.executable, "-c", _SLOW_PROGRAM, *arguments]
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
        "where": "page", "size": size, "method": method + (_SLOWER if slowdown else ""),
        "fps": last["fps"], "latency p50 ms, first third": first["p50"], "last third": last["p50"],
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


def rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a row per session."""
    where = options.where.split(",")
    if "window" in where:
        with display():
            Window("fastsal").close()  # or refuse before anything is measured
            for size, method, slowdown in WINDOWS:
                if options.only in f"{size} {method}":
                    yield window(size, method, options.seconds, slowdown)
    if "page" in where:
        for slowdown in (0.0, _SLOW):
            yield page("lc", options.seconds, slowdown)
    if "memory" in where:
        yield memory(options.minutes)


def missed(row: dict[str, Any]) -> list[str]:
    """Return the targets that a session missed."""
    if row["where"] == "memory":
        gained = row["MiB gained since"]
        if gained is None:
            return ["two minutes or more after every method was at work: more --minutes"]
        return [f"memory flat within {FLAT_MIB:g} MiB"] * (gained > FLAT_MIB)
    first, last = row["latency p50 ms, first third"], row["last third"]
    is_slow = _SLOWER in row["method"]
    wanted = 0.7 / _SLOW if is_slow else SHOWN[row["where"]]  # the page waits for a frame to begin
    return [
        target
        for target, holds in (
            (f"{wanted:g} fps", row["fps"] >= wanted),
            (f"latency flat within {FLAT:g}", last <= FLAT * first),
            (f"latency {PROMPT:g} ms", row["where"] != "page" or is_slow or last <= PROMPT),
        )
        if not holds
    ]


def line_of(row: dict[str, Any]) -> str:
    """Return a session as a line of the table."""
    figures = (
        f"{row['fps']:>6.1f}{row['latency p50 ms, first third']:>10.1f}{row['last third']:>10.1f}"
        if "fps" in row
        else "  " + " ".join(f"{each:.0f}" for each in row["MiB"]) + " MiB  "
    )
    verdict = ", ".join(row["missed"])
    return (
        f"{row['where']:<8}{row['size']:<11}{row['method']:<28}{figures}"
        f"   {f'MISSED: {verdict}' if verdict else 'reached'}"
    )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="per session (default: 60)")
    parser.add_argument("--where", default="window,page", help="of window, page and memory")
    parser.add_argument("--only", default="", metavar="TEXT", help="of sizes and methods with it")
    parser.add_argument("--minutes", type=float, default=10.0, help="of memory (default: 10)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results: dict[str, Any] = {"machine": machine.description(), "rows": []}
    print(f"{'where':<8}{'size':<11}{'method':<28}{'fps':>6}{'p50 first':>10}{'p50 last':>10}")
    for row in rows(options):
        row["missed"] = missed(row)
        results["rows"].append(row)
        print(line_of(row), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if any(row["missed"] for row in results["rows"]):
        sys.exit(1)


if __name__ == "__main__":
    main()
