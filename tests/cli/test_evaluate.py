"""``fastsal evaluate`` as its users call it."""

import json
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from processes import started, without_compiling

from fastsal.cli.main import main
from fastsal.io.pictures import write_image


@pytest.fixture
def photos(tmp_path, rng, monkeypatch):
    """Return a folder of eight images with fixations, beside the working folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rows = ["image,x_px,y_px"]
    for index in range(8):
        picture = rng.integers(0, 90, (60, 80, 3), dtype=np.uint8)
        picture[20:30, 8 * index : 8 * index + 10] = 255
        write_image(folder / f"p{index}.png", picture)
        rows += [f"p{index}.png,{8 * index + 4},25", f"p{index}.png,{8 * index + 7},22"]
    (folder / "fixations.csv").write_text("\n".join(rows))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return folder


def rows_stored(folder):
    """Return how many scores are stored, 0 if there is no file yet."""
    try:
        with sqlite3.connect(f"file:{folder / 'scores.sqlite'}?mode=ro", uri=True) as file:
            return file.execute("SELECT count(*) FROM scores").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        if "file" in locals():
            file.close()


def test_table_files_and_last_line(photos, capsys):
    status = main([
        "evaluate", "folder", str(photos), "-m", "lc,fine-grained", "--metrics", "nss,auc",
        "--limit", "5", "--csv", "a.csv", "--json", "a.json", "--plot", "a.svg", "-o", "out",
    ])  # fmt: skip

    out, err = map(without_compiling, capsys.readouterr())
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0] == "| method | nss | auc |"
    assert {line.split("|")[1].strip() for line in lines[2:4]} == {"`lc`", "`fine-grained`"}
    assert lines[4:] == [
        "wrote scores of 5 images and 2 sheets to out",
        "wrote a.csv", "wrote a.json", "wrote a.svg",
    ]  # fmt: skip
    work = photos.parent / "work"
    assert {path.name for path in work.iterdir()} == {"a.csv", "a.json", "a.svg", "out"}
    assert {path.name for path in (work / "out").iterdir()} == {
        "scores.sqlite", "sheet-lc.jpg", "sheet-fine-grained.jpg",
    }  # fmt: skip
    assert len(json.loads((work / "a.json").read_text())["scores"]["lc"]) == 5


def test_unreadable_images_come_last_and_exit_1(photos, capsys):
    (photos / "p3.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")

    status = main(["evaluate", "auto", str(photos), "-m", "lc"])

    out, err = map(without_compiling, capsys.readouterr())
    assert status == 1
    assert out.splitlines()[-1].startswith("wrote scores of 7 images and 1 sheet to fastsal-eval")
    assert err.count("\n") == 1
    assert err.startswith("fastsal: error: ")
    assert "p3.png" in err


def test_maps_alone(photos, tmp_path, capsys):
    folder = tmp_path / "their-model"
    folder.mkdir()
    for index in range(8):
        write_image(folder / f"p{index}.png", np.eye(60, 80).astype(np.float32))

    assert main(["evaluate", "folder", str(photos), "--maps", str(folder)]) == 0

    assert [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines()[2:-1]] == [
        "`their-model`"
    ]


def test_masks(photos, tmp_path, capsys):
    masks = tmp_path / "masks"
    masks.mkdir()
    for index in range(8):
        mask = np.zeros((60, 80), np.uint8)
        mask[20:30, 8 * index : 8 * index + 10] = 255
        write_image(masks / f"p{index}.png", mask)

    status = main([
        "evaluate", "--images", str(photos), "--masks", str(masks), "-m", "lc,minimum-barrier",
    ])  # fmt: skip

    assert status == 0
    assert "| method | max_f | mean_f |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "DATASET and FOLDER must be given, or --images and --masks"),
        (["osie"], 2, "DATASET and FOLDER must be given"),
        (["mit1003", "{photos}"], 2, "DATASET must be cat2000, "),
        (["osie", "/nowhere"], 1, "/nowhere: must be a folder; it is missing. Nothing is downl"),
        (["folder", ""], 2, "FOLDER must be a file or folder name; got an empty"),
        (["--images", "{photos}"], 2, "--images and --masks go together"),
        (["folder", "x", "--images", "a", "--masks", "b"], 2, "give either DATASET FOLDER, or"),
        (["folder", "{photos}", "-m", "flaw"], 2, "did you mean"),
        (["folder", "{photos}", "-m", "lc:x=1"], 2, "got x"),
        (["folder", "{photos}", "-m", "flow"], 2, "flow compares frames; photos has images"),
        (["folder", "{photos}", "--metrics", "foo"], 2, "`metrics` must be 'nss'"),
        (["folder", "{photos}", "--center-bias", "7"], 2, "`center_bias` must be a number from 0"),
        (["folder", "{photos}", "--split", "test"], 2, "`split` must be None for 'folder'"),
        (["folder", "{photos}", "--maps", "/nowhere"], 1, "`maps` must be a folder; got /nowhere"),
        (["folder", "{photos}", "--csv", "/nowhere/a.csv"], 1, "--csv: no such folder: /nowhere"),
        (["folder", "{photos}", "--plot", "a.doc"], 2, "a.doc: "),
        (["folder", "{photos}", "-o", "{photos}/p1.png"], 1, "must be a folder for the scores"),
        (["folder", "{photos}", "-o", ""], 2, "-o must be a file or folder name; got an empty"),
    ],
    ids=str,
)
def test_bad_use_is_one_line(photos, capsys, arguments, status, said):
    found = main(["evaluate", *(each.format(photos=photos) for each in arguments)])

    out, err = map(without_compiling, capsys.readouterr())
    assert (found, out, err.count("\n")) == (status, "", 1)
    assert said in err
    assert list((photos.parent / "work").iterdir()) == []


def test_limits_are_counts(photos, capsys):
    assert main(["evaluate", "folder", str(photos), "--limit", "0"]) == 2
    assert "must be an integer of at least 1; got '0'" in capsys.readouterr().err


def test_when_nothing_can_be_scored(photos, capsys):
    for path in photos.glob("*.png"):
        path.write_bytes(b"x")

    assert main(["evaluate", "folder", str(photos), "-m", "lc"]) == 1

    out, err = map(without_compiling, capsys.readouterr())
    assert out == ""
    assert err.splitlines()[-1] == "fastsal: error: no sample could be scored"
    assert err.count("\n") == 9


SLOW = "itti-koch,superpixel,boolean-map,minimum-barrier,whitened,signature"


def command_for(photos, output, *options):
    return [
        sys.executable, "-m", "fastsal", "evaluate", "folder", str(photos), "-m", SLOW,
        "-o", str(output), "--metrics", "nss", *options,
    ]  # fmt: skip


@pytest.fixture
def large(photos, rng):
    """Return the folder of images, as large photographs that take a while."""
    for path in photos.glob("*.png"):
        write_image(path, rng.integers(0, 256, (450, 600, 3), dtype=np.uint8))
    return photos


@pytest.mark.skipif(sys.platform == "win32", reason="signals to one process are for Unix")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_goes_on(large, tmp_path, number, status):
    output = tmp_path / "out"
    with started(command_for(large, output)) as process:
        while rows_stored(output) < 12:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    kept = rows_stored(output)
    assert process.returncode == status, err
    assert len(workers) >= 1
    assert not any(worker.is_running() for worker in workers)
    last = err.splitlines()[-1]
    if number == signal.SIGINT:
        assert last.startswith("fastsal: interrupted after ")
        assert last.endswith(" of 8 images; run the same command again to continue")
    else:
        assert last == "fastsal: terminated"
    assert 12 <= kept < 48
    assert [path.name for path in output.iterdir()] == ["scores.sqlite"]

    done = subprocess.run(
        command_for(large, output, "--json", str(tmp_path / "a.json")),
        capture_output=True, text=True, check=True, timeout=200,
    )  # fmt: skip

    assert "wrote scores of 8 images and 6 sheets" in done.stdout
    assert rows_stored(output) == 48
    scores = json.loads((tmp_path / "a.json").read_text())["scores"]
    assert {len(rows) for rows in scores.values()} == {8}


def test_two_processes_on_one_folder(photos, tmp_path):
    output = tmp_path / "out"
    with started(command_for(photos, output)) as one, started(command_for(photos, output)) as two:
        results = [process.communicate(timeout=200) for process in (one, two)]

    assert [one.returncode, two.returncode] == [0, 0], results
    assert results[0][0] == results[1][0]
    assert rows_stored(output) == 48


def test_a_full_disk_is_one_line(photos, tiny_disk, capsys):
    (tiny_disk / "ballast").write_bytes(bytes(1024 * 1020))

    status = main(["evaluate", "folder", str(photos), "-m", "lc", "-o", str(tiny_disk / "out")])

    out, err = map(without_compiling, capsys.readouterr())
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "full" in err or "no space" in err


def test_a_disk_that_fills_up_while_sheets_are_drawn(photos, tiny_disk, capsys):
    (tiny_disk / "ballast").write_bytes(bytes(1024 * (1024 - 200)))

    status = main(["evaluate", "folder", str(photos), "-o", str(tiny_disk / "out")])

    out, err = map(without_compiling, capsys.readouterr())
    assert status == 1
    assert err.count("\n") == 1
    assert "no space left on device" in err
    assert "| method |" in out
    names = {path.name for path in (tiny_disk / "out").iterdir()}
    assert not any(name.startswith(".") for name in names)
