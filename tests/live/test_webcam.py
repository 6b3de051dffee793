import os
import queue
import signal
import sys
import time
from functools import partial

import cv2
import numpy as np
import pytest
from processes import started

from fastsal import VideoError
from fastsal.live import webcam as module
from fastsal.live.recorder import Recorder
from fastsal.live.view_settings import COLORMAPS, HUDS, Look, after
from fastsal.live.webcam import Settings, Webcam
from fastsal.render.views import VIEWS


def session(source, screen, **settings):
    return Webcam(Settings(**{"method": "lc"} | settings), source=source, screen=screen)


def balanced(report):
    return 0 <= report.captured - report.shown - report.dropped <= 1


def test_every_captured_frame_is_shown_or_dropped(fake_source, fake_screen):
    screen = fake_screen(wait=0.01)
    report = session(fake_source(100, gap=0.003), screen).run()

    assert report.captured == 100
    assert report.shown == len(screen.shown) < 100
    assert balanced(report)
    assert report.dropped > 0
    assert (report.method, report.backend, report.size) == ("lc", "cpu", (64, 48))
    assert report.fps > 0
    assert report.latency_ms["p50"] >= report.compute_ms["p50"] > 0
    assert screen.is_closed


@pytest.fixture
def compiling(monkeypatch):
    """Let the first method compile until the test ends that, with success or with an error."""
    outcome = queue.Queue()

    def warm_up(self, size):
        if isinstance(error := outcome.get(timeout=20), Exception):
            raise error

    monkeypatch.setattr(module.Engine, "warm_up", warm_up)
    monkeypatch.setattr(module, "_MOMENT", 0.01)
    return outcome


@pytest.fixture
def at_close(monkeypatch):
    """Do something once the engine is closed, before it waits."""

    def let(do):
        close = module.Engine.close
        monkeypatch.setattr(module.Engine, "close", lambda self: (do(), close(self)))

    return let


def test_a_cameras_picture_is_shown_while_the_method_compiles(compiling, fake_source, fake_screen):
    class Watched(fake_screen):
        notices = ()

        def show(self, picture):
            super().show(picture)
            self.notices = (*self.notices, webcam._engine.notice)
            if len(self.shown) == 3:
                compiling.put(None)

    source, screen = fake_source(10_000, gap=0.002, size=(320, 240)), Watched()
    source.is_camera = True
    webcam = session(source, screen, frames=5, mirror=False)

    report = webcam.run()

    assert report.shown == 5
    assert len(screen.shown) >= 8
    assert balanced(report)
    assert screen.notices[0] == "compiling lc ..."
    assert screen.notices[-1] == ""
    first = screen.shown[0]
    assert np.ptp(first[130:]) == 0  # the lower half of a fake camera's frames is even
    assert first[:30, :200].std() > 20  # and the text on it


def test_what_cannot_compile_ends_everything(compiling, fake_source, fake_screen):
    source, screen = fake_source(10_000, gap=0.002), fake_screen()
    source.is_camera = True
    webcam = session(source, screen)
    compiling.put(RuntimeError("out of luck"))

    with pytest.raises(RuntimeError, match="out of luck"):
        webcam.run()
    assert screen.is_closed


def test_a_key_quits_while_it_compiles(compiling, at_close, fake_source, fake_screen):
    source, screen = fake_source(10_000, gap=0.002), fake_screen(keys={3: "q"})
    source.is_camera = True
    was_closed = []
    at_close(lambda: (was_closed.append(screen.is_closed), compiling.put(None)))

    report = session(source, screen).run()

    assert (report.shown, len(screen.shown)) == (0, 3)
    assert balanced(report)
    assert was_closed == [True]  # nobody sees it wait for the compiler


@pytest.mark.parametrize(("outcome", "error", "what"), [
    (RuntimeError("out of luck"), RuntimeError, "out of luck"),
    (None, VideoError, "0: ended before the first map"),
])  # fmt: skip
def test_a_camera_that_ends_while_it_compiles_is_no_success(
    outcome, error, what, compiling, at_close, fake_source, fake_screen
):
    source, screen = fake_source(3), fake_screen()
    source.is_camera = True
    at_close(lambda: compiling.put(outcome))

    with pytest.raises(error, match=what):
        session(source, screen).run()
    assert screen.is_closed


def test_keys_that_need_a_map_say_that_it_compiles(compiling, at_close, fake_source, fake_screen):
    source = fake_source(10_000, gap=0.002)
    source.is_camera = True
    webcam = session(source, fake_screen(keys={1: "m", 2: "b", 3: "s", 4: "q"}))
    at_close(lambda: compiling.put(None))
    said = []
    webcam._notices.say = said.append

    assert webcam.run().method == "lc"
    assert said == ["still compiling lc"] * 3


