import itertools
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from processes import started

import fastsal
from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image
from fastsal.io.videos import VideoReader, VideoWriter
from fastsal.registry import BUILT_IN


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "photo.png"
    write_image(path, rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    return path


@pytest.fixture
def clip(tmp_path, rng):
    path = tmp_path / "clip.avi"
    with VideoWriter(path, 10, (64, 48)) as writer:
        for _ in range(12):
            writer.write(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    return path


def fails(capsys, *arguments, status=1):
    """Run a command that cannot be done; return its one line on stderr."""
    assert main([str(each) for each in arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("fastsal: ")
    return lines[0]


@contextmanager
def not_longer_than(seconds):
    """Fail where the block would hang: it does not return, and ignores other exceptions."""

    def ring(number, frame):
        raise AssertionError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def leftovers(folder, *expected):
    return sorted(path.name for path in folder.iterdir() if path not in expected)


def test_image_writes_the_map_itself(photo, tmp_path):
    target = tmp_path / "map.png"

    assert main(["image", str(photo), "-m", "lc", "-o", str(target), "--view", "map"]) == 0

    out = np.empty((40, 60), np.uint8)
    fastsal.luminance_contrast(read_image(photo), out=out)
    np.testing.assert_array_equal(read_image(target), out)


def test_image_writes_float_maps_to_npy(photo, tmp_path):
    target = tmp_path / "map.npy"

    assert main(["image", str(photo), "-o", str(target)]) == 0

    np.testing.assert_array_equal(np.load(target), fastsal.boolean_map(read_image(photo)))


@pytest.mark.parametrize(("view", "width"), [("overlay", 60), ("side-by-side", 120)])
def test_image_views(photo, tmp_path, view, width):
    target = tmp_path / "view.png"

    assert main(["image", str(photo), "-o", str(target), "--view", view]) == 0

    picture = read_image(target)
    assert picture.shape == (40, width, 3)
    overlaid = fastsal.overlay(
        read_image(photo), fastsal.boolean_map(read_image(photo)), blend="saliency"
    )
    np.testing.assert_array_equal(picture[:, -60:], overlaid)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_image_takes_grey_and_deep_pictures(tmp_path, rng, depth):
    path, target = tmp_path / "gray.png", tmp_path / "map.png"
    write_image(path, rng.integers(0, np.iinfo(depth).max + 1, (20, 30), dtype=depth))

    assert main(["image", str(path), "-o", str(target)]) == 0

    assert read_image(target).shape == (20, 30, 3)


def test_image_takes_folders_globs_and_several_methods(tmp_path, rng, capsys):
    folder, out = tmp_path / "in", tmp_path / "out" / "deep"
    folder.mkdir()
    for name in ("b.png", "a.jpg"):
        write_image(folder / name, rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))

    methods = "lc,frame-difference"
    assert main(["image", str(folder), str(folder / "*.png"), "-m", methods, "-o", str(out)]) == 0

    assert leftovers(out) == [
        "a-frame-difference.png", "a-lc.png", "b-frame-difference.png", "b-lc.png"
    ]  # fmt: skip
    assert "wrote 4 maps" in capsys.readouterr().out


def test_static_methods_take_each_image_alone(tmp_path, rng):
    for index in range(2):
        write_image(tmp_path / f"{index}.png", rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))

    arguments = ["-m", "superpixel", "--view", "map", "-o", str(tmp_path / "out")]
    assert main(["image", str(tmp_path / "[01].png"), *arguments]) == 0

    for index in range(2):
        alone = fastsal.superpixel_contrast(read_image(tmp_path / f"{index}.png"))
        written = read_image(tmp_path / "out" / f"{index}-superpixel.png")
        np.testing.assert_array_equal(written, np.rint(255 * alone))


def test_motion_methods_take_images_as_frames(tmp_path):
    for index in range(2):
        write_image(tmp_path / f"{index}.png", np.full((8, 9), 51 * index, np.uint8))

    arguments = ["-m", "frame-difference", "--view", "map", "-o", str(tmp_path / "out")]
    assert main(["image", str(tmp_path / "[01].png"), *arguments]) == 0

    assert not read_image(tmp_path / "out" / "0-frame-difference.png").any()
    assert (read_image(tmp_path / "out" / "1-frame-difference.png") == 51).all()


def test_all_means_all_static_methods(photo, tmp_path):
    assert main(["image", str(photo), "-m", "all", "-o", str(tmp_path / "out")]) == 0

    static = [key for key, method in BUILT_IN.items() if method.kind == "static"]
    assert leftovers(tmp_path / "out") == sorted(f"photo-{key}.png" for key in static)


def test_image_errors(photo, tmp_path, capsys):
    (tmp_path / "broken.png").write_bytes(photo.read_bytes()[:100])
    (tmp_path / "text.png").write_text("not a picture")
    out = tmp_path / "out.png"
    assert "no such file" in fails(capsys, "image", tmp_path / "none.png", "-o", out)
    assert "broken.png" in fails(capsys, "image", tmp_path / "broken.png", "-o", out)
    assert "text.png" in fails(capsys, "image", tmp_path / "text.png", "-o", out)
    assert "no; create it first" in fails(capsys, "image", photo, "-o", tmp_path / "no" / "map.png")
    assert "-o must be a folder for 2 maps" in fails(
        capsys, "image", photo, tmp_path / "text.png", "-o", out, status=2
    )
    gif = tmp_path / "map.gif"
    assert "map.gif: the file name must end in" in fails(
        capsys, "image", photo, "-o", gif, status=2
    )
    assert "must be lc, fine-grained, " in fails(
        capsys, "image", photo, "-m", "nonsense", "-o", out, status=2
    )
    assert "alpha" in fails(capsys, "image", photo, "--alpha", "2", "-o", out, status=2)
    assert "'cuda' was requested" in fails(capsys, "image", photo, "--backend", "cuda", "-o", out)
    assert leftovers(tmp_path, photo) == ["broken.png", "text.png"]


def test_one_bad_image_does_not_stop_the_others(photo, tmp_path, capsys):
    (tmp_path / "a-broken.png").write_bytes(photo.read_bytes()[:100])
    np.save(tmp_path / "integers.npy", np.zeros((4, 4), np.int32))
    write_image(tmp_path / "z.png", np.zeros((5, 5), np.uint8))

    assert main(["image", str(tmp_path), "-m", "lc", "-o", str(tmp_path / "out")]) == 1

    out, err = capsys.readouterr()
    assert leftovers(tmp_path / "out") == ["photo-lc.png", "z-lc.png"]
    assert "wrote 2 maps" in out
    first, second = err.splitlines()
    assert first.startswith("fastsal: error: ")
    assert "a-broken.png: the image is damaged" in first
    assert "integers.npy: `image` must have dtype" in second


@pytest.mark.parametrize("view", ["overlay", "map", "side-by-side"])
@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("uint8", (20, 30, 1)), (">u2", (20, 30)), ("<u2", (20, 30, 3)), ("uint8", (20, 30, 4))],
    ids=str,
)
def test_arrays_of_every_form_can_be_shown(tmp_path, view, dtype, shape, rng):
    path, target = tmp_path / "array.npy", tmp_path / "view.png"
    image = rng.integers(0, 256 if dtype == "uint8" else 65536, shape).astype(dtype)
    np.save(path, image)

    assert main(["image", str(path), "-o", str(target), "--view", view]) == 0

    picture = read_image(target)
    assert picture.shape[:2] == (20, 60 if view == "side-by-side" else 30)
    if view == "side-by-side":  # the left half is the picture itself, in 8 bits
        shown = image if dtype == "uint8" else image.astype(int) >> 8
        shown = np.broadcast_to(shown.reshape(20, 30, -1)[..., :3], (20, 30, 3))
        np.testing.assert_array_equal(picture[:, :30], shown)


