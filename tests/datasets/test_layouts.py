"""Every layout, from small trees of files and from real files in the shared data."""

import pickle

import numpy as np
import pytest
from PIL import Image

from fastsal import DatasetError
from fastsal.datasets import open_dataset, open_masks
from fastsal.io.pictures import read_image, write_image


def test_plain_folder(plain):
    data = open_dataset("folder", plain)

    assert [sample.name for sample in data] == ["a", "b"]
    first = data[0]
    assert (first.kind, first.category, first.size, first.fps) == ("image", "", (30, 40), 0)
    np.testing.assert_array_equal(first.fixations, [[20, 10.5], [5.25, 30]])
    np.testing.assert_array_equal(first.durations, [200, 150])
    assert first.observers.tolist() == ["1", "2"]
    assert first.starts is None
    np.testing.assert_array_equal(first.image(), read_image(plain / "images" / "a.png"))
    assert data.check(progress=False) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n") + "\n ,,,,,\n",
        lambda text: text.replace(",", " , "),
        lambda text: text.replace("a.png", '"a.png"'),
    ],
    ids=["bom", "crlf", "blank lines", "spaces", "quotes"],
)
def test_tables_of_many_programs(plain, change):
    path = plain / "fixations.csv"
    text = path.read_bytes().decode().replace("\r\n", "\n")
    path.write_bytes(change(text).encode())

    data = open_dataset("folder", plain)

    np.testing.assert_array_equal(data[0].fixations, [[20, 10.5], [5.25, 30]])
    assert len(data) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,subject,y_px\na.png,1,2\n", "must be a column 'x_px'; the columns are image,"),
        ("image,x_px,y_px\na.png,1\n", "line 2 must have a value in the column 'y_px'"),
        ("image,x_px,y_px\na.png,1,two\n", "'y_px' must be a number; got 'two'"),
        ("image,x_px,y_px\n", "no fixations in this file"),
        ("\n\n", "the file is empty"),
        ("image,x_px,y_px\nc.png,1,1\n", "none of the 1 images that it names is in"),
    ],
)
def test_tables_that_do_not_fit(plain, text, said):
    (plain / "fixations.csv").write_text(text)

    with pytest.raises(DatasetError, match=r"fixations\.csv") as refusal:
        open_dataset("folder", plain)

    assert said in str(refusal.value)


def test_a_table_that_is_no_text(plain):
    (plain / "fixations.csv").write_bytes(b"image,x_px,y_px\n\xff\xfe")

    with pytest.raises(DatasetError, match="must be text in UTF-8; byte 16 is not"):
        open_dataset("folder", plain)


def test_images_in_subfolders_are_categories(plain, picture):
    picture(plain / "images" / "dogs" / "a.png")
    with (plain / "fixations.csv").open("a") as file:
        file.write("dogs/a.png,3,1,4,5,100\n")

    data = open_dataset("folder", plain)

    assert [(sample.name, sample.category) for sample in data] == [
        ("a", ""), ("b", ""), ("dogs/a", "dogs"),
    ]  # fmt: skip


def test_one_name_with_two_suffixes(plain, picture):
    picture(plain / "images" / "a.jpg")
    with (plain / "fixations.csv").open("a") as file:
        file.write("a.jpg,3,1,4,5,100\n")

    assert [sample.name for sample in open_dataset("folder", plain)] == ["a.jpg", "a.png", "b"]


def test_osie_of_its_authors(osie):
    data = open_dataset("osie", osie)

    np.testing.assert_array_equal(data[0].fixations, [[5, 10.5], [6, 20], [7, 30]])
    np.testing.assert_array_equal(data[0].durations, [100, 300, 250])
    np.testing.assert_array_equal(data[0].observers, [1, 1, 2])
    assert str(data.summary()) == "OSIE | 80 x 60 px | 2 images | 2 | 3 s | EyeLink 1000"
    (osie / "data" / "stimuli" / "1001.jpg").unlink()
    data = open_dataset("osie", osie)
    assert [sample.name for sample in data] == ["1002"]
    (line,) = data.check(progress=False)
    assert line.endswith("1001.jpg: no such file")


def test_osie_in_a_table(shared):
    data = open_dataset("osie", shared / "data" / "osie")

    assert (len(data), data[0].size, len(data[0].fixations)) == (40, (600, 800), 141)
    assert str(data.summary()) == "OSIE | 800 x 600 px | 40 images | 15 | 3 s | EyeLink 1000"