def test_a_files_frames_are_all_shown(fake_source, fake_screen):
    screen = fake_screen(wait=0.002)
    report = session(fake_source(40, is_live=False), screen).run()
    assert (report.captured, report.shown, report.dropped) == (40, 40, 0)


def test_latency_stays_flat_when_the_method_is_slow(fake_source, fake_screen):
    arrivals = []

    class Slow(fake_screen):
        def show(self, picture):
            super().show(picture)
            arrivals.append(time.perf_counter())

    source = fake_source(300, gap=0.002)
    webcam = session(source, Slow(wait=0.03))
    latencies = []
    original = webcam._statistics.note

    def note(**times):
        latencies.append(times["shown"] - times["grabbed"])
        original(**times)

    webcam._statistics.note = note
    assert balanced(webcam.run())
    third = len(latencies) // 3
    assert third >= 3
    # A queue of frames would make the last ones late by the whole run, half a second and more.
    assert np.median(latencies[-third:]) < np.median(latencies[:third]) + 0.1


@pytest.mark.parametrize("key", ["q", "escape"])
def test_keys_that_quit(key, fake_source, fake_screen):
    screen = fake_screen(keys={3: key})
    report = session(fake_source(10_000, gap=0.001), screen).run()
    assert report.shown == 3
    assert balanced(report)


def test_a_window_closed_by_hand_ends_it(fake_source, fake_screen):
    report = session(fake_source(10_000, gap=0.001), fake_screen(closes_at=4)).run()
    assert report.shown == 4
    assert balanced(report)


def test_so_many_frames_and_no_more(fake_source, fake_screen):
    report = session(fake_source(10_000, gap=0.001), fake_screen(), frames=5).run()
    assert report.shown == 5


@pytest.mark.parametrize("error", [VideoError("unplugged"), RuntimeError("bug")])
def test_an_error_of_the_camera_ends_everything(error, fake_source, fake_screen):
    screen = fake_screen()
    with pytest.raises(type(error), match=str(error)):
        session(fake_source(3, gap=0.01, error=error), screen).run()
    assert screen.is_closed


def test_an_error_of_the_method_ends_everything(fake_source, fake_screen, tmp_path):
    class Odd(fake_source):
        def read(self):
            frame = super().read()
            return frame if self._next < 5 else frame[..., 0].astype(np.int64)

    source, screen, target = Odd(100, gap=0.005), fake_screen(), tmp_path / "r.mp4"
    with pytest.raises(Exception, match=r"dtype|int64|unsupported|Unsupported"):
        session(source, screen, record=target).run()
    assert screen.is_closed
    assert source.closed.is_set()
    assert frames_in(target) > 0


