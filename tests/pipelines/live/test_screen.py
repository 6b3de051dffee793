"""When a window counts as closed, told by what OpenCV says of it over time."""

import cv2
import pytest

from fastsal.pipelines.live import screen


@pytest.fixture
def window_that_says(monkeypatch):
    """A window of which OpenCV says this and that in turn, None being an error."""

    def window_that_says(*answers):
        left = list(answers)

        def answer(title, prop):
            assert prop == cv2.WND_PROP_VISIBLE
            if (value := left.pop(0)) is None:
                raise cv2.error("NULL guiReceiver (please create a window)")
            return value

        monkeypatch.setattr(screen, "why_no_window", lambda: None)
        monkeypatch.setattr(cv2, "namedWindow", lambda title, flags: None)
        monkeypatch.setattr(cv2, "getWindowProperty", answer)
        return screen.Window("fastsal")

    return window_that_says


def test_a_window_that_is_yet_to_appear_is_not_closed(window_that_says):
    window = window_that_says(0.0, 0.0, 1.0, 1.0)
    assert [window.is_open() for _ in range(4)] == [True] * 4


@pytest.mark.parametrize("gone", [0.0, -1.0, None])
def test_a_window_that_was_seen_and_is_gone_is_closed(window_that_says, gone):
    window = window_that_says(0.0, 1.0, gone, gone)
    assert [window.is_open() for _ in range(4)] == [True, True, False, False]
