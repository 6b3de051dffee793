import http.server
import threading
import time

import cv2
import numpy as np
import pytest

from fastsal import VideoError
from fastsal.live.capture import CaptureThread
from fastsal.live.sources import Pace, Synthetic, open_live
from fastsal.pipelines.scene import drawn


def taken(capture, most=10**9):
    frames = []
    try:
        while len(frames) < most:
            if (grabbed := capture.take(0.1)) is not None:
                frames.append(grabbed.frame)
    except EOFError:
        pass
    return frames


def test_a_camera_loses_frames_and_a_file_does_not(fake_source):
    for is_live in (True, False):
        source = fake_source(30, is_live=is_live)
        with CaptureThread(source, "fake") as capture:
            frames = []
            while True:
                time.sleep(0.005)
                try:
                    frames.append(capture.take(1.0).frame)
                except EOFError:
                    break
        assert capture.queue.captured == 30
        assert (len(frames) < 30) == is_live
        assert len(frames) + capture.queue.dropped == 30
        assert source.closed.is_set()


def test_an_error_of_the_source_comes_through(fake_source):
    source = fake_source(2, error=VideoError("cable"))
    with CaptureThread(source, "fake") as capture, pytest.raises(VideoError, match="cable"):
        taken(capture)


def test_a_stalled_camera_is_named(fake_source):
    source = fake_source(2, stalls=True)
    with CaptureThread(source, "camera 3", stalled=0.3) as capture:
        with pytest.raises(VideoError, match=r"^camera 3: stalled, no frame for 0\.3 s$"):
            taken(capture)
        source.close()  # as a device that is unplugged


def test_a_program_that_was_stopped_does_not_blame_the_camera(fake_source):
    """Ctrl-Z or a sleeping computer stop it, for example."""
    source = fake_source(1, stalls=True)
    with CaptureThread(source, "camera", stalled=0.7) as capture:
        assert len(taken(capture, 1)) == 1
        time.sleep(1.0)
        assert capture.take(0.01) is None
        source.close()


def test_a_filter_graph_is_a_live_source():
    source = open_live("lavfi:testsrc2=size=320x240:rate=30,realtime")
    assert source.is_live
    assert source.size == (320, 240)
    with CaptureThread(source, "graph") as capture:
        frames = taken(capture, 6)
    assert frames[0].shape == (240, 320, 3)
    assert not np.array_equal(frames[0], frames[-1])


@pytest.mark.parametrize("name", ["lavfi:nonsense=1", "missing.mp4", "http://127.0.0.1:9/x"])
def test_what_cannot_be_opened_is_named(name):
    with pytest.raises(VideoError, match=name.partition("=")[0]):
        open_live(name)


def test_a_missing_camera_says_which_there_are():
    with pytest.raises(VideoError, match=r"camera 63 cannot be opened; (no camera was|cameras)"):
        open_live("63")


class _Camera(http.server.BaseHTTPRequestHandler):
    """Sends 20 pictures as an IP camera does, and hangs up."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(20):
            _, jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 10 * number, np.uint8))
            part = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg.tobytes() + b"\r\n"
            self.wfile.write(part)
            time.sleep(0.02)

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Camera)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/camera.mjpg"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_camera_over_http_that_stops_is_an_error(address):
    source = open_live(address)
    assert source.is_live
    complaint = rf"^{address}: no more frames after the first \d+$"
    with CaptureThread(source, "camera") as capture, pytest.raises(VideoError, match=complaint):
        taken(capture)
    assert capture.queue.captured >= 10


def test_synthetic_frames_move_at_thirty_a_second():
    source = Synthetic((96, 64))
    began = time.perf_counter()
    frames = [source.read() for _ in range(7)]
    assert time.perf_counter() - began >= 6 / 30 - 0.01
    assert all(frame.shape == (64, 96, 3) for frame in frames)
    assert not np.array_equal(frames[0], frames[-1])


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (1920, 1080)], ids=str)
def test_any_size_can_be_drawn(size):
    frames = drawn(size)
    assert next(frames).shape == (size[1], size[0], 3)
    next(frames)


def test_a_late_frame_does_not_hurry_the_next():
    pace = Pace(50)
    pace.wait()
    time.sleep(0.1)
    pace.wait()
    began = time.perf_counter()
    pace.wait()
    assert time.perf_counter() - began > 0.015