def test_cat2000(cat2000):
    data = open_dataset("cat2000", cat2000)

    assert [(sample.name, sample.category) for sample in data] == [
        ("Action/001", "Action"), ("Action/133", "Action"), ("Satelite/002", "Satelite"),
    ]  # fmt: skip
    np.testing.assert_array_equal(data[1].fixations, [[3, 90], [50, 43]])
    assert data[1].durations is data[1].observers is None
    assert data[1].truth().shape == data[1].size == (54, 96)
    assert data.summary().seconds == (5.0, 5.0)
    assert data.check(progress=False) == []
    test = open_dataset("cat2000", cat2000, split="test")
    assert (len(test), test[0].has_fixations) == (1, False)
    with pytest.raises(DatasetError, match="no fixations for this sample"):
        test[0].fixations  # noqa: B018


@pytest.mark.parametrize("name", ["trainSet", "testSet"])
def test_cat2000_from_one_of_its_parts(cat2000, name):
    split = name.removesuffix("Set")
    assert len(open_dataset("cat2000", cat2000 / name, split=split)) == (
        3 if split == "train" else 1
    )


def test_cat2000_reads_no_orientation(cat2000):
    path = cat2000 / "testSet" / "Stimuli" / "Action" / "001.jpg"
    picture = Image.open(path)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    assert read_image(path).shape == (96, 54, 3)

    sample = open_dataset("cat2000", cat2000, split="test")[0]

    assert sample.size == (54, 96)
    assert sample.image().shape == (54, 96, 3)


def test_cat2000_in_matlab_7_3(cat2000):
    h5py = pytest.importorskip("h5py")
    path = cat2000 / "trainSet" / "FIXATIONLOCS" / "Action" / "001.mat"
    locations = np.zeros((54, 96), np.uint8)
    locations[7, 80] = 1
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("fixLocs", data=locations.T).attrs["MATLAB_class"] = np.bytes_("uint8")
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    path.write_bytes(head.ljust(512, b"\x00") + path.read_bytes()[512:])

    np.testing.assert_array_equal(open_dataset("cat2000", cat2000)[0].fixations, [[7, 80]])


def test_matlab_files_that_do_not_fit(cat2000):
    from scipy.io import savemat

    path = cat2000 / "trainSet" / "FIXATIONLOCS" / "Action" / "001.mat"
    sample = open_dataset("cat2000", cat2000)[0]
    savemat(path, {"locs": np.zeros((3, 3)), "more": 1})
    with pytest.raises(DatasetError, match=r"must be a variable 'fixLocs'.*are locs, more"):
        sample.fixations  # noqa: B018
    savemat(path, {"fixLocs": "text"})
    with pytest.raises(DatasetError, match="`fixLocs` must be a matrix with 1 at every"):
        sample.fixations  # noqa: B018
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(DatasetError, match=r"001\.mat: not a MATLAB file, or damaged"):
        sample.fixations  # noqa: B018
    path.unlink()
    with pytest.raises(DatasetError, match=r"001\.mat: no such file"):
        sample.fixations  # noqa: B018


def test_damaged_matlab_7_3(cat2000):
    pytest.importorskip("h5py")
    path = cat2000 / "trainSet" / "FIXATIONLOCS" / "Action" / "001.mat"
    path.write_bytes(b"MATLAB 7.3".ljust(512, b"\x00") + b"\x89HDF\r\n\x1a\n" + b"\x00" * 40)

    with pytest.raises(DatasetError, match=r"001\.mat: not a MATLAB file, or damaged"):
        open_dataset("cat2000", cat2000)[0].fixations  # noqa: B018