@pytest.mark.parametrize(
    "arguments",
    [["image", "", "-o", "out.png"], ["image", "photo.png", "-o", ""], ["demo", "-o", ""],
     ["video", "", "-o", "out.mp4"], ["video", "clip.avi", "-o", ""]],
    ids=str,
)  # fmt: skip
@pytest.mark.usefixtures("photo", "clip")
def test_an_empty_name_is_not_the_current_folder(tmp_path, capsys, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)

    assert "got an empty" in fails(capsys, *arguments, status=2)

    assert leftovers(tmp_path) == ["clip.avi", "photo.png"]


def test_image_names_the_file_whose_form_is_wrong(tmp_path, capsys):
    np.save(tmp_path / "integers.npy", np.zeros((4, 4), np.int32))

    line = fails(capsys, "image", tmp_path / "integers.npy", "-o", tmp_path / "out.png")

    assert "integers.npy: `frame` must have dtype uint8, uint16, float32 or float64; got" in line
    assert "got int32" in line


def test_images_of_one_name_do_not_overwrite_each_other(tmp_path, rng, capsys):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_image(tmp_path / folder / "x.png", np.zeros((5, 5), np.uint8))

    line = fails(capsys, "image", tmp_path / "one", tmp_path / "two", "-o", tmp_path / "out")

    assert f"{tmp_path}/one/x.png and {tmp_path}/two/x.png would both be written to" in line
    assert not (tmp_path / "out").exists()


