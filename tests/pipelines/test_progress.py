import sys
import types

import numpy as np
import pytest

import fastsal
from fastsal.io.videos import VideoWriter
from fastsal.pipelines import progress


@pytest.mark.parametrize(
    ("gap", "lines"),
    [(0, ["maps: 1 of 2 maps, one", "maps: 2 of 2 maps, two"]), (60, ["maps: 2 of 2 maps, two"])],
)
def test_lines_where_there_is_no_terminal(gap, lines, capsys, monkeypatch):
    monkeypatch.setattr(progress, "_GAP", gap)

    with progress.progress_bar(["one", "two"], lines=True, desc="maps", unit="map") as bar:
        for each in bar:
            bar.set_postfix_str(each)

    assert capsys.readouterr().err.splitlines() == lines


def test_bars_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    assert list(progress.progress_bar([1, 2], lines=True, desc="maps", unit="map")) == [1, 2]

    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize("options", [{}, {"lines": True, "shown": False}])
def test_nothing_unless_asked_for(options, capsys):
    assert list(progress.progress_bar([1, 2], **options, desc="maps", unit="map")) == [1, 2]

    assert capsys.readouterr().err == ""


def test_nothing_where_there_is_no_stderr(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)

    assert list(progress.progress_bar([1, 2], lines=True, desc="maps", unit="map")) == [1, 2]


@pytest.fixture
def notebook_bars(monkeypatch):
    """Let this process take itself for a notebook; return the bars that it makes."""
    made = []

    class Bar:
        def __init__(self, items=None, **options):
            self.items, self.options, self.count = items, options, 0
            made.append(self)

        def __iter__(self):
            for each in self.items:
                self.count += 1
                yield each

        def __enter__(self):
            return self

        def __exit__(self, *raised):
            self.is_closed = True

        def update(self, count=1):
            self.count += count

        def set_postfix_str(self, text):
            self.text = text

        def close(self):
            self.is_closed = True

    shell = type("ZMQInteractiveShell", (), {})()
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    module = types.ModuleType("tqdm.notebook")
    module.tqdm = Bar
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "tqdm.notebook", module)
    monkeypatch.setattr(progress, "find_spec", lambda name: name == "ipywidgets")
    progress._notebook_bar_class.cache_clear()
    yield made
    progress._notebook_bar_class.cache_clear()


def test_notebooks_get_their_own_bar(notebook_bars, tmp_path, capsys):
    fastsal.warmup(["frame-difference"])
    source, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    with VideoWriter(source, 10, (64, 48)) as writer:
        for _ in range(3):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    fastsal.process_video(source, target, "frame-difference")
    warming, video = notebook_bars
    assert (warming.options["desc"], video.options["desc"]) == ("compiling", "frame-difference")
    assert warming.count == len(warming.items) > 0
    assert (video.count, video.options["total"]) == (3, 3)
    assert video.is_closed
    assert capsys.readouterr() == ("", "")


def test_notebooks_get_no_bar_that_is_not_asked_for(notebook_bars):
    fastsal.warmup(["frame-difference"], progress=False)
    assert not notebook_bars


def test_notebooks_that_cannot_draw_bars_get_none(notebook_bars, monkeypatch, capsys):
    monkeypatch.setattr(progress, "find_spec", lambda name: None)
    assert list(progress.progress_bar([1, 2], desc="maps", unit="map")) == [1, 2]
    assert not notebook_bars
    assert capsys.readouterr().err == ""
