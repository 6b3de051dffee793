"""Where live pictures are shown: a window, or nowhere."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import VideoError
from ..io.opencv_logging import quiet_opencv

_FONTS = ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/truetype", "/usr/share/fonts")
_INSTEAD = "--web PORT shows the pictures in a browser, --headless shows none"

Picture = NDArray[np.uint8]


class Screen(Protocol):
    """Shows pictures and hears keys. Belongs to the main thread."""

    def show(self, picture: Picture) -> None:
        """Show a picture."""

    def key(self, milliseconds: int) -> str:
        """Return the key that is pressed within so long, "escape" among them, or ""."""

    def is_open(self) -> bool:
        """Return whether anybody can still see it."""

    def toggle_full_screen(self) -> None:
        """Fill the screen, or no longer."""

    def close(self) -> None:
        """Take it away."""


class Headless:
    """No screen."""

    def show(self, picture: Picture) -> None:
        """Do nothing."""

    def key(self, milliseconds: int) -> str:
        """Return "" at once: there is no keyboard."""
        return ""

    def is_open(self) -> bool:
        """Return True: it cannot be closed."""
        return True

    def toggle_full_screen(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Window:
    """A window of OpenCV's.

    Raises
    ------
    VideoError
        If this machine or this build of OpenCV cannot show one.
    """

    def __init__(self, title: str) -> None:
        if reason := why_no_window():
            raise VideoError(f"no window can be shown: {reason}; {_INSTEAD}")
        self._title = title
        self._shape: tuple[int, ...] | None = None
        self._is_full = False
        _give_fonts()
        try:
            with quiet_opencv:
                # No toolbar of OpenCV: with it the mouse wheel zooms.
                cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            raise VideoError(
                f"no window can be shown: this OpenCV was built without windows; {_INSTEAD}"
            ) from error

    def show(self, picture: Picture) -> None:
        """Show a picture; one of another shape resizes the window."""
        if picture.shape != self._shape:
            self._shape = picture.shape
            cv2.resizeWindow(self._title, picture.shape[1], picture.shape[0])
        cv2.imshow(self._title, picture)

    def key(self, milliseconds: int) -> str:
        """Return the key that is pressed within so long, "escape" among them, or ""."""
        code = cv2.waitKey(max(1, milliseconds))
        if code == -1:
            return ""
        # Arrow keys and bare shifts come as codes that look like capitals and letters beyond
        # ASCII, so only small letters and signs are keys here.
        return "escape" if code == 27 else chr(code) if 31 < code < 127 else ""

    def is_open(self) -> bool:
        """Return whether the user has not closed it."""
        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:  # the last window was closed, so nothing is left to query
            return False

    def toggle_full_screen(self) -> None:
        """Fill the screen, or no longer."""
        self._is_full = not self._is_full
        how = cv2.WINDOW_FULLSCREEN if self._is_full else cv2.WINDOW_NORMAL
        cv2.setWindowProperty(self._title, cv2.WND_PROP_FULLSCREEN, how)

    def close(self) -> None:
        """Take the window away."""
        if self.is_open():
            cv2.destroyWindow(self._title)
            cv2.waitKey(1)  # or it stays until the next event


def why_no_window() -> str | None:
    """Return why OpenCV would abort the process rather than show a window, or None."""
    if not sys.platform.startswith("linux") or cv2.currentUIFramework() != "QT":
        return None
    library = ctypes.util.find_library("xcb") or "libxcb.so.1"
    try:
        xcb = ctypes.CDLL(library)
    except OSError as error:
        return f"{library} cannot be loaded: {error}"
    xcb.xcb_connect.restype = ctypes.c_void_p
    for function in (xcb.xcb_connection_has_error, xcb.xcb_disconnect):
        function.argtypes = (ctypes.c_void_p,)
    connection = xcb.xcb_connect(None, None)
    has_error = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if not has_error:
        return None
    display = os.environ.get("DISPLAY")
    return f"no X display answers at DISPLAY={display}" if display else "DISPLAY is not set"


def _give_fonts() -> None:
    # OpenCV points Qt to a folder of fonts that its wheel does not hold, and Qt complains.
    if not Path(os.environ.get("QT_QPA_FONTDIR", "")).is_dir() or not os.environ.get(
        "QT_QPA_FONTDIR"
    ):
        for folder in _FONTS:
            if Path(folder).is_dir():
                os.environ["QT_QPA_FONTDIR"] = folder
                return