def test_a_camera_that_stalls_ends_everything(fake_source, fake_screen, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CaptureThread", partial(module.CaptureThread, stalled=0.3))
    source, screen, target = (
        fake_source(9, gap=0.02, stalls=True),
        fake_screen(),
        tmp_path / "r.mp4",
    )
    with pytest.raises(VideoError, match=r"stalled, no frame for 0\.3 s") as error:
        session(source, screen, record=target).run()
    assert "\n" not in str(error.value)
    assert screen.is_closed
    assert source.closed.is_set()
    assert frames_in(target) > 0


def test_a_pause_shows_nothing_and_does_not_count(fake_source, fake_screen):
    class Pausing(fake_screen):
        ticks = 0

        def key(self, milliseconds):
            if len(self.shown) == 2:
                self.ticks += 1
                time.sleep(0.002)
                return " " if self.ticks in (1, 40) else ""
            return "q" if len(self.shown) == 5 else ""

    source = fake_source(10_000, gap=0.001)
    report = session(source, Pausing()).run()
    assert report.shown == 5
    assert balanced(report)
    assert source._next - report.captured > 20  # came in the pause of some 80 ms
    assert report.fps > 4 / 0.08


def test_frames_may_change_their_size(fake_source, fake_screen):
    class Changing(fake_source):
        def read(self):
            self.size = (64, 48) if self._next % 2 else (80, 40)
            return super().read()

    screen = fake_screen()
    report = session(Changing(20, is_live=False), screen, look=Look(hud="nothing")).run()
    assert report.shown == 20
    assert {picture.shape for picture in screen.shown} == {(48, 64, 3), (40, 80, 3)}


def test_frames_are_scaled_to_the_size_asked_for(fake_source, fake_screen):
    screen = fake_screen()
    report = session(fake_source(4, is_live=False), screen, size=(32, 20)).run()
    assert report.size == (32, 20)
    assert {picture.shape for picture in screen.shown} == {(20, 32, 3)}


@pytest.mark.parametrize(("is_camera", "mirror", "flips"), [
    (True, None, True), (False, None, False), (False, True, True), (True, False, False),
])  # fmt: skip
def test_cameras_are_mirrored(is_camera, mirror, flips, fake_source, fake_screen, monkeypatch):
    monkeypatch.setattr(module, "_MOMENT", 120)  # its only frame waits for the method
    source, screen = fake_source(1, is_live=False), fake_screen()
    source.is_camera = is_camera
    look = Look(alpha=0.0, hud="nothing")
    session(source, screen, mirror=mirror, look=look).run()
    bright = screen.shown[0][:24] > 128
    assert bright[:, 32:].all() == flips
    assert bright[:, :32].all() != flips


def test_keys_change_the_look(fake_source, fake_screen):
    look = Look()
    keys = {1: "v", 2: "c", 3: "h", 4: "+", 5: "+", 6: "-", 7: "f", 8: "q"}
    screen = fake_screen(keys=keys)
    session(fake_source(20, is_live=False), screen, look=look).run()
    assert (look.view, look.colormap, look.hud) == (VIEWS[1], COLORMAPS[1], HUDS[1])
    assert look.alpha == 0.6
    assert screen.full


def test_boxes_are_drawn_around_what_stands_out(fake_source, fake_screen):
    screen = fake_screen()
    look = Look(view="boxes", hud="nothing")
    session(fake_source(2, is_live=False), screen, look=look).run()
    picture = screen.shown[0]  # its upper left quarter is white, the rest black
    assert (picture[[0, -1, 30], [20, -1, 50]] == [[0, 220, 120], [0, 0, 0], [0, 0, 0]]).all()
    assert (picture[10, 10] == 255).all()


def test_opacity_stays_in_its_range():
    look = Look()
    for _ in range(20):
        look.more()
    assert look.alpha == 1.0
    for _ in range(20):
        look.less()
    assert look.alpha == 0.0


def test_what_follows_a_stranger_is_the_first():
    assert after("b", ("a", "b")) == "a"
    assert after("zebra", ("a", "b")) == "a"


def test_figures_are_drawn_and_can_be_put_away(fake_source, fake_screen):
    def last(hud):
        screen = fake_screen()
        look = Look(alpha=0.0, hud=hud)
        session(fake_source(2, is_live=False, size=(480, 360)), screen, look=look).run()
        return screen.shown[-1]

    plain = last("nothing")
    assert (plain[200:, 300:] == 1).all()
    assert (last("figures")[:60, :100] != plain[:60, :100]).any()
    assert (last("help")[-60:, :100] != plain[-60:, :100]).any()


def test_the_next_method_and_its_name(fake_source, fake_screen):
    webcam = session(fake_source(10_000, gap=0.01), fake_screen(keys={2: "m"}), frames=10_000)
    original, seen = webcam._engine.update, []

    def update(frame):
        saliency = original(frame)
        seen.append(webcam._engine.choice.method)
        if len(seen) > 5 and seen[-1] != "lc":
            webcam._quit()
        return saliency

    webcam._engine.update = update
    report = webcam.run()
    assert report.method == after("lc", tuple(module.BUILT_IN))
    assert seen[0] == "lc"


def test_the_only_backend_says_why(fake_source, fake_screen, monkeypatch):
    said = []
    offered = {"cpu": module.runtime.BackendStatus(True, "2 threads"),
               "cuda": module.runtime.BackendStatus(False, "no driver")}  # fmt: skip
    monkeypatch.setattr(module.runtime, "backends", lambda: offered)
    webcam = session(fake_source(5, is_live=False), fake_screen(keys={2: "b"}))
    webcam._notices.say = said.append
    assert webcam.run().backend == "cpu"
    assert said == ["only cpu: no driver"]


def test_a_snapshot_is_the_picture_without_figures(fake_source, fake_screen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    screen = fake_screen(keys={1: "s", 2: "s", 3: "q"})
    session(fake_source(5, is_live=False), screen, look=Look(alpha=0.0)).run()
    written = sorted(tmp_path.glob("fastsal-*.png"))
    assert len(written) == 2
    pictures = [cv2.imread(str(path)) for path in written]
    assert {int(picture[-1, -1, 0]) for picture in pictures} == {0, 1}
    assert all((picture[:24, :32] >= 254).all() for picture in pictures)


def frames_in(path):
    capture, count = cv2.VideoCapture(str(path)), 0
    while capture.grab():
        count += 1
    capture.release()
    return count


def last_second_of(path):
    capture, latest = cv2.VideoCapture(str(path)), 0.0
    while capture.grab():
        latest = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
    capture.release()
    return latest


def test_a_recording_is_whole_when_the_session_ends(fake_source, fake_screen, tmp_path):
    target = tmp_path / "seen.mp4"
    report = session(fake_source(45, gap=1 / 30), fake_screen(), record=target).run()
    assert abs(frames_in(target) - 45) <= 6
    assert report.shown >= 30
    assert [path.name for path in tmp_path.iterdir()] == ["seen.mp4"]


def test_recording_by_key(fake_source, fake_screen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    screen = fake_screen(keys={2: "r", 12: "r", 15: "q"})
    session(fake_source(10_000, gap=0.02), screen).run()
    (written,) = tmp_path.glob("fastsal-*.mp4")
    assert 3 <= frames_in(written) <= 30


def test_an_interrupt_while_a_recording_ends_does_not_cost_it(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path / "r.mp4", 10.0)
    recorder.write(np.zeros((48, 64, 3), np.uint8), 0.0)
    wait, interrupts = recorder._worker.wait, [KeyboardInterrupt]

    def interrupted_once():
        if interrupts:
            raise interrupts.pop()
        wait()

    monkeypatch.setattr(recorder._worker, "wait", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        recorder.close()
    assert frames_in(tmp_path / "r.mp4") == 1


def test_a_full_disk_ends_the_session_in_one_line(fake_source, fake_screen, tiny_disk):
    class Noisy(fake_source):
        def read(self):
            super().read()
            return np.random.default_rng(self._next).integers(0, 256, (240, 320, 3), np.uint8)

    screen = fake_screen()
    with pytest.raises(VideoError, match="no space left on device") as error:
        session(Noisy(10_000, gap=0.005), screen, record=tiny_disk / "r.avi").run()
    assert "\n" not in str(error.value)
    assert screen.is_closed
    assert not (tiny_disk / "r.avi").exists()


def test_pauses_are_not_recorded(tmp_path):
    recorder = Recorder(tmp_path / "r.mp4", 10.0)
    picture = np.zeros((48, 64, 3), np.uint8)
    for at in (0.0, 0.1, 60.0):
        recorder.write(picture, at)
    recorder.close()
    assert last_second_of(tmp_path / "r.mp4") == pytest.approx(1.1, abs=0.06)


def test_a_recording_keeps_its_size(tmp_path):
    recorder = Recorder(tmp_path / "r.mp4", 10.0)
    for index, shape in enumerate([(48, 64, 3), (96, 128, 3), (48, 64, 3)]):
        recorder.write(np.zeros(shape, np.uint8), index / 10)
    recorder.close()
    assert frames_in(tmp_path / "r.mp4") == 3


def test_an_empty_recording_leaves_no_file(tmp_path):
    Recorder(tmp_path / "r.mp4", 10.0).close()
    assert not list(tmp_path.iterdir())


def program(*arguments, **options):
    return started([sys.executable, "-m", "fastsal", "webcam", *arguments], **options)


def test_no_display_is_one_clear_line():
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    for display in ({}, {"DISPLAY": ":77"}):
        with program("--source", "synthetic", env={**environment, **display}) as ran:
            out, err = ran.communicate(timeout=60)
        assert ran.returncode == 1
        assert err.startswith("fastsal: error: no window can be shown: ")
        assert err.count("\n") == 1
        assert "--web" in err
        assert "--headless" in err
        assert out == ""


def test_ctrl_c_closes_the_recording_and_writes_the_report(tmp_path):
    target, report = tmp_path / "r.mp4", tmp_path / "r.json"
    options = ("--size", "96x64", "--record", str(target), "--json", str(report))
    with program("--source", "synthetic", "--headless", *options) as ran:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".r.*.mp4")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        ran.send_signal(signal.SIGINT)
        out, err = ran.communicate(timeout=30)

    assert ran.returncode == 130
    assert err == "fastsal: interrupted\n"
    assert "boolean-map on cpu, 96x64" in out
    assert frames_in(target) > 5
    assert '"captured"' in report.read_text()


def test_bad_requests_are_refused(tmp_path):
    for arguments, what in (
        (["--frames", "0"], "--frames must be at least 1"),
        (["--record", str(tmp_path / "no" / "r.mp4")], "no such folder"),
        (["--temporal-smoothing", "1"], "--temporal-smoothing must be at least 0 and below 1"),
        (["--size", "0x4"], "at least 1x1"),
        (["--view", "sideways"], "'side-by-side', 'boxes'"),
        (["--json", str(tmp_path / "no" / "r.json")], "--json: no such folder"),
        (["--record", "r.gif"], "r.gif: the file name must end in"),
        (["--certfile", "c.pem"], "--certfile has no effect without --web"),
    ):
        with program("--source", "synthetic", "--headless", *arguments) as ran:
            _, err = ran.communicate(timeout=60)
        assert ran.returncode in (1, 2)
        assert what in err
