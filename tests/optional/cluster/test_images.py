"""`map_images` on two processes: outputs, skipped files and refusals."""

import json
import os
from pathlib import Path

import cv2
import fsspec
import numpy as np
import pytest
from clusters import outputs, pixels
from distributed import Client

import fastsal
from fastsal import FastsalError, ImageError
from fastsal.distributed import BatchReport, map_images

KEY = "spectral-residual"


def expected(photo, **options):
    """Compute the output of a photograph directly."""
    image = cv2.imread(str(photo))[..., ::-1]
    return np.rint(255 * fastsal.spectral_residual(image, **options)).astype(np.uint8)


def run(sources, target, method=KEY, **options):
    return map_images(sources, target, method, progress=False, **options)


def test_every_output_is_the_map_of_its_source(client, photos, tmp_path):
    report = run(photos, tmp_path / "maps", client=client)

    assert isinstance(report, BatchReport)
    assert report.done == sorted(photos.iterdir())
    assert (report.skipped, report.failed) == ([], [])
    assert sum(report.workers.values()) == 40
    assert len(report.workers) == 2
    assert report.files_per_second > 0
    found = outputs(tmp_path / "maps")
    assert len(found) == 40
    for photo in report.done:
        np.testing.assert_array_equal(pixels(found[f"{photo.stem}.png"]), expected(photo))


def test_a_second_run_computes_only_what_has_changed(client, photos, tmp_path):
    target = tmp_path / "maps"
    names = [str(path) for path in sorted(photos.iterdir())]
    run(names, target, client=client)
    before = {path: path.stat().st_mtime_ns for path in target.glob("*.png")}

    again = run(names, target, client=client)
    assert (again.done, again.skipped) == ([], names)
    assert before == {path: path.stat().st_mtime_ns for path in target.glob("*.png")}

    cv2.imwrite(names[3], cv2.imread(names[4]))  # another source
    (target / "005.png").unlink()
    (target / "006.png").write_bytes(b"cut short")
    third = run(names, target, client=client)
    assert third.done == [names[3], names[5], names[6]]
    np.testing.assert_array_equal(pixels(outputs(target)["003.png"]), expected(names[3]))
    assert len(list((target / ".fastsal").glob("records-*"))) == 1


def test_other_options_and_methods_are_computed_again(client, photos, tmp_path):
    target = tmp_path / "maps"
    one = photos / "001.jpg"
    run(one, target, client=client)
    assert len(run(one, target, client=client, size=(32, 32)).done) == 1
    np.testing.assert_array_equal(pixels(outputs(target)["001.png"]), expected(one, size=(32, 32)))
    # The first settings again: the output is not theirs any more.
    assert len(run(one, target, client=client).done) == 1
    np.testing.assert_array_equal(pixels(outputs(target)["001.png"]), expected(one))
    assert len(run(one, target, "lc", client=client).done) == 1
    assert len(run(one, target, "lc", client=client, view="overlay").done) == 1
    assert len(run(one, target, "lc", client=client, view="overlay").skipped) == 1
    assert len(run(one, target, "lc", client=client, view="overlay", overwrite=True).done) == 1


def test_another_source_of_the_same_name_is_computed(client, photos, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "001.jpg"), cv2.imread(str(photos / "002.jpg")))
    run(photos / "001.jpg", tmp_path / "maps", client=client)
    assert run(other / "001.jpg", tmp_path / "maps", client=client).skipped == []


def test_a_file_that_fails_does_not_stop_the_others(client, photos, tmp_path):
    (photos / "broken.jpg").write_bytes((photos / "001.jpg").read_bytes()[:500])
    (photos / "empty.png").write_bytes(b"")
    report = run(str(photos), str(tmp_path / "maps"), client=client, log=tmp_path / "log.json")

    assert len(report.done) == 40
    assert [name for name, _ in report.failed] == [
        str(photos / "broken.jpg"), str(photos / "empty.png")
    ]  # fmt: skip
    for name, message in report.failed:
        assert message.startswith(f"{name}: ")
        assert "\n" not in message
    assert "the file is empty" in report.failed[1][1]
    assert {"broken.png", "empty.png"}.isdisjoint(outputs(tmp_path / "maps"))
    log = json.loads((tmp_path / "log.json").read_text())
    assert log["counts"] == {"done": 40, "skipped": 0, "failed": 2}
    assert log["methods"] == [KEY]
    assert log["failed"] == [list(each) for each in report.failed]
    # A failure is no output: the next run tries these files alone.
    again = run(photos, tmp_path / "maps", client=client)
    assert len(again.skipped) == 40
    assert len(again.failed) == 2


def test_files_folders_globs_and_memory(photos, tmp_path):
    files = fsspec.filesystem("memory")
    for path in photos.glob("00*.jpg"):
        files.pipe_file(f"/in/{path.name}", path.read_bytes())
    files.pipe_file("/in/notes.txt", b"no image")
    report = run(["memory://in/*.jpg", str(photos / "01*.jpg")], "memory://out", workers=1)

    assert report.failed == []
    assert len(report.done) == 20
    assert len(files.glob("/out/*.png")) == 20
    plain = pixels(files.cat_file("/out/003.png"))
    np.testing.assert_array_equal(plain, expected(photos / "003.jpg"))
    again = run("memory://in", "memory://out", workers=1)
    assert len(again.skipped) == 10
    files.rm("/in", recursive=True)
    files.rm("/out", recursive=True)


