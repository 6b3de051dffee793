"""`map_images` and `map_videos` with sources on a web server, and protocols without a package."""

import functools
import http.server
import sys
import threading

import pytest
from clusters import outputs

from fastsal import FastsalError, ImageError
from fastsal.distributed import map_images, sources, storage


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def url(photos):
    """Return the address of a server of the photographs."""
    pytest.importorskip("aiohttp")
    handler = functools.partial(_Quiet, directory=str(photos))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_images_of_a_web_server(client, photos, url, tmp_path):
    names = [f"{index:03}.jpg" for index in range(6)]
    arguments = {"client": client, "progress": False}
    map_images([photos / name for name in names], tmp_path / "local", "lc", **arguments)
    given = [f"{url}/{name}" for name in names]
    given[2] += "?size=full"  # a query is no part of the output's name
    report = map_images([*given, f"{url}/gone.jpg"], tmp_path / "maps", "lc", **arguments)
    assert report.done == given
    ((name, message),) = report.failed
    assert name == f"{url}/gone.jpg"
    assert message == f"{name}: no such file"
    assert outputs(tmp_path / "maps") == outputs(tmp_path / "local")
    again = map_images(given, tmp_path / "maps", "lc", **arguments)
    assert again.skipped == given


def test_https_is_found_as_http_is():
    (found,) = sources.find_sources("https://a.org/b/c.jpg?x=1", (".jpg",), "image", ImageError, {})
    assert found.name == "https://a.org/b/c.jpg?x=1"
    assert storage.stem_of(found.name) == "c"
    with pytest.raises(FastsalError, match="`target` must be a folder that can be written to"):
        storage.check_writable("https://a.org/maps")


def test_a_missing_package_is_named(photos, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(FastsalError, match=r"gs://bucket/maps.*gcsfs"):
        map_images(photos, "gs://bucket/maps", "lc", workers=1, progress=False)
