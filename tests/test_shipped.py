"""Machine code that comes in a wheel: used where it fits, and never in the way."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from processes import run_python

import fastsal
from fastsal import runtime
from fastsal.kernels import shipped
from fastsal.pipelines import forms

pytestmark = [
    pytest.mark.skipif(runtime.is_simulated(), reason="the simulator compiles nothing"),
    pytest.mark.skipif(
        sys.platform != "linux" or not shipped.LEVELS[-1].suits(shipped.features()),
        reason="machine code is made for Linux on x86-64, and runs with AVX2",
    ),
]

PACKAGE = Path(fastsal.__file__).parent
BEST, LEAST = shipped.LEVELS
ANSWER = [1, 9, 255, 0]

# Says which kernels were compiled, where the others came from, and the answer.
SCRIPT = """
import json, sys
import numpy as np
import fastsal
from fastsal.kernels import cache, shipped, watch

compiled = []
class Watcher:
    def started(self, name): compiled.append(name)
    def done(self, name): pass

frames = np.zeros((2, 480, 640, 3), np.uint8)
frames[1, 0, :3] = [[1], [9], [255]]
with watch.watching(Watcher()):
    stream = fastsal.FrameDifference()
    stream.update(frames[0])
    answer = (255 * stream.update(frames[1])[0, :4]).round().tolist()
from fastsal.pipelines import forms
sources = {cache.source_of(form) for form in forms.forms_of(["frame-difference"])}
print(json.dumps([compiled, sorted(map(str, sources)), answer, shipped.why_unused()]))
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """Return machine code of one method's first map."""
    target = tmp_path_factory.mktemp("made") / "machine_code"
    script = PACKAGE.parent / ".ci" / "build_kernels.py"
    subprocess.run([sys.executable, script, target, "frame-difference"], check=True)
    return target


@pytest.fixture
def site(tmp_path, code):
    """Return a folder with fastsal as its wheel installs it, to be changed."""
    folder = tmp_path / "site"
    ignored = shutil.ignore_patterns("__pycache__", "machine_code")
    shutil.copytree(PACKAGE, folder / "fastsal", ignore=ignored)
    shutil.copytree(code, code_in(folder))
    return folder


def code_in(site):
    return site / "fastsal" / "kernels" / "machine_code"


def run(site, cache, **environment):
    """Return the compiled kernels, the sources of all, and why no machine code is used."""
    printed = run_python(
        SCRIPT,
        environment={
            "PYTHONPATH": str(site), "FASTSAL_CACHE_DIR": str(cache),
            "PYTHONDONTWRITEBYTECODE": "1", **environment,
        },
        cwd=site,
    )  # fmt: skip
    compiled, sources, answer, reason = json.loads(printed)
    assert answer == ANSWER
    return compiled, sources, reason


def processor(level):
    """Return the variables for a processor of this level, which none of the levels is called."""
    return {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": level.features}


def entries(cache):
    return list(cache.rglob("*.nbc"))


def test_nothing_is_compiled(site, tmp_path):
    best = next(each for each in shipped.LEVELS if each.suits(shipped.features()))
    assert run(site, tmp_path / "cache") == ([], [best.name], None)
    assert not entries(tmp_path / "cache")


def test_nothing_is_compiled_where_no_cache_can_be(site, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("here is no folder")
    assert run(site, blocked)[0] == []


def test_the_level_is_the_best_that_the_processor_runs(site, tmp_path):
    compiled, sources, _ = run(site, tmp_path / "cache", **processor(LEAST))
    assert (compiled, sources) == ([], [LEAST.name])


def test_another_processor_compiles(site, tmp_path):
    environment = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    compiled, sources, reason = run(site, tmp_path / "cache", **environment)
    assert compiled
    assert sources == ["native"]
    assert reason == "its machine code is for other processors"
    assert run(site, tmp_path / "cache", **environment)[0] == []


def test_another_version_of_numba_compiles(site, tmp_path):
    manifest = code_in(site) / shipped.MANIFEST
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "numba": "0.1"}))
    compiled, sources, reason = run(site, tmp_path / "cache", **processor(LEAST))
    assert compiled
    assert sources == ["native"]
    assert reason.startswith("its machine code was made with numba 0.1, here is ")


