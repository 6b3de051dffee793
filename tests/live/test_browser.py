"""The page in a real Chromium, with a file of barcoded frames as its camera."""

import base64
import contextlib
import shutil
import sys
import time

import cv2
import numpy as np
import pytest
from processes import started

pytest.importorskip("websockets", reason="websockets is not installed")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is not installed", allow_module_level=True)

SIZE = (640, 480)
BITS = 8
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync"]  # fmt: skip
FAKE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def barcoded(number):
    """Return a frame with its number in bars along the top, and something to look at below."""
    width, height = SIZE
    frame = np.full((height, width, 3), 80, np.uint8)
    for bit in range(BITS):
        left = bit * width // BITS
        level = 255 if number >> bit & 1 else 0
        frame[:60, left : left + width // BITS] = level
    cv2.circle(frame, (width // 2, 300), 60, (40, 60, 230), -1)
    return frame


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    path = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    jpegs = [cv2.imencode(".jpg", barcoded(number))[1].tobytes() for number in range(60)]
    path.write_bytes(b"".join(jpegs))
    return [*FAKE, f"--use-file-for-fake-video-capture={path}"]


@pytest.fixture
def serve():
    """Return a function that starts ``fastsal webcam --web`` and returns process and address."""
    with contextlib.ExitStack() as stack:

        def run(*arguments):
            command = [sys.executable, "-m", "fastsal", "webcam", "--web", "0", *arguments]
            process = stack.enter_context(started(command))
            line = process.stdout.readline()
            assert line.startswith("open http"), process.communicate(timeout=10)
            return process, line.split()[1]

        yield run


@pytest.fixture
def browse():
    """Return a function that opens a page in a Chromium with the given flags."""
    with sync_api.sync_playwright() as playwright:
        browsers = []

        def run(address, *flags):
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*FLAGS, *flags], timeout=60_000
            )
            browsers.append(browser)
            page = browser.new_page(ignore_https_errors=True)
            page.goto(address)
            return page

        yield run
        for browser in browsers:
            browser.close()


def until(page, condition, seconds=60):
    page.wait_for_function(condition, timeout=1000 * seconds)


def stat(page):
    return page.evaluate("window.stat")


def pixels(page):
    """Return the pixels of the canvas, RGB, as it was drawn."""
    data = page.evaluate("screen_.toDataURL('image/png')").partition(",")[2]
    encoded = np.frombuffer(base64.b64decode(data), np.uint8)
    return cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_the_page_shows_the_map_over_the_very_frame(serve, browse, camera, tmp_path):
    _, address = serve()
    page = browse(address, *camera)
    until(page, "window.stat.got > 20")
    page.uncheck("#mirror")
    page.evaluate("opacity.value = 0")
    got = stat(page)["got"]
    until(page, f"window.stat.got > {got + 3}")
    plain = pixels(page)
    page.evaluate("opacity.value = 0.6")
    got = stat(page)["got"]
    until(page, f"window.stat.got > {got + 3}")
    blended = pixels(page)
    page.screenshot(path=tmp_path / "page.png")

    centres = [(bit * SIZE[0] // BITS + SIZE[0] // BITS // 2) for bit in range(BITS)]
    number = sum(1 << bit for bit, col in enumerate(centres) if plain[30, col, 0] > 128)
    expected = cv2.cvtColor(barcoded(number), cv2.COLOR_BGR2RGB)
    assert np.abs(plain.astype(int) - expected).mean() < 10  # a camera's colours are narrower
    assert np.abs(blended[100:].astype(int) - plain[100:]).mean() > 5
    assert stat(page)["error"] == ""
    assert 0 < stat(page)["p50"] <= stat(page)["p95"]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_fits_its_window(serve, browse, camera, width):
    _, address = serve()
    page = browse("about:blank", *camera)
    page.set_viewport_size({"width": width, "height": 800})
    failed = []
    page.on("response", lambda answer: answer.ok or failed.append(answer.url))
    page.on("pageerror", lambda error: failed.append(error))
    page.goto(address)
    until(page, "window.stat.got > 0")
    assert "no frame yet" not in page.inner_text("#figures")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.querySelector('link[rel=icon]').href").startswith("data:image/")
    assert failed == []


def test_the_method_is_chosen_in_the_page(serve, browse, camera):
    _, address = serve()
    page = browse(address, *camera)
    until(page, "window.stat.got > 5")
    page.select_option("#method", "frame-difference")
    until(page, "window.stat.state.method === 'frame-difference'")
    page.select_option("#colormap", "viridis")
    until(page, "window.stat.state.colormap === 'viridis'")
    got = stat(page)["got"]
    until(page, f"window.stat.got > {got + 5}")


def test_a_phone_has_views_smoothing_and_snapshots(serve, browse, camera):
    _, address = serve("-m", "frame-difference")
    page = browse("about:blank", *camera)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    until(page, "window.stat.got > 5")
    page.select_option("#view", "side-by-side")
    page.evaluate("opacity.value = 0")
    until(page, f"screen_.width === {2 * SIZE[0]}")
    got = stat(page)["got"]
    until(page, f"window.stat.got > {got + 3}")
    left, right = np.hsplit(pixels(page), 2)
    np.testing.assert_array_equal(left, right)  # the frame twice, since the map is transparent
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.select_option("#view", "map")
    until(page, f"screen_.width === {SIZE[0]}")
    page.fill("#smoothing", "0.5")
    until(page, "window.stat.state.smoothing === 0.5")
    with page.expect_download() as download:
        page.click("#snapshot")
    assert download.value.suggested_filename.startswith("fastsal-frame-difference-")
    encoded = np.fromfile(download.value.path(), np.uint8)
    assert cv2.imdecode(encoded, cv2.IMREAD_COLOR).shape == (SIZE[1], SIZE[0], 3)


@pytest.mark.parametrize(("flags", "words"), [
    ([], "No camera was found"),
    ([FAKE[0], "--deny-permission-prompts"], "The camera was refused"),
])  # fmt: skip
def test_it_says_why_there_is_no_camera(flags, words, serve, browse):
    _, address = serve()
    page = browse(address, *flags)
    until(page, f"document.getElementById('message').textContent.includes('{words}')")


def test_it_says_that_the_origin_is_insecure(serve, browse, camera):
    _, address = serve()
    port = address.rstrip("/").rpartition(":")[2]
    html = f"http://box.example:{port}/"
    page = browse(address, *camera, "--host-resolver-rules=MAP box.example 127.0.0.1")
    source = page.content()
    page.route(html, lambda route: route.fulfill(body=source, content_type="text/html"))
    page.goto(html)
    until(page, "document.getElementById('message').textContent.includes('insecure origin')")


def test_the_page_tells_when_the_server_stops(serve, browse, camera):
    process, address = serve()
    page = browse(address, *camera)
    until(page, "window.stat.got > 5")
    process.send_signal(2)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "fastsal: interrupted\n")
    until(page, "document.getElementById('message').textContent.includes('has closed')")


def test_a_closed_tab_leaves_the_server_well(serve, browse, camera):
    process, address = serve()
    page = browse(address, *camera)
    until(page, "window.stat.got > 5")
    page.close()
    time.sleep(0.5)
    again = browse(address, *camera)
    until(again, "window.stat.got > 5")
    process.send_signal(2)
    _, err = process.communicate(timeout=20)
    assert err == "fastsal: interrupted\n"
