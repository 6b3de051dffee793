"""Compiled code on disk: found again, never stale, and never in the way."""

import compileall
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from processes import run_python

import fastsal
from fastsal.kernels import cache as cache_of_kernels
from fastsal.kernels import sources

PACKAGE = Path(fastsal.__file__).parent

# One small kernel: says how often Numba compiled, and the answer.
SCRIPT = """
from numba.core import event
recorder = event.RecordingListener()
event.register("numba:compile", recorder)
import numpy as np, fastsal
frame = np.array([[1, 9, 255]], np.uint8)
out = fastsal.frame_difference(frame, np.zeros_like(frame), out=np.empty_like(frame))
compiled = sum(each.is_start for _, each in recorder.buffer)
print(compiled, out.tolist())
"""
ANSWER = "[[1, 9, 255]]"


@pytest.fixture
def site(tmp_path):
    """A copy of the package, to be changed."""
    folder = tmp_path / "site"
    shutil.copytree(
        PACKAGE, folder / "fastsal", ignore=shutil.ignore_patterns("__pycache__", "cli")
    )
    return folder


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """Run the script with an empty cache; return the cache, and how often Numba compiled."""
    cache = tmp_path_factory.mktemp("first") / "cache"
    compiled, answer = run(PACKAGE.parent, cache)
    assert (compiled > 0, answer) == (True, ANSWER)
    return cache, compiled


@pytest.fixture
def filled(first_run, tmp_path):
    """Return a copy of the cache that the script has filled."""
    return Path(shutil.copytree(first_run[0], tmp_path / "cache"))


def run(site, cache, script=SCRIPT, **environment):
    """Return how often Numba compiled, and the answer."""
    printed = run_python(
        script,
        environment={
            "PYTHONPATH": str(site), "FASTSAL_CACHE_DIR": str(cache),
            "PYTHONDONTWRITEBYTECODE": "1", **environment,
        },
        cwd=site if site.is_dir() else site.parent,
    )  # fmt: skip
    compiled, answer = printed.split(maxsplit=1)
    return int(compiled), answer


def entries(cache):
    """Return the content of every file but the one of locks."""
    files = (path for path in cache.rglob("*") if path.is_file() and path.name != "locks")
    return {path: path.read_bytes() for path in files}


def test_the_next_process_compiles_nothing(site, tmp_path):
    cache = tmp_path / "made" / "cache"
    compiled, answer = run(site, cache)
    kept = entries(cache)

    assert (compiled > 0, answer) == (True, ANSWER)
    assert kept
    assert {path.suffix for path in kept} == {".nbc"}
    assert run(site, cache) == (0, ANSWER)
    assert entries(cache) == kept
    assert not list(site.rglob("*.nb?"))


def test_an_edit_in_a_file_that_kernels_call_into_counts_at_once(site, filled):
    assert run(site, filled) == (0, ANSWER)
    formula = site / "fastsal" / "algorithms" / "frame_difference" / "_formulas.py"
    source = formula.read_text()
    edited = source.replace(
        "return max(level, other) - min(level, other)", "return max(level, other) // 2"
    )
    assert edited != source

    formula.write_text(edited)
    assert run(site, filled)[1] == "[[0, 4, 127]]"

    formula.write_text(source)  # and back: the first folder is still there
    assert run(site, filled) == (0, ANSWER)


def test_an_edit_in_a_file_that_no_kernel_imports_costs_nothing(site, filled):
    package = site / "fastsal"
    (package / "kernels" / "new.py").write_text("NEW = 1")
    for path in (package / "kernels" / "gaussian.py", package / "algorithms" / "bing" / "_cpu.py"):
        path.write_text(path.read_text() + "\nNEW = 1\n")

    assert run(site, filled) == (0, ANSWER)


