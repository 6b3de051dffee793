"""`map_videos` on two processes: whole videos, and long ones in parts."""

import numpy as np
import pytest
from clusters import outputs

import fastsal
from fastsal import VideoError
from fastsal.distributed import map_videos, video_work
from fastsal.io.videos import VideoReader


def frames_of(path):
    with VideoReader(path) as reader:
        return [(reader.seconds, frame) for frame in reader]


@pytest.fixture
def street(shared):
    return shared / "data" / "videos" / "vtest.avi"  # 79.5 s, 10 frames per second


def test_a_long_video_of_a_static_method_is_split(client, street, tmp_path):
    arguments = {"client": client, "progress": False, "view": "map", "resize": (96, 72)}
    report = map_videos(street, tmp_path / "out", "lc", **arguments)
    plain = fastsal.process_video(
        street, tmp_path / "plain.mp4", "lc", view="map", resize=(96, 72), progress=False
    )

    assert (report.done, report.failed) == ([street], [])
    assert set(outputs(tmp_path / "out")) == {"vtest.mp4"}
    found, wanted = frames_of(tmp_path / "out" / "vtest.mp4"), frames_of(plain.target)
    assert len(found) == len(wanted) == 795
    assert [moment for moment, _ in found] == [moment for moment, _ in wanted]
    # Two encodes of equal frames differ less than frames that follow each other.
    errors = [
        np.abs(a.astype(int) - b).mean() for (_, a), (_, b) in zip(found, wanted, strict=True)
    ]
    assert max(errors) < 4
    hidden = [path.name for path in (tmp_path / "out" / ".fastsal").iterdir()]
    assert not [name for name in hidden if name.startswith("part-")]
    again = map_videos(street, tmp_path / "out", "lc", **arguments)
    assert again.skipped == [street]


def test_parts_of_an_interrupted_run_are_used(street, tmp_path, client):
    """The second of two parts is on the storage already; only the first is computed."""
    import shutil

    arguments = {"client": client, "progress": False, "resize": (96, 72), "view": "map"}
    ledger = tmp_path / "out" / ".fastsal"
    kept = {}

    from fastsal.distributed import records

    def keep(self, settings, sources):
        for path in ledger.glob("part-*"):
            kept[path.name] = path.read_bytes()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records.Records, "remove_parts", keep)
        map_videos(street, tmp_path / "out", "lc", **arguments)
    first = (tmp_path / "out" / "vtest.mp4").read_bytes()
    assert len(kept) == 2
    shutil.rmtree(tmp_path / "out")
    ledger.mkdir(parents=True)
    name = max(kept)
    (ledger / name).write_bytes(kept[name])
    stamp = (ledger / name).stat().st_mtime_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records.Records, "remove_parts", lambda *_: None)
        report = map_videos(street, tmp_path / "out", "lc", **arguments)
    assert report.failed == []
    assert (ledger / name).stat().st_mtime_ns == stamp
    assert (tmp_path / "out" / "vtest.mp4").read_bytes() == first


def test_a_split_video_keeps_its_range_and_its_sound(client, shared, tmp_path, monkeypatch):
    """The joined file has the frames, times and audio packets of the whole one."""
    import av

    monkeypatch.setattr(video_work, "SHORTEST_PART", 2.0)
    steps, after = [], video_work.VideoPlan.after
    monkeypatch.setattr(
        video_work.VideoPlan, "after",
        lambda self, task, *rest: steps.append(task.step) or after(self, task, *rest),
    )  # fmt: skip
    source = shared / "data" / "videos" / "nasa_13013.mp4"
    look = {"view": "map", "start": 1.3, "end": 9.7, "resize": (64, 36)}
    map_videos(source, tmp_path / "out", "spectral-residual", client=client, progress=False, **look)
    plain = fastsal.process_video(
        source, tmp_path / "plain.mp4", "spectral-residual", progress=False, **look
    )
    assert sorted(steps) == ["join", "part-0", "part-1", "whole"]
    joined = tmp_path / "out" / "nasa_13013.mp4"
    assert [t for t, _ in frames_of(joined)] == pytest.approx(
        [t for t, _ in frames_of(plain.target)], abs=2e-4
    )
    with av.open(str(joined)) as one, av.open(str(plain.target)) as two:
        assert len(one.streams.audio) == len(two.streams.audio) == 2
        tracks = [each.demux(each.streams.audio[0]) for each in (one, two)]
        packets = [sum(packet.size > 0 for packet in track) for track in tracks]
    assert packets[0] == packets[1]


@pytest.mark.parametrize(
    ("method", "options", "is_split"),
    [
        ("lc", {}, True),
        ("whitened", {}, True),
        ("boolean-map", {}, False),  # looks for bars in the first frames
        ("boolean-map", {"bars": "keep"}, True),
        ("superpixel", {}, False),  # starts from the previous segmentation
        ("flow", {}, False),
        ("bin-wang", {}, False),
        ("bing", {}, False),
    ],
)
def test_only_maps_of_single_frames_are_split(method, options, is_split):
    assert video_work.splits([method], options) == is_split


def test_stateful_methods_take_whole_videos(client, street, tmp_path):
    report = map_videos(
        street, tmp_path / "out", "bin-wang",
        client=client, progress=False, view="map", end=8.0, resize=(96, 72),
    )  # fmt: skip
    plain = fastsal.process_video(
        street, tmp_path / "plain.mp4", "bin-wang",
        progress=False, view="map", end=8.0, resize=(96, 72),
    )  # fmt: skip
    assert report.done == [street]
    found = frames_of(tmp_path / "out" / "vtest.mp4")
    for (a, one), (b, two) in zip(found, frames_of(plain.target), strict=True):
        assert a == b
        np.testing.assert_array_equal(one, two)


def test_damaged_videos_fail_alone(client, street, tmp_path):
    good, cut, empty = (tmp_path / name for name in ("good.avi", "cut.avi", "empty.mp4"))
    data = street.read_bytes()
    good.write_bytes(data)
    cut.write_bytes(data[: len(data) // 2])
    empty.write_bytes(b"")
    report = map_videos(
        [str(good), str(cut), str(empty)], tmp_path / "out", "lc",
        client=client, progress=False, resize=(96, 72), view="map",
    )  # fmt: skip
    assert report.done == [str(good)]
    assert [name for name, _ in report.failed] == [str(cut), str(empty)]
    for name, message in report.failed:
        assert message.startswith(f"{name}: ")
        assert message.count(name) == 1
        assert "kept in" not in message
    assert set(outputs(tmp_path / "out")) == {"good.mp4"}
    assert not list(tmp_path.glob("out/.*.mp4"))


@pytest.mark.parametrize(
    ("error", "text", "change"),
    [
        (VideoError, "at least one video", {"sources": []}),
        (VideoError, "no such file", {"sources": "missing.mp4"}),
        (ValueError, "`start` and `end` must satisfy", {"start": 3, "end": 2}),
        (ValueError, "`view` must be", {"view": "both"}),
        (ValueError, "`resize` must be", {"resize": (0, 5)}),
        (ValueError, "`method` must be", {"method": "nothing"}),
        (TypeError, "takes only the options", {"nothing": 1, "method": "flow"}),
    ],
)
def test_bad_arguments_are_one_line_before_any_work(error, text, change, street, tmp_path):
    arguments = {"sources": street, "target": tmp_path / "out", "method": "lc", **change}
    with pytest.raises(error, match=text) as caught:
        map_videos(arguments.pop("sources"), arguments.pop("target"), arguments.pop("method"),
                   progress=False, **arguments)  # fmt: skip
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
