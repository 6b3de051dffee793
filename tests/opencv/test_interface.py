"""The names, keywords and returns of cv2.saliency, where arrays come from and go to, and copies."""

import copy
import gzip
import inspect
import pickle
import threading

import cv2
import numpy as np
import pytest
from processes import run_python

import fastsal
from fastsal import opencv

CLASSES = [
    "StaticSaliencySpectralResidual", "StaticSaliencyFineGrained", "MotionSaliencyBinWangApr2014",
    "ObjectnessBING",
]  # fmt: skip
BASES = ["Saliency", "StaticSaliency", "MotionSaliency", "Objectness"]
ALGORITHM = {"clear": "", "empty": "", "getDefaultName": "", "read": "fn", "save": "filename",
             "write": "fs"}  # fmt: skip
SIZES = {"getImageWidth": "", "setImageWidth": "val", "getImageHeight": "", "setImageHeight": "val"}
STATIC = {"computeBinaryMap": "_saliencyMap _binaryMap"}
# OpenCV's methods with their keywords, except Algorithm's and computeSaliency.
METHODS = {
    "StaticSaliencySpectralResidual": STATIC | SIZES,
    "StaticSaliencyFineGrained": STATIC,
    "MotionSaliencyBinWangApr2014": SIZES | {"setImagesize": "W H", "init": ""},
    "ObjectnessBING": {
        "getBase": "", "setBase": "val", "getNSS": "", "setNSS": "val", "getW": "", "setW": "val",
        "getobjectnessValues": "", "setBBResDir": "resultsDir", "setTrainingPath": "trainingPath",
    },
}  # fmt: skip


def made(name, size=(50, 40)):
    finder = getattr(opencv, f"{name}_create")()
    if name == "MotionSaliencyBinWangApr2014":
        finder.setImagesize(*size)
        finder.init()
    return finder


def image_for(name, photo):
    return photo[..., 0] if name == "MotionSaliencyBinWangApr2014" else photo


@pytest.mark.parametrize("name", CLASSES)
def test_methods_and_keywords_are_those_of_opencv(name):
    made_by = getattr(opencv, name)
    expected = ALGORITHM | {"computeSaliency": "image saliencyMap"} | METHODS[name]
    public = {each for each in dir(made_by) if not each.startswith("_")}

    assert public == {*expected, "create"}
    for method, keywords in expected.items():
        parameters = list(inspect.signature(getattr(made_by, method)).parameters)
        assert parameters == ["self", *keywords.split()], method


@pytest.mark.parametrize("name", CLASSES)
def test_both_factories_and_the_class_itself_make_objects(name, photo):
    made_by = getattr(opencv, name)
    for make in (made_by, made_by.create, getattr(opencv, f"{name}_create")):
        finder = make(backend="cpu")
        assert type(finder) is made_by
        assert isinstance(finder, opencv.Saliency)
        assert isinstance(finder, opencv.Algorithm)
        if name == "MotionSaliencyBinWangApr2014":
            finder.setImagesize(50, 40)
            finder.init()
        assert finder.computeSaliency(image_for(name, photo))[0] is True


def test_kinds():
    assert issubclass(opencv.StaticSaliencyFineGrained, opencv.StaticSaliency)
    assert issubclass(opencv.StaticSaliencySpectralResidual, opencv.StaticSaliency)
    assert issubclass(opencv.MotionSaliencyBinWangApr2014, opencv.MotionSaliency)
    assert issubclass(opencv.ObjectnessBING, opencv.Objectness)


@pytest.mark.parametrize("name", BASES)
def test_abstract_classes_make_no_objects(name):
    with pytest.raises(TypeError, match="abstract"):
        getattr(opencv, name)()


@pytest.mark.parametrize("name", CLASSES)
def test_what_every_algorithm_does(name, tmp_path):
    finder = made(name)

    assert finder.empty() is False
    assert finder.getDefaultName() == "my_object"
    assert finder.clear() is finder.read(None) is finder.write(None) is None
    finder.save(str(tmp_path / "object.yml"))
    storage = cv2.FileStorage(str(tmp_path / "object.yml"), cv2.FILE_STORAGE_READ)
    assert storage.root().keys() == ("my_object",)
    with pytest.raises(OSError, match="no/object"):
        finder.save(tmp_path / "no" / "object.yml")