@pytest.fixture
def in_here(code, tmp_path, monkeypatch):
    """Let this process use a copy of machine code as its own; return the folder."""
    folder = tmp_path / "machine_code"
    shutil.copytree(code, folder)
    monkeypatch.setattr(shipped, "FOLDER", folder)
    caches = shipped.why_unused, shipped._entries
    for each in caches:
        each.cache_clear()
    yield folder
    for each in caches:
        each.cache_clear()


@pytest.mark.parametrize("name", shipped.made_with())
def test_whatever_code_depends_on_must_be_the_same(in_here, name):
    assert shipped.why_unused() is None
    manifest = in_here / shipped.MANIFEST
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), name: "other"}))
    shipped.why_unused.cache_clear()
    assert shipped.why_unused().startswith(f"its machine code was made with {name} other, here is ")
    assert shipped.candidates() == []


@pytest.mark.parametrize("content", ["{", "", None, "3"])
def test_a_manifest_that_cannot_be_read(in_here, content):
    manifest = in_here / shipped.MANIFEST
    manifest.write_text(content) if content is not None else manifest.unlink()
    assert shipped.why_unused() == "its machine code has no readable manifest"


def with_flipped_byte(path):
    """Flip a byte of the code of every entry, in an archive that is whole."""
    with tarfile.open(path) as archive:
        members = {each.name: archive.extractfile(each).read() for each in archive.getmembers()}
    folder = path.with_suffix("")
    folder.mkdir()
    with tarfile.open(path, "w:xz") as archive:
        for name, data in members.items():
            middle = len(data) // 2
            flipped = bytes([data[middle] ^ 1])
            (folder / name).write_bytes(data[:middle] + flipped + data[middle + 1 :])
            archive.add(folder / name, name)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(path.read_bytes()[:-1000]),
        lambda path: path.write_bytes(b"no archive"),
        lambda path: path.write_bytes(b""),
        Path.unlink,
    ],
    ids=["without its end", "cut", "overwritten", "empty", "missing"],
)
def test_a_damaged_archive_is_none(in_here, damage):
    (path,) = (in_here / LEAST.name).glob("*frame_difference.tar.xz")
    with tarfile.open(path) as archive:
        (name,) = archive.getnames()
    module = "fastsal.algorithms.frame_difference._cpu"
    assert shipped.entry(LEAST, module, name.replace("-3975d85acd.", "-3975d85acd.py313."))
    damage(path)
    shipped._entries.cache_clear()
    assert shipped.entry(LEAST, module, name) is None


def test_damaged_code_is_compiled(site, tmp_path):
    for path in code_in(site).rglob("*frame_difference.tar.xz"):
        with_flipped_byte(path)
    compiled, sources, reason = run(site, tmp_path / "cache")
    assert any("frame_difference" in each for each in compiled)
    assert "native" in sources
    assert reason is None


def test_an_edited_kernel_is_compiled(site, tmp_path):
    formula = site / "fastsal" / "algorithms" / "frame_difference" / "_formulas.py"
    formula.write_text(formula.read_text() + "\nNEW = 1\n")
    compiled, _, _ = run(site, tmp_path / "cache")
    assert compiled
    assert all("frame_difference" in each for each in compiled)


def test_maps_have_the_same_bits(site, tmp_path):
    code = """
import hashlib, sys
import numpy as np, fastsal
from fastsal.kernels import shipped
shipped.is_enabled = sys.argv[1] == "shipped"
stream = fastsal.Stream("frame-difference")
for frame in np.random.default_rng(1).integers(0, 256, (2, 480, 640, 3), dtype=np.uint8):
    saliency = stream.update(frame)
print(hashlib.sha256(saliency.tobytes()).hexdigest())
"""
    environment = {"PYTHONPATH": str(site), "FASTSAL_CACHE_DIR": str(tmp_path / "cache")}
    maps = {
        run_python(code, source, environment={**environment, **variables}, cwd=site)
        for source, variables in (
            ("shipped", {}), ("shipped", processor(LEAST)), ("compiled", {}),
        )
    }  # fmt: skip
    assert len(maps) == 1


