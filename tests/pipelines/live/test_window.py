"""The real window, on an X server of the tests' own: keys, screenshots, closing by hand."""

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
        self.window = self._found()
        deadline = time.monotonic() + 60
        while (shown := self.screenshot()).shape[:2] == EMPTY or not shown.any():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.7)  # for the one that resized the window to be painted, and some more

    def tool(self, *command):
        done = subprocess.run(
            command, env=self.display, capture_output=True, text=True, timeout=20, check=False
        )
        return done.stdout

    def press(self, *keys):
        for key in keys:
            self.tool("xdotool", "windowfocus", "--sync", self.window)
            self.tool("xdotool", "key", "--window", self.window, key)
            time.sleep(0.4)

    def screenshot(self):
        """Return what is shown where the window is."""
        told = self.tool("xwininfo", "-id", self.window)  # xdotool counts a frame's border twice
        names = ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
        left, top, width, height = (int(re.search(f"{each}: +(-?\\d+)", told)[1]) for each in names)
        return self.screen()[top : top + height, left : left + width]

    def screenshot_like(self, expected):
        """Return the first picture that is about the same as expected, or the last of 10 s."""
        deadline = time.monotonic() + 10
        while True:
            shown = self.screenshot()
            if shown.shape == expected.shape and np.abs(shown - expected.astype(int)).mean() < 2:
                return shown
            if time.monotonic() > deadline:
                return shown
            time.sleep(0.1)

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


def test_the_window_shows_the_overlay_of_the_frame(started, gray_ramp):
    path, frame = gray_ramp
    program = started("--source", str(path), "-m", "lc", "--view", "overlay")
    saliency = fastsal.luminance_contrast(frame, color="bgr")
    expected = fastsal.overlay(frame, saliency, color="bgr")
    program.press("h", "h")  # help, then nothing
    shown = program.screenshot_like(expected)
    program.press("q")
    status, out, err = program.ended()

    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).mean() < 2
    assert (status, err) == (0, "")
    assert re.match(r"lc on cpu, 320x240: \d+ captured, \d+ shown, 0 dropped", out)
    report = json.loads(program.report.read_text())
    assert 0 <= report["captured"] - report["shown"] - report["dropped"] <= 1
    assert report["shown"] > 10


def test_keys_change_what_is_shown_and_write_files(started, tmp_path):
    program = started("--source", "synthetic", "--size", "320x240")
    before = program.screenshot()
    program.press("v", "h", "h", "r")
    time.sleep(0.7)
    program.press("r", "s")
    after = program.screenshot()
    program.press("m")
    time.sleep(1.5)
    program.press("Escape")
    status, _, err = program.ended()

    assert (status, err) == (0, "")
    assert np.ptp(before[150:], axis=2).max() > 30  # coloured
    assert np.ptp(after[150:], axis=2).max() <= 6  # the map alone is grey
    (snapshot,) = tmp_path.glob("fastsal-*.png")
    assert cv2.imread(str(snapshot)).shape == (240, 320, 3)
    (recording,) = tmp_path.glob("fastsal-*.mp4")
    capture = cv2.VideoCapture(str(recording))
    assert capture.read()[0]
    capture.release()


def test_the_help_names_the_keys(started):
    program = started("--source", "synthetic")
    plain = program.screenshot()
    program.press("h")
    helped = program.screenshot()
    program.press("q")
    assert program.ended()[0] == 0
    corner = np.s_[-100:, :200]
    assert (plain[corner] > 180).mean() < 0.01
    assert (helped[corner] > 180).mean() > 0.05  # letters
    assert np.median(helped[corner]) < 0.5 * np.median(plain[corner])  # on a dark box


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
    assert program.screenshot().shape == (120, 320, 3)
    program.process.send_signal(signal.SIGINT)
    status, out, err = program.ended()
    assert (status, err) == (130, "fastsal: interrupted\n")
    assert "captured" in out
    capture = cv2.VideoCapture(str(target))
    assert capture.read()[0]
    capture.release()
