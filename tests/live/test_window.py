"""The real window, on an X server of the tests' own: keys, screenshots, closing by hand."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

import fastsal

TITLE = "fastsal"
SIZE = (320, 240)
EMPTY = (300, 400)  # rows and columns of a window that has shown nothing


@pytest.fixture
def gray_ramp(tmp_path):
    """Return a video of one picture over and over, and the picture as it decodes."""
    path = tmp_path / "still.avi"
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    cv2.rectangle(picture, (100, 60), (180, 140), (30, 200, 240), -1)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, SIZE)
    for _ in range(500):
        writer.write(picture)
    writer.release()
    capture = cv2.VideoCapture(str(path))
    _, decoded = capture.read()
    capture.release()
    return path, decoded


class Program:
    """``fastsal webcam`` with a window."""

    def __init__(self, display, screen, folder, *arguments):
        self.display, self.screen = display, screen
        self.report = folder / "report.json"
        command = [sys.executable, "-m", "fastsal", "webcam", "--json", str(self.report)]
        self.process = subprocess.Popen(
            [*command, *arguments], env=display, cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.window = ""

    def wait_until_frames_come(self):
        deadline = time.monotonic() + 60
        self.window = self._found()
        while (shown := self.screenshot()).shape[:2] == EMPTY or not shown.any():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.process.communicate(timeout=5))
            time.sleep(0.1)
        time.sleep(0.7)  # for the one that resized the window to be painted, and some more

    def wait_until_it_is_gone(self):
        """Wait for the server to take the window away: the next program has one of its name."""
        deadline = time.monotonic() + 20
        while self.tool("xdotool", "search", "--name", f"^{TITLE}$"):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def tool(self, *command):
        done = subprocess.run(
            command, env=self.display, capture_output=True, text=True, timeout=20, check=False
        )
        return done.stdout

    def press(self, *keys):
        for key in keys:
            self.tool("xdotool", "windowfocus", self.window)
            # Without a window xdotool uses the keyboard. With one, a key that ends the program
            # would be released in a closed window, and repeat in the next.
            self.tool("xdotool", "key", key)
            time.sleep(0.4)

    def screenshot(self):
        """Return the pixels at the place of the window; nothing if it is closed."""
        told = self.tool("xwininfo", "-id", self.window)  # xdotool counts a frame's border twice
        names = ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
        found = [re.search(f"{each}: +(-?\\d+)", told) for each in names]
        left, top, width, height = (int(each[1]) if each else 0 for each in found)
        return self.screen()[top : top + height, left : left + width]

    def press_until(self, key, is_there):
        """Press a key until `is_there` accepts a picture: a busy machine loses some keys."""
        for _ in range(8):
            self.press(key)
            with contextlib.suppress(AssertionError):
                return self.screenshot_when(is_there, seconds=3)
        raise AssertionError(f"{key!r} was pressed eight times")

    def screenshot_when(self, is_there, seconds=20):
        """Return the first picture that `is_there` accepts; it must come in time."""
        deadline = time.monotonic() + seconds
        while not is_there(shown := self.screenshot()):
            assert time.monotonic() < deadline, f"last shown: {shown.shape} {shown.sum()}"
            time.sleep(0.1)
        return shown

    def ended(self):
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err

    def _found(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := self.tool("xdotool", "search", "--name", f"^{TITLE}$").split():
                return found[-1]
            time.sleep(0.1)
        raise AssertionError(self.process.communicate(timeout=5))


@pytest.fixture
def started(display, screen, tmp_path):
    programs = []

    def start(*arguments):
        programs.append(Program(display, screen, tmp_path, *arguments))
        programs[-1].wait_until_frames_come()
        return programs[-1]

    yield start
    for program in programs:
        program.process.kill()
        program.process.communicate()
        program.wait_until_it_is_gone()


def test_the_window_shows_the_overlay_of_the_frame(started, gray_ramp):
    path, frame = gray_ramp
    program = started("--source", str(path), "-m", "lc", "--view", "overlay")
    saliency = fastsal.luminance_contrast(frame, color="bgr")
    expected = fastsal.overlay(frame, saliency, blend="saliency", color="bgr")
    program.press("h", "h")  # help, then nothing
    program.screenshot_when(
        lambda seen: seen.shape == expected.shape and np.abs(seen.astype(int) - expected).mean() < 2
    )
    program.press("q")
    status, out, err = program.ended()

    assert (status, err) == (0, "")
    assert re.match(r"lc on cpu, 320x240: \d+ captured, \d+ shown, \d+ dropped", out)
    report = json.loads(program.report.read_text())
    assert 0 <= report["captured"] - report["shown"] - report["dropped"] <= 1
    assert report["shown"] > 10


def test_keys_change_what_is_shown_and_write_files(started, tmp_path):
    program = started("--source", "synthetic", "--size", "320x240")
    program.screenshot_when(lambda seen: np.ptp(seen[150:], axis=2).max(initial=0) > 30)  # coloured
    program.press_until("v", lambda seen: np.ptp(seen[150:], axis=2).max() <= 6)  # the map is grey
    program.press("h", "h", "r")
    time.sleep(0.7)
    program.press("r", "s")
    program.press("m")
    time.sleep(1.5)
    program.press("Escape")
    status, _, err = program.ended()

    assert (status, err) == (0, "")
    (snapshot,) = tmp_path.glob("fastsal-*.png")
    assert cv2.imread(str(snapshot)).shape == (240, 320, 3)
    (recording,) = tmp_path.glob("fastsal-*.mp4")
    capture = cv2.VideoCapture(str(recording))
    assert capture.read()[0]
    capture.release()


def test_the_help_names_the_keys(started):
    program = started("--source", "synthetic")
    corner = np.s_[-100:, :200]
    plain = program.screenshot_when(lambda seen: np.median(seen[corner]) > 0)[corner]
    program.press_until(
        "h",
        lambda seen: (
            (seen[corner] > 180).mean() > 0.05  # letters
            and np.median(seen[corner]) < 0.5 * np.median(plain)  # on a dark box
        ),
    )
    program.press("q")
    assert program.ended()[0] == 0


def test_closing_the_window_by_hand_ends_it(started, display):
    program = started("--source", "synthetic")
    program.tool("wmctrl", "-c", TITLE)
    status, out, err = program.ended()
    assert (status, err) == (0, "")
    assert "captured" in out


def test_ctrl_c_ends_it_and_leaves_a_whole_recording(started, tmp_path):
    target = tmp_path / "seen.mp4"
    program = started("--source", "synthetic", "--size", "160x120", "--record", str(target),
                      "--view", "side")  # fmt: skip
    program.screenshot_when(lambda seen: seen.shape == (120, 320, 3))
    program.process.send_signal(signal.SIGINT)
    status, out, err = program.ended()
    assert (status, err) == (130, "fastsal: interrupted\n")
    assert "captured" in out
    capture = cv2.VideoCapture(str(target))
    assert capture.read()[0]
    capture.release()
