import pytest
import torch
from network_files import Recorded, prefixed, write_stavis


@pytest.fixture(scope="session")
def recorded(shared):
    return Recorded(shared)


@pytest.fixture(scope="session")
def tased_file(recorded, tmp_path_factory):
    path = tmp_path_factory.mktemp("tased") / "TASED_updated.pt"
    torch.save(prefixed(recorded.weights("tased")), path)
    return path


@pytest.fixture(scope="session")
def stavis_file(recorded, tmp_path_factory):
    path = tmp_path_factory.mktemp("stavis") / "stavis_audiovisual.pth"
    write_stavis(path, recorded.weights("stavis"))
    return path