def test_image_on_a_full_disk(tiny_disk, tmp_path, rng, capsys):
    big = tmp_path / "big.png"
    write_image(big, rng.integers(0, 256, (800, 900), dtype=np.uint8))

    line = fails(capsys, "image", big, "-o", tiny_disk / "out.png", "--view", "side-by-side")

    assert "no space left" in line
    assert leftovers(tiny_disk) == []


def test_video(clip, tmp_path, capsys):
    target = tmp_path / "out.mp4"
    options = ["--start", "0.2", "--end", "1.0", "--resize", "32x24", "--view", "side-by-side"]

    assert main(["video", str(clip), "-m", "frame-difference", "-o", str(target), *options]) == 0

    said = capsys.readouterr().out
    assert "8 frames of 64x24" in said
    assert re.search(r"in [\d.]+ s \(\d+ fps steady state; compute", said)
    with VideoReader(target) as reader:
        assert sum(1 for _ in reader) == 8


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--resize", "1000000x1000000"], "from 1 to 16384"),
     (["--resize", "16000x16000"], "cannot"),
     (["--start", "nan"], "start < end"),
     (["--start", "5", "--end", "2"], "got start 5 and end 2"),
     (["--end", "nan"], "start < end"),
     (["--start", "1e308"], "no frame in the requested range"),
     (["--start", "-1"], "must satisfy 0 <= start < end; got start -1"),
     (["--alpha", "0.3", "--view", "map"], "--alpha has no effect with --view map"),
     (["--alpha", "nan"], "`alpha` must be a number"),
     (["--alpha", "7"], "`alpha` must be a number")],
    ids=str,
)  # fmt: skip
def test_video_options_that_cannot_be(clip, tmp_path, capsys, options, said):
    status = 1 if options[1] in ("16000x16000", "1e308") else 2
    line = fails(capsys, "video", clip, "-o", tmp_path / "out.mp4", *options, status=status)

    assert said in line
    assert leftovers(tmp_path, clip) == []


def test_a_video_may_end_after_its_end(clip, tmp_path, capsys):
    arguments = ["video", str(clip), "-o", str(tmp_path / "out.mp4"), "--end", "1e308"]

    assert main(arguments) == 0

    assert "12 frames" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["image", "video"])