def test_matlab_7_3_without_h5py(cat2000, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    path = cat2000 / "trainSet" / "FIXATIONLOCS" / "Action" / "001.mat"
    path.write_bytes(b"MATLAB 7.3".ljust(512, b"\x00") + b"\x89HDF\r\n\x1a\n")

    with pytest.raises(DatasetError, match="need h5py: pip install h5py"):
        open_dataset("cat2000", cat2000)[0].fixations  # noqa: B018


def test_savam(savam):
    data = open_dataset("savam", savam)
    (sample,) = data

    assert (sample.name, sample.kind, sample.size) == ("v01_Hugo_2172", "video", (108, 192))
    assert (sample.fps, sample.frame_count) == (25, 25)
    # The second recording has two fixations for its first half, around the blink.
    expected = [[400, 900], [400, 1500], [400, 300], [400, 300], [400, 1500]]
    np.testing.assert_allclose(sample.fixations, expected, atol=0.5)
    assert sample.observers.tolist() == ["u001"] * 2 + ["u007"] * 3
    np.testing.assert_allclose(sample.starts, [0, 510, 0, 350, 510], atol=12)
    np.testing.assert_allclose(sample.durations, [490, 490, 200, 150, 490], atol=24)
    assert sorted(sample.fixations_at(0)[:, 1]) == [300, 900]
    assert sorted(sample.fixations_at(7)[:, 1]) == [900]  # 280 to 320 ms: one eye is closed
    assert sorted(sample.fixations_at(20)[:, 1]) == [1500, 1500]
    assert data.summary().observers == 2


def test_savam_of_closed_eyes_and_points_outside(savam):
    path = next((savam / "raw_gaze_data").glob("*u007*"))
    rows = path.read_text().replace("\t300\t", "\t3000\t")
    path.write_text(rows)

    (sample,) = open_dataset("savam", savam)

    assert sample.observers.tolist() == ["u001", "u001", "u007"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("v01_Hugo_2172_u001_m_21_1.txt", "1 2 3 4 5\n", "the name must have the form VIDEO_SEQ"),
        ("v01_Hugo_2172_u009_m_21_1_fwd.txt", "1 2 3 4\n", "row 1 must have 5 columns (time in"),
        ("v01_Hugo_2172_u009_m_21_1_fwd.txt", "a b c d e\n", "there must be 5 columns of numbers"),
        ("v01_Hugo_2172_u009_m_21_1_fwd.txt", " \n", "the file is empty"),
    ],
)
def test_savam_that_does_not_fit(savam, name, text, said):
    (savam / "raw_gaze_data" / name).write_text(text)

    with pytest.raises(DatasetError, match=name) as refusal:
        open_dataset("savam", savam)[0].fixations  # noqa: B018

    assert said in str(refusal.value)


def test_sequence_names_may_hold_underscores(savam):
    home = savam / "raw_gaze_data"
    for path in home.iterdir():
        path.rename(home / path.name.replace("Hugo_2172", "The_Two_Towers_12"))

    assert open_dataset("savam", savam)[0].name == "v01_The_Two_Towers_12"


@pytest.mark.parametrize(("split", "column"), [(None, 960), ("fv", 960), ("task", 920)])
@pytest.mark.parametrize("has_fixations", [True, False])
def test_eyetrackuav2(uav, split, column, has_fixations):
    if not has_fixations:
        (uav / "FIXATIONS").rename(uav / "elsewhere")
    data = open_dataset("eyetrackuav2", uav, split=split)
    (sample,) = data

    assert (sample.name, sample.kind, sample.size) == ("bike1", "video", (72, 128))
    # The video of 128 x 72 stands in the middle of the screen of 1920 x 1080.
    expected = [[36, column - 896], [36, column - 856]] * 2
    np.testing.assert_allclose(sample.fixations, expected, atol=0.5)
    assert len(set(sample.observers.tolist())) == 2
    assert data.summary().tracker == "EyeLink 1000 Plus (1000 Hz, binocular)"
    assert data.check(progress=False) == []


def test_recordings_with_names_that_begin_alike(uav):
    raw = uav / "RAW_DATA" / "RAW_DATA_EyeTracker_CoordSystem" / "bike1"
    (raw / "bike1_S01_FV.csv").rename(raw / "bike1_S1.csv")

    (sample,) = open_dataset("eyetrackuav2", uav)

    assert set(sample.observers.tolist()) == {"bike1_S10_FV"}


def test_eyetrackuav2_that_does_not_fit(uav):
    raw = uav / "RAW_DATA" / "RAW_DATA_EyeTracker_CoordSystem" / "bike1"
    (raw / "bike1_S01_FV.csv").write_text("1,2,3,4,5,6,7,8,9\n")

    with pytest.raises(DatasetError, match=r"must have 10 columns.*8th and 9th.*it has 9"):
        open_dataset("eyetrackuav2", uav)[0].fixations  # noqa: B018


def test_crowdfix(crowdfix):
    data = open_dataset("crowdfix", crowdfix)
    (sample,) = data

    assert (sample.name, sample.size, sample.fps, sample.frame_count) == ("001", (48, 64), 30, 4)
    np.testing.assert_array_equal(sample.fixations_at(0), [[1, 10]])
    np.testing.assert_array_equal(sample.fixations_at(1), np.empty((0, 2)))
    np.testing.assert_array_equal(sample.fixations_at(2), [[3, 30]])
    np.testing.assert_array_equal(sample.fixations, [[1, 10], [3, 30]])
    assert sample.truth(2)[3, 30] == 127
    with pytest.raises(DatasetError, match=r"001_002\.png: no saliency map for this frame"):
        sample.truth(1)
    assert len(list(sample.frames())) == 4
    (line,) = data.check(progress=False)
    assert "CategoryInfo.xlsx: no such file" in line


