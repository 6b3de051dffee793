"""The live session: newest frame, map, picture, screen, keys."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import runtime
from ..errors import VideoError
from ..io.pictures import write_image
from ..registry import BUILT_IN, DEFAULT
from . import overlay_text
from .capture import CaptureThread
from .engine import Choice, Engine
from .recorder import Recorder
from .screen import Headless, Screen, Window
from .sources import Source, open_live
from .statistics import LiveReport, Statistics
from .status_message import Notices, free_name
from .view_settings import Look, after

_PAINT_MS = 5  # in one a busy machine gets to no painting, and the window stays black
_TICK_MS = 10
_MOMENT = 0.5  # seconds to load compiled kernels
_RECORDING_FPS = 30.0
_NEED_A_MAP = ("m", "b", "s")  # keys

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Settings:
    """Options of a live session.

    Attributes
    ----------
    source : str or int
        As `open_live`.
    method, backend : str
        Method and backend at the start.
    look : Look
        Likewise.
    size : (int, int), optional
        Width and height of the frames worked on; a camera is asked for them, others are scaled.
    mirror : bool, optional
        Flip frames horizontally; by default for cameras.
    smoothing : float
        As `Engine`.
    record : Path, optional
        Record from the start, to this file.
    frames : int, optional
        Stop after this number of frames.
    headless : bool
        Show nothing.
    weights : str, optional
        The checkpoint file of a network.
    """

    source: str | int = 0
    method: str = DEFAULT
    backend: runtime.Choice = "auto"
    look: Look = field(default_factory=Look)
    size: tuple[int, int] | None = None
    mirror: bool | None = None
    smoothing: float = 0.0
    record: Path | None = None
    frames: int | None = None
    headless: bool = False
    weights: str | None = None


class Webcam:
    """One live session, for the main thread.

    Parameters
    ----------
    settings : Settings
        Options of the session.
    source, screen : optional
        In place of those that `settings` names.

    Raises
    ------
    VideoError
        If the source or the window cannot be opened.
    """

    def __init__(
        self, settings: Settings, *, source: Source | None = None, screen: Screen | None = None
    ) -> None:
        self._settings = settings
        self._look = settings.look
        choice = Choice(settings.method, settings.backend, settings.weights)
        self._engine = Engine(choice, smoothing=settings.smoothing)
        self._screen = screen or (Headless() if settings.headless else Window("fastsal"))
        try:
            opened = source or open_live(settings.source, settings.size)
        except BaseException:
            self._screen.close()
            raise
        self._size = settings.size or opened.size
        self._input_size = opened.size
        self._is_camera, self._is_warm = opened.is_camera, True
        self._is_mirrored = opened.is_camera if settings.mirror is None else settings.mirror
        self._capture = CaptureThread(opened, str(settings.source))
        self._statistics = Statistics()
        self._notices = Notices()
        self._recorder: Recorder | None = None
        self._is_paused = self._is_done = False
        self._paused_at = 0.0
        self._picture: Picture | None = None  # the last one, without figures
        self._without_map = 0  # frames shown before there were maps
        self._keys = self._actions()

    def run(self) -> LiveReport:
        """Go on until a key, a closed window, the end of the source, or an error.

        Raises
        ------
        Exception
            The first error of any part, after all parts have ended and the recording is closed.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self._engine.close)  # waits for the compiler, out of sight
            stack.callback(self._screen.close)
            stack.callback(self._stop_recording)
            self._warm_up()
            stack.enter_context(self._capture)
            if self._settings.record is not None:
                self._recorder = Recorder(self._settings.record, _RECORDING_FPS)
            with contextlib.suppress(EOFError):
                while not self._is_done:
                    self._step()
        self._check_end()
        return self.report()

    def _check_end(self) -> None:
        """Refuse a camera's end before the first map, which would look like a success."""
        if self._is_camera and not (self._is_done or self._statistics.shown):
            self._engine.is_warm()  # raises the error of the warm-up
            raise VideoError(f"{self._settings.source}: ended before the first map")

    def _warm_up(self) -> None:
        """Compile before the first frames come, which would wait for it and be late.

        Where that takes longer than a moment, people see themselves meanwhile.
        """
        if self._is_camera:
            self._engine.warm_up_aside(self._size)
            self._is_warm = self._engine.is_warm(_MOMENT)
        else:
            self._engine.warm_up(self._size)

    def report(self) -> LiveReport:
        """Return the counts and times until now."""
        choice, queue = self._engine.choice, self._capture.queue
        return LiveReport(
            captured=queue.captured, shown=self._statistics.shown,
            dropped=queue.dropped + self._without_map,
            fps=self._statistics.fps, latency_ms=self._statistics.latency_ms,
            compute_ms=self._statistics.compute_ms, method=choice.method,
            backend=self._where(), size=self._size,
        )  # fmt: skip

    def _actions(self) -> dict[str, Callable[[], None]]:
        look = self._look
        return {
            "q": self._quit, "escape": self._quit, " ": self._pause, "s": self._snapshot,
            "r": self._record, "m": self._next_method, "b": self._next_backend,
            "v": look.next_view, "c": look.next_colormap, "h": look.next_hud,
            "+": look.more, "=": look.more, "-": look.less,
            "f": self._screen.toggle_full_screen,
        }  # fmt: skip

    def _step(self) -> None:
        grabbed = None if self._is_paused else self._capture.take(_TICK_MS / 1e3)
        self._is_warm = self._is_warm or self._engine.is_warm()
        if grabbed is not None and self._is_warm:
            self._show_frame(grabbed.frame, grabbed.at)
        elif grabbed is not None:
            self._show_without_map(grabbed.frame)
        key = self._screen.key(_TICK_MS if grabbed is None else _PAINT_MS)
        if key in _NEED_A_MAP and not self._is_warm:
            self._notices.say(f"still compiling {self._engine.choice.method}")
        elif key in self._keys:
            self._keys[key]()
        frames = self._settings.frames
        if not self._screen.is_open() or (frames and self._statistics.shown >= frames):
            self._is_done = True

    def _show_frame(self, frame: Picture, grabbed_at: float) -> None:
        frame = self._prepared(frame)
        before, began = self._engine.choice, time.perf_counter()
        saliency = self._engine.update(frame)
        compute = time.perf_counter() - began
        if self._engine.choice != before:
            self._statistics.start_anew()
        self._picture = self._look.picture(frame, saliency, self._engine.stream)
        self._screen.show(self._with_figures(self._picture))
        shown_at = time.perf_counter()
        self._statistics.note(grabbed=grabbed_at, shown=shown_at, compute=compute)
        if self._recorder is not None:
            self._recorder.write(self._picture, shown_at)

    def _show_without_map(self, frame: Picture) -> None:
        picture = np.array(self._prepared(frame))
        overlay_text.draw_lines(picture, self._notices.lines(self._engine.notice))
        self._screen.show(picture)
        self._without_map += 1

    def _prepared(self, frame: Picture) -> Picture:
        wanted, self._input_size = self._settings.size, (frame.shape[1], frame.shape[0])
        if wanted is not None and wanted != self._input_size:
            frame = cv2.resize(frame, wanted, interpolation=cv2.INTER_AREA)
        self._size = (frame.shape[1], frame.shape[0])
        return cv2.flip(frame, 1) if self._is_mirrored else frame

    def _with_figures(self, picture: Picture) -> Picture:
        lines = self._notices.lines(self._engine.notice)
        if self._look.hud != "nothing":
            lines = [*self._figures(), *lines]
        if not lines and self._recorder is None:
            return picture
        picture = picture.copy()
        overlay_text.draw_lines(picture, lines)
        if self._look.hud == "help":
            overlay_text.draw_lines(picture, overlay_text.HELP, at_bottom=True)
        if self._recorder is not None:
            overlay_text.draw_recording(picture)
        return picture

    def _figures(self) -> list[str]:
        now = self.report()
        sizes = dict.fromkeys(f"{w}x{h}" for w, h in (self._input_size, now.size))
        return [
            f"{now.method} on {now.backend}, {' to '.join(sizes)}",
            f"{now.fps:.1f} fps, compute {now.compute_ms['p50']:.1f} ms",
            f"latency p50 {now.latency_ms['p50']:.0f} p95 {now.latency_ms['p95']:.0f} ms, "
            f"dropped {now.dropped}",
        ]

    def _quit(self) -> None:
        self._is_done = True

    def _pause(self) -> None:
        self._is_paused = not self._is_paused
        self._capture.queue.pause(self._is_paused)
        now = time.perf_counter()
        if self._is_paused:
            self._paused_at = now
        else:
            self._statistics.leave_out(now - self._paused_at)

    def _where(self) -> str:
        """Return the backend at work; of a network, the kind of its device."""
        network = self._engine.stream.network
        name = runtime.resolve(self._engine.choice.backend) if network is None else None
        return str(network.device.type) if name is None else name

    def _next_method(self) -> None:
        choice = self._engine.choice
        self._engine.change(Choice(after(choice.method, tuple(BUILT_IN)), choice.backend))

    def _next_backend(self) -> None:
        choice, offered = self._engine.choice, runtime.backends()
        names = tuple(name for name, status in offered.items() if status.available)
        if len(names) == 1:
            self._notices.say(f"only {names[0]}: {offered['cuda'].detail}")
            return
        name: Any = after(self._where(), names)
        self._engine.change(replace(choice, backend=name))

    def _snapshot(self) -> None:
        if self._picture is not None:
            path = free_name("png")
            write_image(path, np.ascontiguousarray(self._picture[..., ::-1]))
            self._notices.say(f"wrote {path}")

    def _record(self) -> None:
        if self._recorder is None:
            self._recorder = Recorder(free_name("mp4"), _RECORDING_FPS)
            return
        target = self._recorder.target
        self._stop_recording()
        self._notices.say(f"wrote {target}")

    def _stop_recording(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.close()