def test_a_pipe_that_nobody_writes_to_is_refused(command, tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe.png")
    out = tmp_path / ("out.png" if command == "image" else "out.mp4")

    with not_longer_than(20):
        line = fails(capsys, command, tmp_path / "pipe.png", "-o", out)

    assert "pipe.png: must be a " in line


def test_video_errors(clip, tmp_path, capsys):
    cut = tmp_path / "cut.avi"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    out = tmp_path / "out.mp4"
    assert "none.avi" in fails(capsys, "video", tmp_path / "none.avi", "-o", out)
    assert "cut.avi" in fails(capsys, "video", cut, "-o", out)
    assert "out.xyz" in fails(capsys, "video", clip, "-o", tmp_path / "out.xyz", status=2)
    assert "no/out.mp4" in fails(capsys, "video", clip, "-o", tmp_path / "no" / "out.mp4")
    assert not out.exists()


def test_a_still_picture_is_no_video(photo, tmp_path, capsys):
    line = fails(capsys, "video", photo, "-o", tmp_path / "out.mp4")

    assert "photo.png: is a still image; use `fastsal image`" in line


@pytest.mark.parametrize(
    ("command", "name"), [("image", "map.png"), ("video", "out.mp4"), ("webcam", "")]
)
def test_a_misspelt_method_is_one_line_that_names_the_nearest(command, name, photo, capsys):
    arguments = [photo, "-o", photo.parent / name] if name else ["--headless"]

    line = fails(capsys, command, *arguments, "-m", "Spectral_Residuals", status=2)

    assert line.startswith("fastsal: error: `method` must be lc, ")
    assert line.endswith("; did you mean spectral-residual?")


@pytest.mark.parametrize(
    "options",
    [["--boxes"], ["--scanpath", "3"], ["--view", "side-by-side"], ["--alpha", "0.3"]],
    ids=" ".join,
)
def test_options_that_would_do_nothing_to_an_array_are_refused(photo, tmp_path, options, capsys):
    line = fails(capsys, "image", photo, "-o", tmp_path / "map.npy", *options, status=2)

    assert f"{options[0]} has no effect on {tmp_path}/map.npy" in line
    assert leftovers(tmp_path, photo) == []


def test_alpha_does_nothing_to_a_bare_map(photo, tmp_path, capsys):
    options = ["--view", "map", "--alpha", "0.3"]

    line = fails(capsys, "image", photo, "-o", tmp_path / "map.png", *options, status=2)

    assert "--alpha has no effect with --view map" in line


def test_maps_of_all_methods_want_a_folder(photo, tmp_path, capsys):
    afile = tmp_path / "afile"
    afile.write_text("mine")

    line = fails(capsys, "image", photo, "-m", "all", "-o", afile)

    assert f"{afile} is a file; choose a folder" in line


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["image"], ["video"],
     ["video", "x.avi", "-o", "y.mp4", "--resize", "axb"], ["image", "x", "-o", "y", "--nonsense"]],
    ids=" ".join,
)  # fmt: skip
def test_bad_usage(arguments, capsys):
    assert main(arguments) == 2
    assert "usage: fastsal" in capsys.readouterr().err


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_questions_about_itself(argument, capsys):
    assert main([argument]) == 0
    assert "fastsal" in capsys.readouterr().out


def test_info_says_what_there_is_and_why_not(capsys):
    assert main(["info"]) == 0

    out = capsys.readouterr().out
    assert f"fastsal               {fastsal.__version__}" in out
    assert "backend cpu           yes" in out
    assert f"backend cuda          no: {fastsal.backends()['cuda'].detail}" in out
    assert "threading layer" in out


