import socket

import numpy as np
import pytest

from fastsal.cli.main import main
from fastsal.io.pictures import write_image

pytest.importorskip("websockets", reason="websockets is not installed")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--source", "synthetic", "--headless"], "--source, --headless have no effect with --web"),
     (["--view", "map", "--alpha", "0.3"], "--view, --alpha have no effect with --web"),
     (["--record", "r.mp4"], "--record has no effect with --web"),
     (["--size", "64x48", "--frames", "3"], "--size, --frames have no effect with --web"),
     (["--json", "r.json"], "--json has no effect with --web"),
     (["--no-mirror"], "--no-mirror have no effect with --web"),
     (["--keyfile", "k.pem"], "--keyfile needs --certfile"),
     (["--method", "bing_"], "did you mean bing?")],
    ids=str,
)  # fmt: skip
def test_what_does_nothing_for_a_page_is_refused(arguments, said, capsys):
    assert main(["webcam", "--web", "0", *arguments]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_a_bad_address_is_refused(capsys):
    assert main(["webcam", "--web", "here"]) == 2
    assert "must be [HOST:]PORT" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--certfile", "--keyfile"])
def test_certificates_are_for_pages(option, capsys):
    assert main(["webcam", "--headless", "--source", "synthetic", option, "x.pem"]) == 2
    assert f"{option} has no effect without --web" in capsys.readouterr().err


def test_a_strength_that_cannot_be_is_refused_before_a_camera_is_opened(capsys):
    assert main(["webcam", "--headless", "--source", "none.avi", "--alpha", "7"]) == 2
    assert "`alpha` must be a number from 0 to 1; got 7" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--record", "--json"])
def test_what_is_written_never_replaces_what_is_read(tmp_path, capsys, option):
    source = tmp_path / "seen.avi"
    source.write_bytes(b"a video")
    assert main(["webcam", "--headless", "--source", str(source), option, str(source)]) == 1
    assert "source and target are the same file" in capsys.readouterr().err
    assert source.read_bytes() == b"a video"


def test_report_and_recording_are_two_files(tmp_path, capsys):
    both = str(tmp_path / "seen.mp4")
    assert main(["webcam", "--headless", "--record", both, "--json", both]) == 2
    assert "--record and --json must be two files" in capsys.readouterr().err


def test_a_size_beyond_all_memory_is_refused(capsys):
    assert main(["webcam", "--headless", "--source", "synthetic", "--size", "100000x100000"]) == 2
    assert "a width and a height from 1 to 16384" in capsys.readouterr().err


def test_a_port_in_use_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["webcam", "--web", str(port)]) == 1
    assert capsys.readouterr().err == f"fastsal: error: port {port} is in use\n"


def test_a_still_picture_is_no_camera(tmp_path, capsys):
    path = tmp_path / "photo.jpg"
    write_image(path, np.zeros((8, 8), np.uint8))

    assert main(["webcam", "--headless", "--source", str(path)]) == 1

    assert "is a still image; use `fastsal image`" in capsys.readouterr().err
