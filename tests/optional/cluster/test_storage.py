"""`map_images` and `map_videos` on a real S3 server."""

import cv2
import numpy as np
import pytest
from clusters import SLOW, outputs, wait_until

import fastsal
from fastsal import FastsalError
from fastsal.distributed import map_images, map_videos


@pytest.fixture
def options(s3):
    return {"s3": s3}


def put(files, folder, url):
    for path in folder.iterdir():
        files.put_file(str(path), f"{url}/{path.name}")


def names(files, url):
    files.invalidate_cache()
    return {path.rpartition("/")[2] for path in files.ls(url, detail=False)}


def test_images_from_and_to_a_bucket(client, photos, bucket, options, tmp_path):
    url, files = bucket
    put(files, photos, f"{url}/in")
    arguments = {"client": client, "progress": False, "storage_options": options}
    map_images(photos, tmp_path / "maps", "lc", **arguments)
    local = outputs(tmp_path / "maps")

    report = map_images(f"{url}/in/*.jpg", f"{url}/maps", "lc", **arguments)
    assert len(report.done) == 40
    assert report.failed == []
    assert {name: files.cat_file(f"{url}/maps/{name}") for name in local} == local
    assert names(files, f"{url}/maps") == {*local, ".fastsal"}

    again = map_images(f"{url}/in", f"{url}/maps", "lc", **arguments)
    assert len(again.skipped) == 40
    files.put_file(str(photos / "004.jpg"), f"{url}/in/003.jpg")  # another photograph
    changed = map_images(f"{url}/in", f"{url}/maps", "lc", **arguments)
    assert [name.rpartition("/")[2] for name in changed.done] == ["003.jpg"]
    other = map_images(f"{url}/in/001.jpg", f"{url}/maps", "whitened", **arguments)
    assert other.done == [f"{url}/in/001.jpg"]


def test_a_missing_object_is_one_failure(client, photos, bucket, options):
    url, files = bucket
    files.put_file(str(photos / "001.jpg"), f"{url}/001.jpg")
    report = map_images(
        [f"{url}/001.jpg", f"{url}/gone.jpg"], f"{url}/maps", "lc",
        client=client, progress=False, storage_options=options,
    )  # fmt: skip
    assert report.done == [f"{url}/001.jpg"]
    ((name, message),) = report.failed
    assert name == f"{url}/gone.jpg"
    assert "FileNotFoundError" in message or "no such" in message.lower()


def test_a_bucket_that_is_not_there(client, photos, bucket, options):
    with pytest.raises(FastsalError, match="`target` must be writable: s3://no-such-bucket-here"):
        map_images(
            photos, "s3://no-such-bucket-here/maps", "lc",
            client=client, progress=False, storage_options=options,
        )  # fmt: skip
    with pytest.raises(fastsal.ImageError, match="s3://no-such-bucket-here"):
        map_images(
            "s3://no-such-bucket-here/*.jpg", f"{bucket[0]}/maps", "lc",
            client=client, progress=False, storage_options=options,
        )  # fmt: skip


def test_a_killed_worker_leaves_no_partial_object(
    photos, bucket, options, tmp_path, processes, client
):
    from threading import Thread

    url, files = bucket
    put(files, photos, f"{url}/in")
    map_images(photos, tmp_path / "maps", "lc", client=client, progress=False)
    address = processes.start_scheduler()
    victim = processes.start_worker(SLOW, "--no-nanny")
    processes.start_worker(SLOW, "--no-nanny")
    processes.wait_for_workers(2)

    def kill():
        files.mkdirs(f"{url}/maps", exist_ok=True)
        wait_until(lambda: len([n for n in _safe(files, f"{url}/maps") if n.endswith("png")]) > 5)
        victim.kill()

    killer = Thread(target=kill)
    killer.start()
    report = map_images(
        f"{url}/in", f"{url}/maps", "lc", client=address, progress=False, storage_options=options
    )
    killer.join()
    assert (len(report.done), report.failed) == (40, [])
    local = outputs(tmp_path / "maps")
    files.invalidate_cache()
    assert {name: files.cat_file(f"{url}/maps/{name}") for name in local} == local


def _safe(files, url):
    try:
        return names(files, url)
    except FileNotFoundError:
        return set()


def test_a_video_from_and_to_a_bucket(client, bucket, options, tmp_path):
    from fastsal.io.videos import VideoReader, VideoWriter

    url, files = bucket
    with VideoWriter(tmp_path / "a.mp4", 10, (64, 48)) as writer:
        for index in range(20):
            writer.write(np.full((48, 64, 3), 10 * index, np.uint8))
    files.put_file(str(tmp_path / "a.mp4"), f"{url}/in/a.mp4")
    files.pipe_file(f"{url}/in/broken.mp4", b"no video")
    report = map_videos(
        f"{url}/in", f"{url}/out", "frame-difference",
        client=client, progress=False, storage_options=options, view="map",
    )  # fmt: skip
    assert [name.rpartition("/")[2] for name in report.done] == ["a.mp4"]
    ((name, message),) = report.failed
    assert message.startswith(f"{name}: ")
    assert names(files, f"{url}/out") == {"a.mp4", ".fastsal"}
    files.get_file(f"{url}/out/a.mp4", str(tmp_path / "out.mp4"))
    assert len(list(VideoReader(tmp_path / "out.mp4"))) == 20
    assert cv2.VideoCapture(str(tmp_path / "out.mp4")).isOpened()