def test_demo_writes_pictures_and_a_table(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fastsal.pipelines.demo._SECONDS", 0.01)
    monkeypatch.setattr("fastsal.pipelines.demo.SIZES", "64x64")

    assert main(["demo", "--timing"]) == 0

    folder = tmp_path / "fastsal-demo"
    motion = [key for key, method in BUILT_IN.items() if method.kind == "motion"]
    videos = [f"{key}.mp4" for key in motion]
    assert leftovers(folder) == sorted(["clip.mp4", "contact-sheet.png", *videos])
    sheet = read_image(folder / "contact-sheet.png")
    assert sheet.std() > 40  # pictures, not blank cells
    with VideoReader(folder / "frame-difference.mp4") as reader:
        assert reader.size == (960, 320)
        frames = list(reader)
    # Moving parts are bright in the right half's overlay, and nothing else is.
    assert len(frames) == 75
    assert cv2.absdiff(frames[40], frames[39]).max() > 60
    with VideoReader(folder / "flow.mp4") as reader:
        frame, overlaid = np.hsplit(list(reader)[40].astype(int), 2)
    change = np.abs(overlaid - frame).mean(axis=-1)
    face, cup = change[35:95, 375:440], change[120:150, 170:230]  # only the face moves
    assert face.mean() > 40
    assert cup.mean() < 10
    out, err = capsys.readouterr()
    for key in BUILT_IN:
        assert f"{key:<20}64x64" in out
    still, rows = len(BUILT_IN) - len(motion), len(BUILT_IN)
    for line in (
        f"coffee: {still} of {still} methods", f"rocket: {still} of {still} methods",
        f"timing: {rows} of {rows} rows",
    ):  # fmt: skip
        assert line in err.splitlines()
    sheet_path = os.path.join("fastsal-demo", "contact-sheet.png")
    assert out.startswith(f"wrote {sheet_path}\ncompleted {sheet_path}\n")
    assert out.splitlines()[-2] == f"open {sheet_path}"
    assert out.splitlines()[-1].startswith("next: fastsal image ")
    assert "browsers" not in out  # PyAV is here


def test_demo_says_that_browsers_cannot_play_its_videos(tmp_path, capsys, monkeypatch):
    from fastsal.io import encoders
    from fastsal.pipelines import demo

    monkeypatch.setattr(demo, "write_pictures", lambda folder: iter([folder / "contact-sheet.png"]))
    monkeypatch.setattr(encoders, "has_av", lambda: False)

    assert main(["demo", "-o", str(tmp_path)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == 'browsers cannot play these videos; for H.264: pip install "av>=14.2"'


@pytest.mark.parametrize("size", [(480, 320), (2, 3), (17, 400)])
def test_the_scene_moves_and_repeats(size):
    from fastsal.pipelines import scene

    frames = list(itertools.islice(scene.drawn(size), scene.PERIOD + 1))

    assert all(frame.shape == (size[1], size[0], 3) for frame in frames)
    assert all(frame.dtype == np.uint8 for frame in frames)
    assert np.array_equal(frames[0], frames[-1])
    if size == (480, 320):
        assert cv2.absdiff(frames[20], frames[40]).mean() > 5


def test_the_scene_of_a_camera_at_rest():
    from fastsal.pipelines import scene

    frames = list(itertools.islice(scene.drawn((480, 320), shakes=False), 10))
    assert (np.ptp([frame[:40, :150] for frame in frames], axis=0) == 0).all()
    assert np.ptp(frames, axis=0).max() > 60


def test_demo_wants_a_folder(photo, capsys):
    assert f"{photo} is a file; choose a folder" in fails(capsys, "demo", "-o", photo)


def test_warmup_tells_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr("fastsal.pipelines.warmup.BUILT_IN", {"lc": fastsal.METHODS["lc"]})

    assert main(["warmup"]) == 0

    out, err = capsys.readouterr()
    assert out.startswith("compiled in ")
    first, *_, last = err.splitlines()
    assert first.startswith("fastsal: compiling the kernels of 16 methods")
    assert re.match(r"compiling: (\d+) of \1 forms, ", last)


def test_ctrl_c_is_130_with_one_line(tmp_path):
    clip = tmp_path / "long.avi"
    rows = np.random.default_rng(1).integers(0, 256, (480, 1, 1), np.uint8).repeat(640, 1)
    rows = rows.repeat(3, 2)  # too rough for any encoder to write in no space
    with VideoWriter(clip, 10, (640, 480)) as writer:
        for index in range(1500):
            writer.write(rows + np.uint8(37 * index % 256))
    command = [sys.executable, "-m", "fastsal", "video", str(clip), "-o", str(tmp_path / "o.mp4")]
    with started(command) as process:
        partial = None
        deadline = time.monotonic() + 60
        while partial is None and time.monotonic() < deadline:
            partial = next((p for p in tmp_path.glob(".o.*") if p.stat().st_size > 20_000), None)
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("fastsal: interrupted")
    assert not (tmp_path / "o.mp4").exists()


START = "import runpy, sys; sys.argv = ['fastsal', 'info'];"


@pytest.mark.parametrize("module", ["argparse", "fastsal.cli.image", "fastsal.kernels.cache"])
def test_ctrl_c_while_the_program_loads_is_130_with_one_line(module):
    """A finder stands in for the user, who presses the keys while this module is loaded."""
    command = (
        START
        + f"""
class Finder:
    def find_spec(name, path, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder)
sys.modules.pop({module!r}, None)
runpy.run_module('fastsal', run_name='__main__')
"""
    )
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.splitlines() == ["fastsal: interrupted"]


def test_ctrl_c_that_lands_in_a_callback_is_heeded():
    """As while code compiles: C calls Python, which has nobody to raise exceptions to."""
    code = """
import ctypes, time
from fastsal.cli import info, main

def run(options):
    def interrupted():
        raise KeyboardInterrupt
    ctypes.CFUNCTYPE(None)(interrupted)()
    time.sleep(20)
    print("went on")

info.run = run
import sys
sys.exit(main.main(["info"]))
"""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 130
    assert (done.stdout, done.stderr) == ("", "fastsal: interrupted\n")
    assert time.monotonic() - began < 15


def test_closed_standard_streams(photo, tmp_path):
    out = tmp_path / "out"
    command = f"{sys.executable} -m fastsal image {photo} {photo.parent} -o {out} <&- >&- 2>&-"

    done = subprocess.run(command, shell=True, timeout=60, check=False)

    assert done.returncode == 0
    assert read_image(out / "photo-boolean-map.png").shape == (40, 60, 3)


def test_errors_with_stderr_closed_do_not_go_elsewhere(tmp_path):
    command = f"{sys.executable} -m fastsal image {tmp_path}/none.png -o {tmp_path}/map.png 2>&-"

    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (1, b"")


def test_without_numbas_compiler_the_program_says_so(photo, tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "fastsal", *map(str, arguments)],
            capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        )  # fmt: skip

    done, info = run("image", photo, "-o", tmp_path / "map.png"), run("info")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "NUMBA_DISABLE_JIT is set" in done.stderr
    assert info.returncode == 0
    assert "backend cpu           no: NUMBA_DISABLE_JIT is set" in info.stdout


def test_closed_pipe_is_not_a_traceback(photo, tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "fastsal", "info"]
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(write)

    assert done.returncode == 1
    assert done.stderr == ""


def test_an_image_is_never_overwritten_by_its_own_map(photo, tmp_path, capsys):
    before = photo.read_bytes()

    assert "would overwrite an input" in fails(capsys, "image", photo, "-o", photo)

    assert photo.read_bytes() == before


def test_motion_methods_want_two_images(photo, tmp_path, capsys):
    arguments = ["-m", "frame-difference", "-o", tmp_path / "out.png"]

    assert "needs at least two images" in fails(capsys, "image", photo, *arguments)


@pytest.mark.parametrize("source", ["99999999999999999999", "http://nonsense.invalid\udcff/x"])
def test_sources_that_would_crash_opencv(source, tmp_path, capsys):
    fails(capsys, "video", source, "-o", tmp_path / "out.mp4")


def test_a_negative_camera_is_refused(tmp_path):
    with pytest.raises(fastsal.VideoError, match="index must be from 0"):
        fastsal.process_video(-1, tmp_path / "out.mp4", "lc")


def clips(folder, count):
    folder.mkdir()
    for index in range(count):
        with VideoWriter(folder / f"c{index}.avi", 10, (64, 48)) as writer:
            for level in range(3):
                writer.write(np.full((48, 64, 3), 80 * level, np.uint8))
    return folder


def test_videos_of_a_folder_go_to_a_folder(tmp_path, capsys):
    folder = clips(tmp_path / "in", 3)
    assert main(["video", str(folder), "-o", f"{tmp_path / 'out'}/", "-m", "lc"]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["c0-lc.mp4", "c1-lc.mp4", "c2-lc.mp4"]
    assert "wrote 3 of 3 videos to " in capsys.readouterr().out


def test_one_bad_video_does_not_stop_the_others(tmp_path, capsys):
    folder = clips(tmp_path / "in", 2)
    (folder / "bad.mp4").write_bytes(b"no video")
    assert main(["video", str(folder / "*.*"), "-o", str(tmp_path / "out")]) == 1
    out, err = capsys.readouterr()
    assert "wrote 2 of 3 videos to " in out
    assert err.count("fastsal: error:") == 1
    assert "bad.mp4" in err
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["c0-boolean-map.mp4", "c1-boolean-map.mp4"]


def test_many_videos_need_a_folder_and_names_of_their_own(tmp_path, capsys):
    folder = clips(tmp_path / "in", 2)
    other = clips(tmp_path / "other", 1)
    assert main(["video", str(folder), "-o", str(tmp_path / "o.mp4")]) == 2
    assert "must be a folder for 2 videos" in capsys.readouterr().err
    assert main(["video", str(folder), str(other), "-o", str(tmp_path / "out")]) == 1
    assert "would both be written to" in capsys.readouterr().err
    assert main(["video", str(tmp_path / "none"), "-o", str(tmp_path / "out")]) == 1
    assert "no such file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["fine-grained", "bing"])
@pytest.mark.parametrize(("view", "width"), [("map", 90), ("overlay", 90), ("side-by-side", 180)])
def test_the_best_boxes_are_drawn(tmp_path, method, view, width):
    photo, plain, boxed = (tmp_path / f"{name}.png" for name in ("photo", "plain", "boxed"))
    image = np.full((70, 90, 3), 40, np.uint8)
    image[20:50, 30:70] = (250, 120, 60)
    write_image(photo, image)
    arguments = ["image", str(photo), "-m", method, "--view", view]

    assert main([*arguments, "-o", str(plain)]) == 0
    assert main([*arguments, "-o", str(boxed), "--boxes"]) == 0

    picture, without = read_image(boxed), read_image(plain)
    without = np.dstack([without] * 3) if without.ndim == 2 else without
    assert picture.shape == (70, width, 3)
    changed = (picture != without).any(axis=2)
    assert not changed[:, : width - 90].any()  # the image beside its map is unchanged
    assert (picture[changed] == (0, 220, 120)).all(axis=1).any()
    stream = fastsal.Stream(method)
    saliency = stream.update(image)
    boxes = fastsal.salient_boxes(saliency)[0] if stream.boxes is None else stream.boxes
    x, y, w, h = boxes[0]
    corner = picture[y + h - 1, width - 90 + x + w - 1]
    np.testing.assert_array_equal(corner, (0, 220, 120))


def test_several_methods_give_a_video_each(tmp_path, capsys):
    folder = clips(tmp_path / "in", 2)
    arguments = ["video", str(folder), "-m", "lc,frame-difference", "-o", f"{tmp_path}/out"]
    assert main(arguments) == 0
    names = [f"c{i}-{key}.mp4" for i in (0, 1) for key in ("frame-difference", "lc")]
    assert leftovers(tmp_path / "out") == names
    out = capsys.readouterr().out
    assert "wrote 4 of 4 videos to " in out
    for name in names:
        assert f"wrote {tmp_path}/out/{name}: 3 frames of 64x48" in out


def test_several_methods_of_one_video_want_a_folder(clip, tmp_path, capsys):
    line = fails(capsys, "video", clip, "-m", "lc,flow", "-o", tmp_path / "o.mp4", status=2)
    assert "-o must be a folder for 2 videos; got the file name" in line


def test_all_methods_of_a_video_are_those_with_maps_of_frames(clip, tmp_path, monkeypatch):
    asked = []

    def process(source, target, keys, **options):
        asked.append((target.name, keys))
        raise fastsal.VideoError(f"{source}: not now")

    monkeypatch.setattr("fastsal.pipelines.video.process_video", process)
    main(["video", str(clip), "-m", "all", "-o", f"{tmp_path}/out/"])
    keys = [key for key, each in BUILT_IN.items() if each.kind in ("static", "motion")]
    assert asked == [(f"clip-{key}.mp4", [key]) for key in keys]


def test_a_grid_shows_all_methods_in_one_video(clip, tmp_path):
    target = tmp_path / "grid.mp4"
    keys = ["lc", "frame-difference", "spectral-residual", "fine-grained"]
    arguments = ["video", str(clip), "-m", ",".join(keys), "--view", "grid", "-o", str(target)]

    assert main(arguments) == 0

    with VideoReader(target) as reader:
        assert reader.size == (128, 152)
        pictures = list(reader)
    with VideoReader(clip) as reader:
        frames = list(reader)
    assert len(pictures) == len(frames) == 12
    for index, key in enumerate(keys):
        stream = fastsal.Stream(key, color="bgr")
        for frame in frames[:6]:
            saliency = stream.update(frame)
        overlaid = fastsal.overlay(frames[5], saliency, blend="saliency", color="bgr")
        top, left = index // 2 * 76 + 28, index % 2 * 64
        cell = pictures[5][top : top + 48, left : left + 64]
        assert np.abs(cell.astype(int) - overlaid).mean() < 20  # by the codec, on noise
        assert np.corrcoef(cell.ravel(), overlaid.ravel())[0, 1] > 0.7
        caption = pictures[5][top - 28 : top, left : left + 64]
        assert caption.max() > 240 > 150 > caption.min()  # black on white


def test_a_grid_of_an_image(photo, tmp_path, capsys):
    target = tmp_path / "grid.png"
    assert main(["image", str(photo), "-m", "lc,fine-grained", "--view", "grid", "-o",
                 str(target)]) == 0  # fmt: skip
    picture = read_image(target)
    assert picture.shape == (68, 120, 3)
    image = read_image(photo)
    for left, method in ((0, fastsal.luminance_contrast), (60, fastsal.fine_grained)):
        overlaid = fastsal.overlay(image, method(image), blend="saliency")
        np.testing.assert_array_equal(picture[28:, left : left + 60], overlaid)
    capsys.readouterr()
    for option in ("--boxes", "--scanpath=2"):
        line = fails(capsys, "image", photo, "--view", "grid", option, "-o", target, status=2)
        assert "no effect with --view grid" in line


def test_grids_of_several_images_are_named_so(photo, tmp_path):
    write_image(tmp_path / "b.png", np.zeros((8, 8), np.uint8))
    out = tmp_path / "out"
    assert main(["image", str(tmp_path), "-m", "all", "--view", "grid", "-o", str(out)]) == 0
    assert leftovers(out) == ["b-grid.png", "photo-grid.png"]


def test_a_single_frame_is_named_in_the_singular(tmp_path, capsys):
    clip = tmp_path / "one.avi"
    with VideoWriter(clip, 10, (64, 48)) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8))
    assert main(["video", str(clip), "-o", str(tmp_path / "o.mp4")]) == 0
    out = capsys.readouterr().out
    assert ": 1 frame of 64x48 in" in out
    assert "frames per second" not in out