def test_memory_files_need_workers_of_this_process(client):
    fsspec.filesystem("memory").pipe_file("/in2/a.png", b"x")
    with pytest.raises(FastsalError, match="memory:// files exist only in this process"):
        run("memory://in2/a.png", "memory://out2", client=client)
    fsspec.filesystem("memory").rm("/in2", recursive=True)


def test_name_clashes_are_refused_before_any_work(photos, tmp_path):
    (photos / "001.png").write_bytes((photos / "001.jpg").read_bytes())
    with pytest.raises(ImageError, match=r"001\.jpg and .*001\.png would both be written to"):
        run(photos, tmp_path / "maps")
    assert not (tmp_path / "maps").exists()


def test_a_source_is_never_overwritten(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.eye(9, dtype=np.uint8))
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises(ImageError, match="would overwrite a source"):
        run(tmp_path / "a.png", tmp_path)
    assert (tmp_path / "a.png").read_bytes() == before


@pytest.mark.parametrize(
    ("error", "text", "change"),
    [
        (ImageError, "at least one image", {"sources": []}),
        (ImageError, "no such file or folder", {"sources": "missing.jpg"}),
        (ImageError, "no image matches", {"sources": "memory://nothing/*.jpg"}),
        (
            TypeError,
            "`sources` must hold paths or URLs; got .* type int",
            {"sources": [3]},
        ),
        (FastsalError, "unknown-protocol", {"sources": "unknown-protocol://a/*"}),
        (ValueError, "did you mean lc", {"method": "LC"}),
        (ImageError, "flow compares frames in their order", {"method": "flow"}),
        (TypeError, "takes only the options size", {"sigma": 2, "method": KEY}),
        (ValueError, "`view` must be", {"view": "map2"}),
        (ValueError, "`alpha` must be", {"view": "overlay", "alpha": 2}),
        (ValueError, "colour|color", {"background": "no colour"}),
        (TypeError, "takes no options", {"look": 1}),
        (ValueError, "`target` must be a folder; got an empty name", {"target": ""}),
        (FastsalError, "`target` must be a folder that can be written to", {"target": "http://a"}),
        (FastsalError, "is a file; choose a folder", {"target": "001.jpg"}),
        (ValueError, "`workers` must be an integer of at least 1; got 0", {"workers": 0}),
        (ValueError, "`workers` must be an integer", {"workers": True}),
        (ValueError, "`workers` must be None if", {"workers": 2, "client": "tcp://127.0.0.1:1"}),
        (TypeError, "`client` must be a distributed.Client", {"client": 5}),
    ],
)
def test_bad_arguments_are_one_line_before_any_work(
    error, text, change, photos, tmp_path, monkeypatch
):
    monkeypatch.chdir(photos)
    arguments = {"sources": "001.jpg", "target": "../maps", "method": "lc", **change}
    with pytest.raises(error, match=text) as caught:
        run(**arguments)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("maps/*.png"))


def test_nobody_listens_at_the_address(photos, tmp_path):
    with pytest.raises(FastsalError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        run(photos, tmp_path / "maps", client="tcp://127.0.0.1:9")


def test_a_cluster_without_workers(photos, tmp_path, processes, monkeypatch):
    from fastsal.distributed import cluster

    monkeypatch.setattr(cluster, "_CONNECT", 3.0)
    with pytest.raises(FastsalError, match="the cluster has no workers"):
        run(photos, tmp_path / "maps", client=processes.start_scheduler())


def test_no_package_says_how_to_get_it(photos, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(FastsalError, match="pip install distributed fsspec"):
        run(photos, tmp_path / "maps")


def test_partial_names_of_other_storage(photos):
    """Where a write is not atomic, a hidden name is written and then moved."""
    from fsspec.implementations.memory import MemoryFileSystem

    from fastsal.distributed import storage

    seen = []

    class Plain(MemoryFileSystem):
        protocol = "plain"
        store, pseudo_dirs = {}, [""]

        @classmethod
        def _strip_protocol(cls, path):
            return "/" + path.removeprefix("plain://").strip("/")

        def pipe_file(self, path, value, **options):
            seen.append(path)
            super().pipe_file(path, value, **options)

    fsspec.register_implementation("plain", Plain, clobber=True)
    storage.write_whole("plain://maps/a.png", b"one", {})
    storage.write_whole("plain://maps/a.png", b"two", {})
    assert all(Path(path).name.startswith(".fastsal-") for path in seen)
    assert Plain().ls("/maps", detail=False) == ["/maps/a.png"]
    assert Plain().cat_file("/maps/a.png") == b"two"


def test_a_client_in_this_process(photos, tmp_path):
    with Client(processes=False, dashboard_address="127.0.0.1:0", set_as_default=False) as client:
        report = run(photos, tmp_path / "maps", client=client)
    assert len(report.done) == 40
    assert os.path.exists(tmp_path / "maps" / "000.png")
