"""Hostile clients: none ends the server, makes it print, or keeps others out."""

import os
import signal
import sys
from collections import Counter

import numpy as np
import pytest

pytest.importorskip("websockets", reason="websockets is not installed")
from hostile_requests import attack
from processes import started
from web_clients import joined, reply_to


class Remote:
    """Stands in for a server in another process."""

    def __init__(self, url):
        self.url = url


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process")
def test_hostile_clients():
    rng = np.random.default_rng(int(os.environ.get("FASTSAL_ATTACK_SEED", "14")))
    rounds = int(os.environ.get("FASTSAL_ATTACKS", "60"))
    picture = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    seen = Counter()
    with started([sys.executable, "-m", "fastsal", "webcam", "--web", "0"]) as process:
        server = Remote(process.stdout.readline().split()[1])
        for index in range(rounds):
            kind, outcome = attack(server, rng)
            seen[f"{kind}: {outcome}"] += 1
            assert not outcome.startswith(("5", "close 1011", "client")), (index, kind, outcome)
            if index % 20 == 19:
                with joined(server) as client:
                    client.recv(timeout=30)
                    assert reply_to(client, picture)[1].shape == picture.shape
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "fastsal: interrupted\n"), seen
    print(*sorted(f"{count} {what}" for what, count in seen.items()), sep="\n")
