"""The server, spoken to by a client of Python's."""

import contextlib
import json
import ssl
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

import fastsal
from fastsal.live.engine import Choice
from fastsal.registry import BUILT_IN

pytest.importorskip("websockets", reason="websockets is not installed")
from web_clients import decoded, joined, jpeg_of, reply_to, running
from websockets.exceptions import ConnectionClosed, InvalidStatus

from fastsal.live.web import server as module
from fastsal.live.web.server import MOST_BYTES, MOST_CLIENTS, Server, address_of
from fastsal.live.web.session import MOST_PIXELS


@pytest.fixture
def start():
    """Return a function that starts servers; they are ended with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *method, **options: stack.enter_context(running(*method, **options))


def test_the_page_is_one_file_that_asks_nobody_else(start):
    with urllib.request.urlopen(start().url) as answer:
        page = answer.read().decode()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "getUserMedia" in page
    assert "http://localhost" in page.replace("https", "")
    assert "src=" not in page
    assert "//cdn" not in page


def test_other_paths_are_not_found(start):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(start().url + "../../etc/passwd")


def test_a_picture_comes_back_as_its_map_in_colours(start, rng):
    image = cv2.GaussianBlur(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8), (0, 0), 5)
    with joined(start()) as client:
        greeting = json.loads(client.recv())
        assert greeting["methods"].keys() == BUILT_IN.keys()
        assert "cpu" in greeting["backends"]
        figures, painted = reply_to(client, image)

    seen = decoded(jpeg_of(image))
    saliency = fastsal.luminance_contrast(seen, color="bgr")
    expected = fastsal.overlay(seen, saliency, alpha=1.0, color="bgr")
    assert np.abs(painted.astype(int) - expected).mean() < 6  # both are JPEGs
    assert figures["method"] == "lc"
    assert figures["compute_ms"] > 0


def test_method_and_colours_can_be_chosen(start, rng):
    image = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    with joined(start()) as client:
        client.recv()
        client.send(json.dumps({"method": "frame-difference", "colormap": "bone"}))
        for _ in range(300):
            figures, painted = reply_to(client, image)
            if figures["method"] == "frame-difference":
                break
        assert figures["method"] == "frame-difference"
        assert figures["colormap"] == "bone"
        _, painted = reply_to(client, image)
        assert painted.max() < 12  # nothing moves


def test_clients_do_not_see_each_other(start, rng):
    server = start("frame-difference")
    first, second = rng.integers(0, 256, (2, 40, 50, 3), dtype=np.uint8)
    with joined(server) as one, joined(server) as other:
        one.recv(), other.recv()
        for _ in range(3):
            assert np.ptp(reply_to(one, first)[1].reshape(-1, 3), axis=0).max() < 12
            assert np.ptp(reply_to(other, second)[1].reshape(-1, 3), axis=0).max() < 12


def test_many_clients_at_once_get_their_own_maps(start, rng):
    server = start("frame-difference")

    def talk(seed):
        still = np.random.default_rng(seed).integers(0, 256, (50, 60, 3), dtype=np.uint8)
        with joined(server) as client:
            client.recv()
            return max(np.ptp(reply_to(client, still)[1].reshape(-1, 3), 0).max() for _ in range(9))

    with ThreadPoolExecutor(MOST_CLIENTS) as pool:
        assert max(pool.map(talk, range(MOST_CLIENTS))) < 12


def test_one_client_too_many_is_told(start):
    server = start()
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CLIENTS):
            stack.enter_context(joined(server)).recv()
        late = stack.enter_context(joined(server))
        with pytest.raises(ConnectionClosed, match="clients are here already"):
            late.recv()


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1:1", None])
def test_other_peoples_pages_are_refused(start, origin):
    with pytest.raises(InvalidStatus, match="403"):
        joined(start(), origin=origin)


def test_a_name_that_only_resolves_to_here_is_refused(start):
    server = start()
    request = urllib.request.Request(server.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def bomb():
    """Return a small JPEG with a header that claims 60,000 x 60,000 pixels."""
    data = bytearray(jpeg_of(np.zeros((8, 8, 3), np.uint8)))
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = (60_000).to_bytes(2, "big") * 2
    return bytes(data)


@pytest.mark.parametrize(("message", "reason"), [
    (b"rubbish", "the image must be a JPEG"),
    (b"", "the image must be a JPEG"),
    (bomb(), f"must have at most {MOST_PIXELS} pixels"),
    ("not json", "must be a JSON object"),
    ("[1]", "must be a JSON object"),
    ('{"colormap": "mud"}', "`colormap` must be"),
    ('{"smoothing": 1}', "`smoothing` must be a number in"),
    ('{"smoothing": true}', "`smoothing` must be a number in"),
    (bytes(MOST_BYTES + 1), "over size limit|too big|exceeds"),
])  # fmt: skip
def test_bad_messages_end_only_their_own_connection(start, message, reason, rng):
    server = start()
    with joined(server) as good:
        good.recv()
        with joined(server) as bad:
            bad.recv()
            bad.send(message)
            with pytest.raises(ConnectionClosed, match=reason):
                bad.recv(timeout=30)
        reply_to(good, rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))


def test_an_error_of_the_method_is_told_to_the_page(start, monkeypatch):
    server = start()
    monkeypatch.setattr(
        module.Session, "reply", lambda *_: (_ for _ in ()).throw(RuntimeError("out of memory"))
    )
    with joined(server) as client:
        client.recv()
        client.send(b"x")
        with pytest.raises(ConnectionClosed, match="out of memory"):
            client.recv(timeout=30)


def test_closing_says_goodbye_to_clients(start):
    server = start()
    with joined(server) as client:
        client.recv()
        server.close()
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)


@pytest.fixture(scope="module")
def pems(tmp_path_factory):
    """Return the paths of a certificate, its key, and the same key encrypted."""
    folder = tmp_path_factory.mktemp("pems")
    paths = [folder / name for name in ("cert.pem", "key.pem", "locked.pem")]
    cert, key, locked = map(str, paths)
    for command in (
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", key, "-out", cert],
        ["rsa", "-in", key, "-aes128", "-passout", "pass:secret", "-out", locked],
    ):  # fmt: skip
        made = subprocess.run(["openssl", *command], capture_output=True, check=False)
        assert made.returncode == 0, made.stderr
    return paths


def test_https_with_a_certificate(start, pems):
    cert, key, _ = pems
    server = start(certificate=cert, key=key)
    assert server.url.startswith("https://")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with joined(server, ssl=context) as client:
        assert "methods" in client.recv()


def test_the_file_at_fault_is_named(pems, tmp_path):
    cert, key, locked = pems
    none, rubbish, both = (tmp_path / name for name in ("none.pem", "rubbish.pem", "both.pem"))
    rubbish.write_text("rubbish")
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    other = tmp_path / "other.pem"
    made = subprocess.run(["openssl", "genrsa", "-out", str(other)], capture_output=True)
    assert made.returncode == 0, made.stderr
    for certificate, wrong, words in (
        (cert, none, f"{none}: cannot load the private key: No such file"),
        (cert, rubbish, f"{rubbish}: cannot load the private key"),
        (cert, locked, f"{locked}: the private key must not be encrypted"),
        (cert, other, f"{other}: not the private key of {cert}"),
        (cert, None, f"{cert}: cannot load the private key; give it with --keyfile"),
        (none, key, f"{none}: cannot load the certificate: No such file"),
        (rubbish, key, f"{rubbish}: cannot load the certificate"),
        (tmp_path, key, f"{tmp_path}: cannot load the certificate: Is a directory"),
    ):
        with pytest.raises(fastsal.FastsalError) as caught:
            Server("127.0.0.1", 0, Choice("lc", "cpu"), certificate=certificate, key=wrong)
        assert str(caught.value).startswith(words)
    with running(certificate=both) as server:
        assert server.url.startswith("https://")


def test_what_cannot_be_served_is_refused(tmp_path):
    with pytest.raises(fastsal.FastsalError, match="cannot load the certificate"):
        Server("127.0.0.1", 0, Choice("lc", "cpu"), certificate=tmp_path / "none.pem")
    with pytest.raises(fastsal.FastsalError, match="--keyfile needs --certfile"):
        Server("127.0.0.1", 0, Choice("lc", "cpu"), key=tmp_path / "none.pem")
    with pytest.raises(ValueError, match="`method` must be"):
        Server("127.0.0.1", 0, Choice("nonsense", "cpu"))


def test_addresses():
    assert address_of("8000") == ("127.0.0.1", 8000)
    assert address_of("0.0.0.0:80") == ("0.0.0.0", 80)
    assert address_of("[::1]:80") == ("::1", 80)
    for text in ("", "host", "host:", "1:2:x", "70000", "-1"):
        with pytest.raises(ValueError, match="must be \\[HOST:\\]PORT"):
            address_of(text)