@pytest.mark.parametrize("kind", ["xml", "json", "yml", "yaml", "txt", ""])
@pytest.mark.parametrize("end", ["", ".gz", ".gz5"])
def test_saved_files_are_those_that_opencv_writes(kind, end, tmp_path):
    name, folder = f"object.{kind}{end}".replace("..", "."), tmp_path / "theirs"
    folder.mkdir()
    storage = cv2.FileStorage(str(folder / name), cv2.FILE_STORAGE_WRITE)
    storage.startWriteStruct("my_object", cv2.FILE_NODE_MAP)
    storage.endWriteStruct()
    storage.release()
    (expected,) = folder.iterdir()

    opencv.StaticSaliencyFineGrained().save(tmp_path / name)

    (written,) = (path for path in tmp_path.iterdir() if path.is_file())
    assert written.name == expected.name
    unpack = gzip.decompress if end else bytes
    assert unpack(written.read_bytes()) == unpack(expected.read_bytes())


def test_saving_to_a_folder_is_refused(tmp_path):
    with pytest.raises(OSError, match="directory"):
        opencv.StaticSaliencyFineGrained().save(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(
    "image",
    [None, np.empty((0, 5), np.uint8), np.empty((0, 0, 3), np.uint8)],
    ids=["none", "0", "00"],
)
def test_no_image_is_no_result(name, image):
    finder, out = made(name), np.zeros(3)

    assert finder.computeSaliency(image) == (False, None)
    assert finder.computeSaliency(image=image, saliencyMap=out)[1] is out


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "ObjectnessBING"])
@pytest.mark.parametrize("form", ["contiguous", "(H, W, 1)", "every other column", "part of rows"])
def test_an_array_that_fits_is_filled_and_returned(name, form, photo):
    image = image_for(name, photo)
    expected = made(name).computeSaliency(image)[1]
    whole = np.full((40, 100), 7, expected.dtype)
    out = {
        "contiguous": np.full((40, 50), 7, expected.dtype),
        "(H, W, 1)": np.full((40, 50, 1), 7, expected.dtype),
        "every other column": whole[:, ::2],
        "part of rows": whole[:, :50],
    }[form]

    found, actual = made(name).computeSaliency(image, saliencyMap=out)

    assert found is True
    assert actual is out
    np.testing.assert_array_equal(out.reshape(40, 50), expected)
    if form == "part of rows":
        assert (whole[:, 50:] == 7).all()


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(
    "out", [np.zeros((4, 5), np.float32), np.zeros((40, 50), np.float64), np.zeros(0)],
    ids=["another size", "another dtype", "empty"],
)  # fmt: skip
def test_an_array_that_does_not_fit_is_left_alone(name, out, photo):
    image, before = image_for(name, photo), out.copy()

    found, actual = made(name).computeSaliency(image, out)

    assert found is True
    assert actual is not out
    np.testing.assert_array_equal(out, before)
    np.testing.assert_array_equal(actual, made(name).computeSaliency(image)[1])


def test_boxes_go_where_they_fit(bing, photo, version):
    _, boxes = bing.computeSaliency(photo)
    out = np.zeros_like(boxes)

    assert bing.computeSaliency(photo, out)[1] is out
    np.testing.assert_array_equal(out, boxes)
    assert bing.computeSaliency(photo, np.zeros((3, 4), np.int32))[1].shape == boxes.shape


def test_a_map_may_be_put_over_its_image(rng):
    image = rng.random((30, 40), np.float32)
    for name in ("StaticSaliencySpectralResidual", "StaticSaliencyFineGrained"):
        expected, held = made(name).computeSaliency(image)[1], image.copy()
        assert made(name).computeSaliency(held, held)[1] is held
        np.testing.assert_array_equal(held, expected)