def test_kernels_of_plain_functions_have_names():
    from fastsal.algorithms.whitened import _cpu_whiten, _whitening
    from fastsal.kernels.forms import name_of

    assert name_of(_whitening.fill_weights) == (_cpu_whiten.__name__, "fill_weights")
    assert name_of(lambda: None) is None


def test_info_tells_where_kernels_come_from(site, tmp_path):
    def told():
        printed = subprocess.run(
            [sys.executable, "-m", "fastsal", "info"], check=True, cwd=site, text=True,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(site), **processor(LEAST),
                 "FASTSAL_CACHE_DIR": str(tmp_path / "cache")},
        ).stdout  # fmt: skip
        return dict(line.split(maxsplit=1) for line in printed.splitlines() if " " in line)

    listed = forms.forms_of(["frame-difference"])
    others = len(forms.for_level(forms.all_forms(), LEAST.name)) - len(listed)
    first = told()
    assert first["kernels"] == (f"{len(listed)} shipped ({LEAST.name}), {others} not compiled yet")
    (code_in(site) / shipped.MANIFEST).write_text("{}")
    run(site, tmp_path / "cache", **processor(LEAST))
    assert told()["kernels"] == f"{len(listed)} native, {others} not compiled yet"


@pytest.fixture
def slow_site(site):
    """Return `site` with a lowest level that counts as slower than this processor's native code."""
    path = site / "fastsal" / "kernels" / "shipped.py"
    source = path.read_text()
    edited = source.replace('_V3, "avx512f")', '_V3, "avx2")')
    assert edited != source
    path.write_text(edited)
    return site


def wait_for(condition):
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_native_code_is_made_afterwards_if_it_is_faster(slow_site, tmp_path):
    cache, environment = tmp_path / "cache", processor(LEAST)
    compiled, sources, _ = run(slow_site, cache, FASTSAL_NATIVE="1", **environment)
    assert (compiled, sources) == ([], [LEAST.name])
    wait_for(lambda: len(entries(cache)) == len(forms.forms_of(["frame-difference"])))
    assert run(slow_site, cache, **environment)[:2] == ([], ["native"])


@pytest.mark.parametrize("reason", ["off", "fast enough", "no cache"])
def test_native_code_is_not_made(slow_site, tmp_path, reason):
    """Says so if a process is started at the end."""
    code = (
        "import subprocess\n"
        "class Popen(subprocess.Popen):\n"
        "    def __init__(self, *args, **options):\n"
        "        print('started')\n"
        "        super().__init__(*args, **options)\n"
        "subprocess.Popen = Popen\n"
    ) + SCRIPT
    blocked = tmp_path / "file"
    blocked.write_text("here is no folder")
    if reason == "fast enough":
        (slow_site / "fastsal" / "kernels" / "shipped.py").write_text(
            (PACKAGE / "kernels" / "shipped.py").read_text()
        )
    environment = {
        "PYTHONPATH": str(slow_site), "FASTSAL_NATIVE": "0" if reason == "off" else "1",
        "FASTSAL_CACHE_DIR": str(blocked if reason == "no cache" else tmp_path / "cache"),
        **processor(LEAST),
    }  # fmt: skip
    printed = run_python(code, environment=environment, cwd=slow_site)
    assert LEAST.name in printed
    assert "started" not in printed


def test_one_process_makes_native_code(site, tmp_path):
    cache = tmp_path / "cache"
    requested = json.dumps(forms.forms_of(["frame-difference"]))
    code = (
        "from fastsal.kernels import cache, locks, native, threads\n"
        "locks.take(cache.folder().parent / native.LOCK, '0')\n"
        "import subprocess, sys\n"
        "command = [sys.executable, '-c', native._CODE]\n"
        f"done = subprocess.run(command, input={requested!r}, text=True)\n"
        "print(done.returncode)"
    )
    environment = {"PYTHONPATH": str(site), "FASTSAL_CACHE_DIR": str(cache)}
    assert run_python(code, environment=environment, cwd=site) == "0"
    assert not entries(cache)