def test_an_edit_in_a_constant_of_another_file_counts(site, tmp_path):
    room = site / "fastsal" / "algorithms" / "frame_difference"
    (room / "_factor.py").write_text("FACTOR = 1\n")
    formula = room / "_formulas.py"
    source = formula.read_text().replace(
        "return max(level, other) - min(level, other)",
        "return (max(level, other) - min(level, other)) // FACTOR",
    )
    source = source.replace("\nfrom numba", "\nfrom ._factor import FACTOR\nfrom numba", 1)
    assert source.count("FACTOR") == 2
    formula.write_text(source)
    assert run(site, tmp_path / "cache")[1] == ANSWER
    (room / "_factor.py").write_text("FACTOR = 2\n")
    assert run(site, tmp_path / "cache")[1] == "[[0, 4, 127]]"


def test_another_version_or_processor_starts_a_folder_of_its_own(site, tmp_path):
    script = "from fastsal.kernels import cache; print(0, cache.digest())"
    digests = [run(site, tmp_path, script)]
    digests.append(run(site, tmp_path, script, NUMBA_CPU_NAME="generic"))
    upgraded = "import numba; numba.__version__ = '99'\n" + script
    digests.append(run(site, tmp_path, upgraded))

    assert len(set(digests)) == 3


def as_bytecode(site):
    """Leave nothing but bytecode, beside where the sources were."""
    compileall.compile_dir(site, quiet=1, legacy=True, force=True)
    for path in site.rglob("*.py"):
        path.unlink()
    return site


def as_zip(site):
    return Path(shutil.make_archive(str(site.with_name(f"zip{time.monotonic_ns()}")), "zip", site))


FROZEN = """
import importlib.abc, importlib.util, os, sys

class Frozen(importlib.abc.InspectLoader, importlib.abc.MetaPathFinder):
    # Gives code objects and nothing else, as programs frozen into one file do.
    def path_of(self, name):
        base = os.path.join(os.environ["FROM"], *name.split("."))
        inner = os.path.join(base, "__init__.py")
        return inner if os.path.exists(inner) else base + ".py"
    def find_spec(self, name, path=None, target=None):
        file = self.path_of(name)
        if name.split(".")[0] != "fastsal" or not os.path.exists(file):
            return None
        spec = importlib.util.spec_from_loader(name, self, is_package=file.endswith("__init__.py"))
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append("/frozen/" + name)
        return spec
    def get_source(self, name):
        return None
    def get_code(self, name):
        return compile(open(self.path_of(name), "rb").read(), "/frozen/" + name, "exec")

sys.meta_path.insert(0, Frozen())
"""


@pytest.mark.parametrize("deployed", ["bytecode", "zip", "zip of bytecode", "frozen"])
def test_deployments_notice_an_upgrade(site, tmp_path, deployed):
    formula = site / "fastsal" / "algorithms" / "frame_difference" / "_formulas.py"
    answers = []
    for halved in (False, True):
        if halved:
            formula.write_text(
                formula.read_text().replace(
                    "return max(level, other) - min(level, other)",
                    "return max(level, other) // 2",
                )
            )
        copy = tmp_path / f"copy{halved}" / "site"
        shutil.copytree(site, copy)
        script, environment = SCRIPT, {}
        if "bytecode" in deployed:
            as_bytecode(copy)
        if deployed == "frozen":
            script, environment = FROZEN + SCRIPT, {"FROM": str(copy)}
        path = as_zip(copy) if deployed.startswith("zip") else copy
        where = (tmp_path if deployed == "frozen" else path, tmp_path / "cache", script)
        answers += [run(*where, **environment), run(*where, **environment)]

    (first, right), again, (other, half), other_again = answers
    assert first > 0
    assert right == ANSWER
    assert other > 0
    assert half == "[[0, 4, 127]]"
    assert again == (0, ANSWER)
    assert other_again == (0, half)


def test_without_any_source_nothing_is_kept(site, tmp_path):
    script = "from fastsal.kernels import sources; sources._data_of = lambda name: None\n" + SCRIPT
    for _ in range(2):
        compiled, answer = run(site, tmp_path / "cache", script)
        assert (compiled > 0, answer) == (True, ANSWER)
    assert not entries(tmp_path / "cache")