@pytest.mark.parametrize("name", CLASSES)
def test_what_comes_from_a_umat_goes_to_one(name, photo):
    image = image_for(name, photo)
    expected = made(name).computeSaliency(image)[1]

    for arguments in ((cv2.UMat(image),), (image, cv2.UMat(np.zeros((2, 2), np.uint8)))):
        found, actual = made(name).computeSaliency(*arguments)
        assert found is True
        assert isinstance(actual, cv2.UMat)
        np.testing.assert_array_equal(actual.get().reshape(expected.shape), expected)


def test_binary_maps_from_a_umat(rng):
    saliency = rng.random((20, 30), np.float32)
    finder = made("StaticSaliencyFineGrained")
    opencv.setRNGSeed(4)
    expected = finder.computeBinaryMap(saliency)[1]
    opencv.setRNGSeed(4)

    done, actual = finder.computeBinaryMap(cv2.UMat(saliency))

    assert done is True
    np.testing.assert_array_equal(actual.get(), expected)


def test_binary_maps_go_where_they_fit(rng):
    saliency, out = rng.random((20, 30), np.float32), np.full((20, 30), 7, np.uint8)
    finder = made("StaticSaliencySpectralResidual")

    done, actual = finder.computeBinaryMap(_saliencyMap=saliency, _binaryMap=out)

    assert done is True
    assert actual is out
    assert set(np.unique(out)) <= {0, 255}
    other = np.full((20, 31), 7, np.uint8)
    assert finder.computeBinaryMap(saliency, other)[1].shape == (20, 30)
    assert (other == 7).all()


@pytest.mark.parametrize("name", CLASSES[:2])
def test_rank_1_is_a_column_or_a_row(name, rng, version):
    image = rng.integers(0, 256, 50, dtype=np.uint8)
    as_matrix = image[:, None] if version < (5,) else image[None]

    actual = made(name).computeSaliency(image)[1]

    np.testing.assert_array_equal(actual, made(name).computeSaliency(as_matrix)[1])


def test_seeds_are_per_thread_and_start_alike(rng):
    saliency, finder = rng.random((30, 40), np.float32), made("StaticSaliencyFineGrained")
    opencv.setRNGSeed(0)
    first, second = (finder.computeBinaryMap(saliency)[1] for _ in range(2))
    opencv.setRNGSeed(5)
    seen = []

    def work():
        seen.extend(finder.computeBinaryMap(saliency)[1] for _ in range(2))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)

    np.testing.assert_array_equal(seen[0], first)
    np.testing.assert_array_equal(seen[1], second)
    with pytest.raises(TypeError):
        opencv.setRNGSeed("5")


@pytest.mark.parametrize("remade", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))],
                         ids=["deepcopy", "pickle"])  # fmt: skip
@pytest.mark.parametrize("name", CLASSES)
def test_objects_can_be_copied(name, remade, photo, model, tmp_path):
    finder = made(name)
    for method, value in (("setImageWidth", 50), ("setImageHeight", 40), ("setNSS", 3),
                          ("setTrainingPath", model), ("setBBResDir", str(tmp_path))):  # fmt: skip
        getattr(finder, method, lambda value: None)(value)

    other = remade(finder)

    image = image_for(name, photo)
    np.testing.assert_array_equal(other.computeSaliency(image)[1], finder.computeSaliency(image)[1])
    if name == "ObjectnessBING":
        assert other.getNSS() == 3
        assert len(other.getobjectnessValues()) == len(finder.getobjectnessValues())


@pytest.mark.parametrize("when", [0, 30, 70])
def test_a_copied_background_model_goes_on(when, rng):
    frames = 90 + rng.integers(0, 30, (100, 20, 30), dtype=np.uint8)
    frames[60:, 4:9, 5:11] = 250
    finder = made("MotionSaliencyBinWangApr2014", (30, 20))
    for frame in frames[:when]:
        finder.computeSaliency(frame)
    copies = [pickle.loads(pickle.dumps(finder)), copy.deepcopy(finder)]

    for frame in frames[when:]:
        expected = finder.computeSaliency(frame)[1]
        for each in copies:
            np.testing.assert_array_equal(each.computeSaliency(frame)[1], expected)


