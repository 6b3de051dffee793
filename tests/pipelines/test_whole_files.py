"""Files that are complete under their names, or not there."""

import os
from pathlib import Path

import pytest

from fastsal.errors import FastsalError
from fastsal.pipelines import whole_files


def test_a_file_is_replaced_at_once_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    for text in ("first", "second"):
        whole_files.write_text(target, text)
        assert target.read_text() == text
        assert list(tmp_path.iterdir()) == [target]


def test_what_was_there_stays_where_writing_fails(tiny_disk: Path) -> None:
    target = tiny_disk / "r.json"
    whole_files.write_text(target, "first")
    with pytest.raises(FastsalError, match=r"r\.json: no space left on device"):
        whole_files.write_text(target, "x" * 50_000_000)
    assert target.read_text() == "first"
    assert list(tiny_disk.iterdir()) == [target]


def test_a_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    whole_files.write_text(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


def test_a_device_is_written_to_as_it_is() -> None:
    whole_files.write_text(Path(os.devnull), "gone")
    assert not Path(os.devnull).is_file()