def test_a_user_without_a_home(site):
    """And without an entry in the system's list of users, as in many containers."""
    script = (
        "import os, pwd\n"
        "for name in ('HOME', 'XDG_CACHE_HOME'): os.environ.pop(name, None)\n"
        "def unknown(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = unknown\n"
        + SCRIPT
        + "from fastsal.kernels import cache; print(cache.describe())"
    )
    for named, reason in (
        ("", "this user has no home folder"),
        ("~/kept", "~/kept: no such home folder"),
    ):
        compiled, answer = run(site, named, script)
        assert compiled > 0
        assert answer.startswith(ANSWER)
        assert f"not kept: {reason}" in answer
    assert not (site / "~").exists()


def test_a_tilde_is_the_home_folder(site, tmp_path):
    for compiled in (True, False):
        printed = run(site, "~/kept", HOME=str(tmp_path))
        assert (printed[0] > 0, printed[1]) == (compiled, ANSWER)
    assert entries(tmp_path / "kept")
    assert not (site / "~").exists()


def test_a_working_folder_that_is_gone(site):
    script = (
        "import os, tempfile, numba\n"  # Numba itself may ask where it is
        "gone = tempfile.mkdtemp(); os.chdir(gone); os.rmdir(gone)\n"
        "from fastsal.kernels import cache; print(0, cache.describe())"
    )
    assert run(site, "relative", script)[1].startswith("not kept: the working folder is gone")


def test_imports_are_the_same_in_source_and_bytecode():
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for folder in ("kernels", "algorithms")
        for path in (PACKAGE / folder).rglob("*.py")
    ]
    for name in names:
        in_source = set(sources._named_in_source(sources._data_of(name)))
        in_code = set(sources._named_in_code(sources._code_of(name)))
        assert {each for each in in_code if each[0]} <= in_source