@pytest.mark.cuda
def test_a_background_model_on_a_device_can_be_copied(cuda_device, rng):
    frames = rng.integers(0, 256, (4, 5, 6), dtype=np.uint8)
    finder = opencv.MotionSaliencyBinWangApr2014.create(backend="cuda")
    finder.setImagesize(6, 5)
    finder.init()
    finder.computeSaliency(frames[0])
    other = copy.deepcopy(finder)

    for frame in frames[1:]:
        np.testing.assert_array_equal(
            other.computeSaliency(frame)[1], finder.computeSaliency(frame)[1]
        )


@pytest.mark.cuda
def test_backends_can_be_chosen_and_device_arrays_passed(cuda_device, rng):
    image = rng.integers(0, 256, (4, 5), dtype=np.uint8)
    expected = opencv.StaticSaliencyFineGrained_create().computeSaliency(image)[1]

    on_cuda = opencv.StaticSaliencyFineGrained_create(backend="cuda").computeSaliency(image)[1]
    held = cuda_device.to_device(image)
    found, saliency = opencv.StaticSaliencyFineGrained_create().computeSaliency(held)

    np.testing.assert_array_equal(on_cuda, expected)
    assert found is True
    np.testing.assert_array_equal(saliency.copy_to_host(), expected)
    assert opencv.StaticSaliencyFineGrained_create().computeSaliency(held, saliency)[1] is saliency


@pytest.mark.skipif(fastsal.backends()["cuda"].available, reason="there is a CUDA device")
@pytest.mark.parametrize("name", CLASSES)
def test_a_backend_that_is_not_there_is_refused(name, photo):
    finder = getattr(opencv, name).create(backend="cuda")
    if name == "MotionSaliencyBinWangApr2014":
        finder.setImagesize(50, 40)
        finder.init()
    with pytest.raises(fastsal.BackendUnavailableError):
        finder.computeSaliency(image_for(name, photo))


def test_the_module_is_found_by_name():
    assert fastsal.opencv is opencv
    assert set(opencv.__all__) <= set(dir(opencv))
    with pytest.raises(TypeError):
        opencv.StaticSaliencyFineGrained_create(3)


def test_install_puts_it_where_opencvs_own_is_missing():
    code = """
        import sys, cv2, fastsal.opencv as ours
        vars(cv2).pop("saliency", None)
        sys.modules.pop("cv2.saliency", None)
        assert ours.install() is ours is ours.install()
        from cv2.saliency import StaticSaliencyFineGrained_create
        import cv2.saliency
        assert cv2.saliency is ours
        assert StaticSaliencyFineGrained_create is ours.StaticSaliencyFineGrained_create
        for name in {names}:
            assert getattr(cv2, "saliency_" + name) is getattr(ours, name)
        print(type(cv2.saliency_ObjectnessBING.create()).__module__)
    """
    names = [*CLASSES, *BASES]
    assert run_python(code.replace("{names}", repr(names))) == "fastsal.opencv.objectness"


def test_install_leaves_opencvs_own_unless_forced():
    code = """
        import sys, types, cv2, fastsal.opencv as ours
        theirs = cv2.saliency = sys.modules["cv2.saliency"] = types.ModuleType("cv2.saliency")
        theirs.Saliency = type("Saliency", (), {})
        assert ours.install() is theirs is cv2.saliency
        assert ours.install(force=True) is ours is cv2.saliency is sys.modules["cv2.saliency"]
        assert ours.install() is ours
        print("done")
    """
    assert run_python(code) == "done"


def test_install_takes_the_place_of_a_folder_without_a_module():
    """As pip leaves it where opencv-python is installed over opencv-contrib-python."""
    code = """
        import sys, types, cv2, fastsal.opencv as ours
        cv2.saliency = sys.modules["cv2.saliency"] = types.ModuleType("cv2.saliency")
        assert ours.install() is ours is cv2.saliency
        from cv2.saliency import StaticSaliencyFineGrained_create
        print("done")
    """
    assert run_python(code) == "done"


def test_importing_it_loads_no_opencv():
    code = "import sys, fastsal.opencv; print('cv2' in sys.modules)"
    assert run_python(code) == "False"