def test_crowdfix_from_frames(crowdfix, picture):
    (crowdfix / "Videos" / "001.avi").unlink()
    for frame in (1, 2, 10):
        picture(crowdfix / "frames" / f"001_{frame:03}.jpg", 48, 64)

    (sample,) = open_dataset("crowdfix", crowdfix)

    assert (sample.frame_count, sample.size) == (3, (48, 64))


def test_real_files_of_crowdfix(shared):
    data = open_dataset("auto", shared / "data" / "crowdfix_sample")

    found = [(sample.name, sample.category, sample.size) for sample in data]
    assert found == [(name, kind, (720, 1280)) for name, kind in
                     (("004", "DF"), ("006", "DC"), ("025", "SP"))]  # fmt: skip
    assert [len(sample.fixations_at(0)) for sample in data] == [17, 19, 19]
    # The authors' map is the density with sigma 40, scaled to 255.
    for sample in data:
        density = sample.density(frame=3)
        assert np.corrcoef(density.ravel(), sample.truth(3).ravel())[0, 1] > 0.99
    assert len(data.check(progress=False)) == 3  # the videos


def test_a_spreadsheet_that_does_not_fit(crowdfix):
    (crowdfix / "CategoryInfo.xlsx").write_bytes(b"PK no zip")

    with pytest.raises(DatasetError, match=r"CategoryInfo\.xlsx: not a spreadsheet"):
        open_dataset("crowdfix", crowdfix)


@pytest.mark.parametrize("name", ["plain", "cat2000", "savam", "uav", "crowdfix", "osie"])
def test_layouts_are_recognised(name, request):
    folder = request.getfixturevalue(name)
    expected = {"plain": "folder", "uav": "eyetrackuav2"}.get(name, name)

    assert open_dataset("auto", folder).name == expected


@pytest.mark.parametrize("name", ["plain", "cat2000", "savam", "uav", "crowdfix", "osie"])
def test_samples_can_be_pickled(name, request):
    sample = open_dataset("auto", request.getfixturevalue(name))[0]

    copy = pickle.loads(pickle.dumps(sample))

    np.testing.assert_array_equal(copy.fixations, sample.fixations)
    np.testing.assert_array_equal(copy.image(), sample.image())


@pytest.mark.parametrize("name", ["cat2000", "eyetrackuav2", "crowdfix", "savam", "osie", "folder"])
def test_a_missing_folder_says_where_to_get_the_set(name, tmp_path):
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(DatasetError, match="Nothing is downloaded: ") as refusal:
            open_dataset(name, folder)
        assert ("get " + name in str(refusal.value)) == (name != "folder")
        assert "put these files there: " in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_a_folder_of_no_known_layout(tmp_path):
    with pytest.raises(DatasetError, match="not the layout of any known data set"):
        open_dataset("auto", tmp_path)


def test_bad_names_and_splits(plain, cat2000):
    with pytest.raises(ValueError, match=r"`name` must be 'cat2000',.* got 'mit1003'"):
        open_dataset("mit1003", plain)
    with pytest.raises(ValueError, match="`split` must be None for 'folder'; got 'test'"):
        open_dataset("folder", plain, split="test")
    with pytest.raises(ValueError, match="`split` must be 'train' or 'test' or None"):
        open_dataset("cat2000", cat2000, split="val")


def test_masks(tmp_path, picture):
    for name in ("a", "b", "c"):
        picture(tmp_path / "images" / f"{name}.jpg")
    (tmp_path / "masks").mkdir()
    levels = np.zeros((30, 40), np.uint8)
    levels[5:9], levels[20:] = 128, 127
    for name in ("a", "c"):
        write_image(tmp_path / "masks" / f"{name}.png", levels)

    data = open_masks(tmp_path / "images", tmp_path / "masks")

    assert [sample.name for sample in data] == ["a", "c"]
    np.testing.assert_array_equal(data[0].mask(), levels == 128)
    assert data[0].mask(1) is None
    (line,) = data.check(progress=False)
    assert "b.jpg: no mask of this name" in line
    with pytest.raises(DatasetError, match="no image has a mask"):
        open_masks(tmp_path / "images", tmp_path)
    with pytest.raises(DatasetError, match="`masks` must be a folder; got"):
        open_masks(tmp_path / "images", tmp_path / "nowhere")


def test_masks_of_sequences(shared):
    folder = shared / "data" / "davis"
    data = open_masks(folder, folder)

    assert [(sample.name, sample.kind) for sample in data] == [
        ("car-shadow", "video"), ("libby", "video"),
    ]  # fmt: skip
    assert data[0].size == data[0].mask(3).shape == (480, 854)
    assert data[0].frame_count == len(list((folder / "car-shadow" / "frames").iterdir()))
    assert data[0].mask(3).any()