def test_the_user_of_the_package_need_not_be_able_to_write_anywhere(site, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("here is no folder")
    script = SCRIPT + "from fastsal.kernels import cache; print(cache.describe())"

    for cache in (blocked, blocked / "below"):
        compiled, answer = run(site, cache, script)
        assert compiled > 0
        assert answer.startswith(ANSWER)
        assert "not kept: the cache folder cannot be written to" in answer
    assert blocked.read_text() == "here is no folder"
    assert not list(site.rglob("*.nb?"))


def mounted(folder, *options):
    """Mount at `folder` or skip; only root may, and root is whom permissions do not stop."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting needs root")
    made = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"mount failed: {made.stderr.strip()}")


@pytest.fixture
def frozen_site(site):
    mounted(site, "--bind", str(site))
    try:
        mounted(site, "-o", "remount,ro,bind")
        yield site
    finally:
        subprocess.run(["umount", str(site)], check=True)


def test_read_only_site_packages(frozen_site, tmp_path):
    with pytest.raises(OSError, match="Read-only"):
        (frozen_site / "new").touch()

    assert run(frozen_site, tmp_path / "cache")[1] == ANSWER
    assert run(frozen_site, tmp_path / "cache") == (0, ANSWER)
    blocked = tmp_path / "file"
    blocked.touch()
    assert run(frozen_site, blocked)[1] == ANSWER


def test_a_full_disk_costs_no_answer(site, tmp_path):
    cache = tmp_path / "tiny"
    cache.mkdir()
    mounted(cache, "-t", "tmpfs", "-o", "size=24k", "tmpfs")
    try:
        assert run(site, cache)[1] == ANSWER
        assert run(site, cache)[1] == ANSWER
        assert {path.suffix for path in entries(cache)} <= {".nbc"}
    finally:
        subprocess.run(["umount", str(cache)], check=True)


def test_a_folder_that_becomes_read_only_while_running(site, tmp_path):
    cache = tmp_path / "tiny"
    cache.mkdir()
    mounted(cache, "-t", "tmpfs", "tmpfs")
    script = SCRIPT.replace(
        "out = ",
        "import fastsal.algorithms.frame_difference._cpu, os, subprocess\n"
        "folder = os.environ['FASTSAL_CACHE_DIR']\n"
        "subprocess.run(['mount', '-o', 'remount,ro', folder], check=True)\nout = ",
    )
    try:
        compiled, answer = run(site, cache, script)
        assert (compiled > 0, answer) == (True, ANSWER)
        assert not entries(cache)
    finally:
        subprocess.run(["umount", str(cache)], check=True)


def test_processes_that_start_at_once_on_an_empty_cache(site, first_run, tmp_path):
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: run(site, cache), range(4)))

    assert {answer for _, answer in outcomes} == {ANSWER}
    assert sum(compiled for compiled, _ in outcomes) == first_run[1]
    assert {path.suffix for path in entries(cache)} == {".nbc"}
    assert run(site, cache) == (0, ANSWER)


def test_the_lock_of_a_process_that_died_is_taken_over(site, tmp_path):
    cache = tmp_path / "cache"
    dying = (
        "from fastsal.kernels import locks\nimport os, signal\n"
        "real = locks.take\n"
        "def take(*place):\n    real(*place)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "locks.take = take\n" + SCRIPT
    )
    with pytest.raises(AssertionError, match="exit status -9"):
        run(site, cache, dying)
    compiled, answer = run(site, cache)
    assert (compiled > 0, answer) == (True, ANSWER)


def test_a_lock_that_is_held_for_ever_is_passed_by(site, tmp_path):
    """A stopped process may hold it, for example."""
    cache = tmp_path / "cache"
    started = tmp_path / "started"
    holding = (
        "from fastsal.kernels import locks\nimport time\nfrom pathlib import Path\n"
        "real = locks.take\n"
        "def take(*place):\n    real(*place)\n"
        f"    Path({str(started)!r}).touch()\n    time.sleep(100)\n"
        "locks.take = take\n" + SCRIPT
    )
    environment = {
        **os.environ, "PYTHONPATH": str(site), "FASTSAL_CACHE_DIR": str(cache),
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", holding], env=environment) as holder:
        try:
            while not started.exists():
                assert holder.poll() is None
                time.sleep(0.05)
            patient = "from fastsal.kernels import locks\nlocks.LIMIT = 0.5\n" + SCRIPT
            compiled, answer = run(site, cache, patient)
            assert (compiled > 0, answer) == (True, ANSWER)
        finally:
            holder.kill()


def with_flipped_bit(data, place):
    """Return the data with one bit wrong."""
    flipped = bytearray(data)
    flipped[place // 8] ^= 1 << place % 8
    return bytes(flipped)


def test_an_entry_under_the_name_of_another_is_compiled_again(site, filled):
    cache = filled
    run(site, cache, SCRIPT.replace(", out=np.empty_like(frame)", ""))
    kept = list(entries(cache).items())
    assert len(kept) > 1
    for (path, _), (_, data) in zip(kept, kept[1:] + kept[:1], strict=True):
        path.write_bytes(data)

    compiled, answer = run(site, cache)

    assert (compiled > 0, answer) == (True, ANSWER)


def test_any_wrong_bit_is_noticed():
    key, content = b"the whole key", pickle.dumps("content")
    entry = cache_of_kernels._digest_of(key, content) + content
    assert cache_of_kernels._content_of(entry, key) == "content"

    for place in range(8 * len(entry)):
        assert cache_of_kernels._content_of(with_flipped_bit(entry, place), key) is None
    for size in range(len(entry)):
        assert cache_of_kernels._content_of(entry[:size], key) is None
    assert cache_of_kernels._content_of(entry, b"another key") is None


def test_damaged_entries_are_compiled_again(site, filled):
    kept = entries(filled)
    damages = (
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"cnowhere\nnothing\n.",
        lambda data: with_flipped_bit(data, random.randrange(8 * len(data))),
    )
    for damage in damages:
        for path, data in kept.items():
            path.write_bytes(damage(data))

        compiled, answer = run(site, filled)

        assert (compiled > 0, answer) == (True, ANSWER)
        assert entries(filled).keys() == kept.keys()
    assert run(site, filled) == (0, ANSWER)


def test_a_folder_that_vanishes_is_not_missed(site, tmp_path):
    vanishing = SCRIPT.replace(
        "out = ",
        "import fastsal.algorithms.frame_difference._cpu, os, shutil\n"
        "shutil.rmtree(os.environ['FASTSAL_CACHE_DIR'])\nout = ",
    )
    for _ in range(2):
        compiled, answer = run(site, tmp_path / "cache", vanishing)
        assert (compiled > 0, answer) == (True, ANSWER)


def test_a_relative_folder_is_where_the_program_started(site, tmp_path):
    """And stays there: entries that were made elsewhere would be lost, or lie about."""
    moving = SCRIPT.replace(
        "out = ",
        "import fastsal.algorithms.frame_difference._cpu, os\n"
        "os.mkdir('elsewhere') if not os.path.exists('elsewhere') else None\n"
        "os.chdir('elsewhere')\nout = ",
    )
    compiled, answer = run(site, "cache", moving)

    assert (compiled > 0, answer) == (True, ANSWER)
    assert entries(site / "cache")
    assert not entries(site / "elsewhere")
    assert run(site, "cache", moving) == (0, ANSWER)


@pytest.fixture
def cache_module(tmp_path, monkeypatch):
    from fastsal.kernels import cache

    monkeypatch.setenv("FASTSAL_CACHE_DIR", str(tmp_path))
    cache._folder_or_reason.cache_clear()
    yield cache
    cache._folder_or_reason.cache_clear()


def test_only_old_folders_of_our_own_are_removed(cache_module, tmp_path):
    entry = "_formulas.luma-9d49a50843.py311.e321fd5a7bee03e7.nbc"
    old, new, mixed = tmp_path / ("0" * 16), tmp_path / ("1" * 16), tmp_path / ("2" * 16)
    users = [tmp_path / name for name in ("thesis", "0123456789abcdef0", "deadbeef")]
    for folder in (old, new, mixed, *users):
        folder.mkdir()
        (folder / entry).touch()
    (old / entry).with_suffix(".123.456").touch()  # left by a process that was killed
    (mixed / "notes.txt").write_text("not ours")
    long_ago = time.time() - 40 * 24 * 3600
    (new / "unused-1.py311.0.nbc").touch()
    os.utime(new / "unused-1.py311.0.nbc", (long_ago, long_ago))
    os.utime(new)
    for folder in (old, mixed, *users):
        os.utime(folder, (long_ago, long_ago))

    made = cache_module.folder()

    assert made == tmp_path / cache_module.digest()
    assert not old.exists()
    assert [path.name for path in new.iterdir()] == [entry]
    assert (mixed / "notes.txt").read_text() == "not ours"
    assert all((folder / entry).exists() for folder in users)


def test_starting_keeps_a_folder_young(cache_module, tmp_path):
    folder = tmp_path / cache_module.digest()
    folder.mkdir()
    os.utime(folder, (1, 1))

    assert cache_module.folder() == folder
    assert time.time() - folder.stat().st_mtime < 100


@pytest.mark.skipif(sys.platform != "linux", reason="about XDG_CACHE_HOME")
def test_without_the_variable_it_is_the_users_cache_folder(site, tmp_path):
    script = "from fastsal.kernels import cache; print(0, cache.folder())"
    _, folder = run(site, "", script, XDG_CACHE_HOME=str(tmp_path / "home"))

    assert Path(folder).parent == tmp_path / "home" / "fastsal"
