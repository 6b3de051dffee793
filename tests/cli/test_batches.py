"""One file that fails, and the others."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from processes import without_compiling

import fastsal
from fastsal.cli.batches import FileGuard
from fastsal.cli.main import main
from fastsal.io.pictures import write_image
from fastsal.io.videos import VideoWriter


def of_opencv() -> Exception:
    with pytest.raises(cv2.error) as caught:
        cv2.resize(np.zeros((4, 4), np.uint8), None)
    return caught.value


def without_memory() -> Exception:
    with pytest.raises(cv2.error) as caught:
        cv2.resize(np.zeros((4, 4), np.uint8), (10**6, 10**6))
    return caught.value


def of_pyav(path: Path) -> Exception:
    av = pytest.importorskip("av", reason="PyAV is not installed")
    path.write_text("no video")
    with pytest.raises(av.FFmpegError) as caught:
        av.open(str(path))
    return caught.value


def foreign_errors(folder: Path) -> dict[str, tuple[Exception, str]]:
    """Return exceptions as libraries raise them, each with its line."""
    names = ("cv2", "memory", "opencv-memory", "av", "attribute", "encode", "os", "value", "type")
    paths = {name: folder / f"{name}.mp4" for name in names}
    encode = UnicodeEncodeError("charmap", "\u20ac", 0, 1, "character maps to <undefined>")
    return {
        "cv2": (of_opencv(), f"{paths['cv2']}: OpenCV: (-215:Assertion failed) inv_scale_x > 0"),
        "memory": (MemoryError(), f"{paths['memory']}: out of memory"),
        "opencv-memory": (without_memory(), f"{paths['opencv-memory']}: out of memory"),
        "av": (of_pyav(paths["av"]), f"{paths['av']}: invalid data found"),
        "attribute": (AttributeError("no x"), f"{paths['attribute']}: AttributeError: no x"),
        "encode": (encode, f"{paths['encode']}: UnicodeEncodeError: 'charmap' codec can't"),
        "os": (OSError(errno.EIO, "Input/output error"), f"{paths['os']}: input/output error"),
        "value": (ValueError("bad"), f"{paths['value']}: bad"),
        "type": (TypeError("worse"), f"{paths['type']}: worse"),
    }


def test_every_foreign_exception_becomes_one_line_and_the_next_file_is_processed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = foreign_errors(tmp_path)
    folder = tmp_path / "in"
    folder.mkdir()
    sources = [tmp_path / f"{name}.mp4" for name in errors] + [tmp_path / "last.mp4"]
    for source in sources:
        source.touch()
    processed = []

    def process(source: Path, *arguments: Any, **options: Any) -> Any:
        if source.stem in errors:
            raise errors[source.stem][0]
        processed.append(source.name)
        raise KeyError("the last one fails too")

    monkeypatch.setattr("fastsal.pipelines.video.process_video", process)

    status = main(["video", *map(str, sources), "-o", str(tmp_path / "out")])

    out, err = capsys.readouterr()
    assert status == 1
    assert processed == ["last.mp4"]
    lines = err.splitlines()
    assert len(lines) == len(sources)
    for line, (_, expected) in zip(lines, errors.values(), strict=False):
        assert line.startswith(f"fastsal: error: {expected}")
    assert out == f"wrote 0 of {len(sources)} videos to {tmp_path / 'out'}\n"


def test_one_file_alone_is_guarded_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def process(*arguments: Any, **options: Any) -> Any:
        raise AttributeError("'NoneType' object has no attribute 'name'")

    monkeypatch.setattr("fastsal.pipelines.video.process_video", process)
    source = tmp_path / "a.mp4"
    source.touch()
    assert main(["video", str(source), "-o", str(tmp_path / "o.mp4")]) == 1
    assert capsys.readouterr().err.startswith(f"fastsal: error: {source}: AttributeError: 'NoneTyp")


def test_a_remark_on_many_files_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    guard = FileGuard()
    for name, text in (("a", ""), ("b", "no sound"), ("c", "no sound"), ("d", "late")):
        guard.tell(name, text)
    assert capsys.readouterr().out == "b: no sound\nd: late\n"


def test_ctrl_c_and_a_closed_stdout_end_the_batch() -> None:
    for error in (KeyboardInterrupt, BrokenPipeError, SystemExit):
        with pytest.raises(error), FileGuard().file("x"):
            raise error


def test_an_exception_outside_the_loops_is_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = without_memory()

    def run(options: object) -> None:
        raise error

    monkeypatch.setattr("fastsal.cli.info.run", run)
    assert main(["info"]) == 1
    assert capsys.readouterr().err == "fastsal: error: out of memory\n"


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "1"},
     {"LC_ALL": "C", "LANG": "C"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
    ids=str,
)  # fmt: skip
@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's")
def test_names_that_stdout_cannot_encode(tmp_path: Path, environment: dict[str, str]) -> None:
    names = ["\u65e5\u672c.png", "z\u00fcrich.png", os.fsdecode(b"bad\xff.png"), "plain.png"]
    for name in names:
        write_image(tmp_path / "a.png", np.zeros((8, 8), np.uint8))
        os.rename(os.fsencode(tmp_path / "a.png"), os.fsencode(str(tmp_path / name)))
    clip = tmp_path / "plain.avi"
    with VideoWriter(clip, 10, (64, 48)) as writer:
        for level in range(3):
            writer.write(np.full((48, 64, 3), 80 * level, np.uint8))
    clip.rename(tmp_path / "\u65e5\u672c.avi")

    for name in names:
        out = tmp_path / f"{name}-out"
        done = run("image", tmp_path / name, "-o", f"{out}/", environment=environment)
        assert (done.returncode, without_compiling(done.stderr.decode())) == (0, ""), done
        assert [path.name for path in out.iterdir()] == [f"{Path(name).stem}-boolean-map.png"]
    if environment.get("PYTHONUTF8") == "0":
        return  # OpenCV opens names in UTF-8 only
    done = run("video", tmp_path, "-o", f"{tmp_path}/o\u65e5/", environment=environment)
    assert (done.returncode, without_compiling(done.stderr.decode())) == (0, ""), done
    assert [path.name for path in (tmp_path / "o\u65e5").iterdir()] == [
        "\u65e5\u672c-boolean-map.mp4"
    ]


def run(*arguments: object, environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "fastsal", *(os.fsencode(str(each)) for each in arguments)]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, timeout=100, check=False
    )


def test_the_lines_of_a_batch_are_counted() -> None:
    guard = FileGuard(prints_at_once=False)
    with guard.file("a.png"):
        raise fastsal.ImageError("a.png: damaged")
    with guard.file("b.png"):
        pass
    assert guard.failures == ["a.png: damaged"]
    assert guard.status == 1


@pytest.mark.parametrize("value", ["abc", "-1", "1e9", "10x"])
@pytest.mark.parametrize("side", ["PIXELS", "WIDTH"])
def test_limits_that_opencv_cannot_read(tmp_path: Path, side: str, value: str) -> None:
    """OpenCV would end the process while it is imported."""
    write_image(tmp_path / "a.png", np.zeros((8, 8), np.uint8))
    name = f"OPENCV_IO_MAX_IMAGE_{side}"
    done = run("image", tmp_path / "a.png", "-o", tmp_path / "b.png", environment={name: value})
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"fastsal: error: `{name}` must be an integer; got '{value}'")
    assert not (tmp_path / "b.png").exists()
