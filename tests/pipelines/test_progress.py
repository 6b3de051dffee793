import pytest

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
