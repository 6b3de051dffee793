"""Files that are complete under their names, or not there."""

import os
import socket
import sys
from pathlib import Path

import pytest

from fastsal.errors import FastsalError
from fastsal.io import atomic_write


def test_a_file_is_replaced_at_once_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    for text in ("first", "second"):
        atomic_write.write_text(target, text)
        assert target.read_text() == text
        assert list(tmp_path.iterdir()) == [target]


def test_what_was_there_stays_where_writing_fails(tiny_disk: Path) -> None:
    target = tiny_disk / "r.json"
    atomic_write.write_text(target, "first")
    with pytest.raises(FastsalError, match=r"r\.json: no space left on device"):
        atomic_write.write_text(target, "x" * 50_000_000)
    assert target.read_text() == "first"
    assert list(tiny_disk.iterdir()) == [target]


def test_a_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    atomic_write.write_text(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


def special_files(folder: Path) -> dict[Path, str]:
    """Return targets that exist and are no regular file, each with its kind."""
    fifo, listening, loop = folder / "fifo.json", folder / "socket.json", folder / "loop.json"
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(listening))
    loop.symlink_to(loop.name)
    links = {fifo: "fifo-link.json", Path(os.devnull): "null.json", listening: "socket-link.json"}
    for target, name in links.items():
        (folder / name).symlink_to(target)
    (folder / "folder.json").mkdir()
    return {
        fifo: "a pipe", folder / "fifo-link.json": "a pipe", Path(os.devnull): "a device",
        folder / "null.json": "a device", listening: "a socket",
        folder / "socket-link.json": "a socket", folder / "folder.json": "a folder",
        loop: "too many levels of symbolic links",
    }  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in folders are for Unix")
def test_targets_that_are_no_regular_file_are_refused_and_stay(tmp_path: Path) -> None:
    for target, kind in special_files(tmp_path).items():
        before = target.lstat()
        with pytest.raises(FastsalError) as caught:
            atomic_write.write_text(target, "text")
        expected = kind if "links" in kind else f"the target must be a regular file; got {kind}"
        assert str(caught.value) == f"{target}: {expected}"
        assert target.lstat() == before
    assert not list(tmp_path.glob(".fastsal*"))


def test_a_link_to_nothing_yet_makes_the_file_behind_it(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("later.json")
    atomic_write.write_text(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "later.json").read_text() == "new"


def test_partial_files_of_an_interrupted_clean_up_are_removed(tmp_path: Path) -> None:
    left, kept = tmp_path / "left", tmp_path / "kept"
    for path in (left, kept):
        atomic_write.start_partial(path)
        path.touch()
    atomic_write.forget_partial(kept)
    atomic_write.remove_unfinished()
    assert list(tmp_path.iterdir()) == [kept]
