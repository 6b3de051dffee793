"""Workers, schedulers and clients that end in the middle: nothing lost, nothing partial."""

import os
import signal
import sys

import cv2
import numpy as np
import pytest
from clusters import BROKEN, SLOW, make_photos, outputs, wait_until
from processes import started

from fastsal import FastsalError
from fastsal.distributed import map_images


@pytest.fixture
def photos(tmp_path):
    return make_photos(tmp_path / "photos", 120)


@pytest.fixture
def undisturbed(client, photos, tmp_path):
    """Return the outputs of a run that nothing disturbs."""
    map_images(photos, tmp_path / "undisturbed", "lc", client=client, progress=False)
    return outputs(tmp_path / "undisturbed")


def written(folder):
    return len(list(folder.glob("*.png"))) if folder.exists() else 0


def when(condition, action):
    """Run an action in a thread once a condition holds; return the thread."""
    import threading

    def act():
        wait_until(condition)
        action()

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_a_worker_that_is_killed_loses_nothing(photos, undisturbed, tmp_path, processes):
    target = tmp_path / "maps"
    address = processes.start_scheduler()
    victim = processes.start_worker(SLOW, "--no-nanny")
    processes.start_worker(SLOW, "--no-nanny")
    processes.wait_for_workers(2)
    killer = when(lambda: written(target) > 20, victim.kill)
    report = map_images(photos, target, "lc", client=address, progress=False)
    killer.join()

    assert victim.wait() == -signal.SIGKILL
    assert len(report.done) == 120
    assert report.failed == []
    assert outputs(target) == undisturbed


def test_an_image_that_fills_the_memory_fails_alone(photos, undisturbed, tmp_path, processes):
    """Its worker is ended several times by its nanny; every other image has its map."""
    cv2.imwrite(str(photos / "060-huge.png"), np.zeros((16_000, 12_000), np.uint8))
    target = tmp_path / "maps"
    address = processes.start_scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    limit = ("--memory-limit", "700MB")
    processes.start_worker(SLOW, *limit)
    processes.start_worker(SLOW, *limit)
    processes.wait_for_workers(2)
    report = map_images(photos, target, "boolean-map", client=address, progress=False)

    assert len(report.done) == 120
    ((name, message),) = report.failed
    assert name.name == "060-huge.png"
    assert "memory" in message
    assert outputs(target).keys() == undisturbed.keys()


def test_a_failure_is_tried_again_on_another_worker(photos, undisturbed, tmp_path, processes):
    address = processes.start_scheduler()
    processes.start_worker(BROKEN)
    processes.start_worker(SLOW)
    processes.wait_for_workers(2)
    report = map_images(photos, tmp_path / "maps", "lc", client=address, progress=False)

    assert report.failed == []
    assert len(report.workers) == 1
    assert outputs(tmp_path / "maps") == undisturbed


def test_a_failure_on_every_worker_is_one_line(photos, tmp_path, processes):
    address = processes.start_scheduler()
    processes.start_worker(BROKEN)
    processes.wait_for_workers(1)
    report = map_images(photos / "001.jpg", tmp_path / "maps", "lc", client=address, progress=False)
    assert [message for _, message in report.failed] == [
        f"{photos / '001.jpg'}: this worker cannot read"
    ]


def test_a_scheduler_that_disappears(photos, undisturbed, tmp_path, processes):
    target = tmp_path / "maps"
    address = processes.start_scheduler()
    processes.start_worker(SLOW, "--no-nanny", "--death-timeout", "5")
    processes.wait_for_workers(1)
    killer = when(lambda: written(target) > 20, processes.scheduler.kill)
    with pytest.raises(FastsalError, match=r"scheduler is lost; \d+ of 120 files are finished"):
        map_images(photos, target, "lc", client=address, progress=False, log=tmp_path / "log.json")
    killer.join()
    assert '"done": ' in (tmp_path / "log.json").read_text()

    address = processes.start_scheduler()
    processes.start_worker()
    processes.wait_for_workers(1)
    report = map_images(photos, target, "lc", client=address, progress=False)
    assert report.failed == []
    assert len(report.skipped) > 0
    assert len(report.done) + len(report.skipped) == 120
    assert outputs(target) == undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_client_continues_later(number, photos, undisturbed, tmp_path):
    target = tmp_path / "maps"
    command = [
        sys.executable, "-m", "fastsal", "image", str(photos), "-m", "lc", "--view", "map",
        "-o", str(target), "--cluster", "local:2",
    ]  # fmt: skip
    with started(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as program:
        wait_until(lambda: written(target) > 10)
        if number == signal.SIGINT:
            os.killpg(program.pid, number)  # as a terminal does, to the workers too
        else:
            program.send_signal(number)
        _, errors = program.communicate(timeout=60)
    if program.returncode == 0:
        pytest.fail("the run ended before the signal")
    assert program.returncode == 128 + number
    assert len(errors.splitlines()) == 1, errors
    assert errors.startswith("fastsal: interrupted" if number == signal.SIGINT else "fastsal: term")

    before = written(target)
    with started([*command, "--json", str(tmp_path / "log.json")]) as program:
        out, errors = program.communicate(timeout=100)
    assert program.returncode == 0, errors
    assert "finished already" in out
    found = {name.replace("-lc", ""): data for name, data in outputs(target).items()}
    assert found == undisturbed
    assert before < 120
