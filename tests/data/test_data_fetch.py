import hashlib
import http.server
import threading
import time

import numpy as np
import pytest

from thyrolearn import data
from thyrolearn.data import fetch as module
from thyrolearn.data.fetch import fetch, get, prepare
from thyrolearn.errors import DataError

CONTENT = np.random.default_rng(0).bytes(600_000)
SHA = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(self.headers.get("Range"))
        start = 0
        if self.headers.get("Range") and self.server.ranges:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        body = self.server.body[start:]
        if self.path == "/gone":
            self.send_error(404)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        sent = body[: self.server.stop_after] if self.server.stop_after else body
        self.wfile.write(sent)
        if self.server.stop_after:
            self.server.stop_after = 0
            self.close_connection = True
            self.connection.close()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.body, httpd.seen, httpd.ranges, httpd.stop_after = CONTENT, [], True, 0
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    httpd.url = f"http://127.0.0.1:{httpd.server_address[1]}/data.bin"
    yield httpd
    httpd.shutdown()
    httpd.server_close()


def test_a_file_is_fetched_once_and_its_checksum_may_be_upper_case(server, tmp_path):  # F12
    path = fetch(server.url, tmp_path / "data.bin", SHA.upper(), progress=False)
    assert path.read_bytes() == CONTENT
    fetch(server.url, tmp_path / "data.bin", SHA, progress=False)
    assert len(server.seen) == 1
    md5 = "md5:" + hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert fetch(server.url, tmp_path / "again.bin", md5, progress=False).read_bytes() == CONTENT


@pytest.mark.parametrize("ranges", [True, False], ids=["server resumes", "server starts again"])
def test_a_broken_download_goes_on(server, tmp_path, ranges):  # F49
    server.ranges, server.stop_after = ranges, 300_000
    with pytest.raises(DataError, match=r"cannot be downloaded.*goes on"):
        fetch(server.url, tmp_path / "data.bin", SHA, progress=False)
    assert not (tmp_path / "data.bin").exists()
    have = (tmp_path / "data.bin.part").stat().st_size
    assert 0 < have <= 300_000
    assert fetch(server.url, tmp_path / "data.bin", SHA, progress=False).read_bytes() == CONTENT
    assert server.seen[-1] == f"bytes={have}-" and not (tmp_path / "data.bin.part").exists()


def test_a_wrong_checksum_leaves_no_file(server, tmp_path):  # F12
    with pytest.raises(DataError, match=r"data\.bin has another checksum"):
        fetch(server.url, tmp_path / "data.bin", "0" * 64, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_no_server_and_no_such_file(server, tmp_path):  # F53
    start = time.monotonic()
    with pytest.raises(DataError, match="cannot be downloaded"):
        fetch("http://127.0.0.1:9/x", tmp_path / "x", SHA, progress=False)
    assert time.monotonic() - start < 10
    with pytest.raises(DataError, match="cannot be downloaded"):
        fetch(server.url.replace("data.bin", "gone"), tmp_path / "x", SHA, progress=False)
    assert not [p for p in tmp_path.iterdir() if p.suffix != ".part"]


def test_get_gives_steps_where_terms_ask_for_a_person(tmp_path):
    for name, known in data.cards().items():
        if known.get.doi is None:
            got = get(name, tmp_path / name)
            assert got.folder is None and all(step in got.steps for step in known.get.steps)
            assert not (tmp_path / name).exists()


def test_get_downloads_unpacks_and_keeps_what_is_there(server, tmp_path, monkeypatch):
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("JPEGImages/1.jpg", "x")
    server.body = buffer.getvalue()
    digest = hashlib.sha256(server.body).hexdigest()
    monkeypatch.setattr(module, "_listed", lambda doi, steps: [("TN5000.zip", server.url, digest)])
    got = get("tn5000", tmp_path / "tn", progress=False)
    assert got.folder == tmp_path / "tn" and (tmp_path / "tn/TN5000/JPEGImages/1.jpg").read_text() == "x"
    get("tn5000", tmp_path / "tn", progress=False)
    assert len(server.seen) == 1


def test_get_without_a_network_tells_the_way_by_hand(tmp_path):  # F53; the suite has no network
    with pytest.raises(DataError, match=r"cannot be reached.*By hand"):
        get("tn5000", tmp_path / "tn", progress=False)


@pytest.fixture
def cohort(make_cohort):
    rng = np.random.default_rng(0)
    cases = []
    for i in range(600):
        shape = (20 + i % 7, 30 + i % 5)
        mask = rng.random(shape) > 0.6
        cases.append(
            data.Case.of(
                rng.integers(0, 255, shape, dtype=np.uint8),
                mask if i % 3 else None,
                id=f"c{i}",
                patient=str(i // 2),
                source="ddti",
                label=(i % 2, None)[i % 5 == 0],
                raw={"region": [1, 2], "words": {"a": "b"}},
                digest=str(i),
            )
        )
    skipped = [data.Skipped("x.xml", "cut off")]
    return data.Cohort(cases, name="ddti", skipped=skipped, card="ddti", unit="case")


def test_a_prepared_cohort_is_the_same_cohort(cohort, tmp_path):
    out = prepare(cohort, tmp_path / "fast")
    again = data.load("ddti", root=out, unlabelled=True)
    assert again.skipped == cohort.skipped and (again.name, again.card, again.unit) == ("ddti", "ddti", "case")
    for a, b in zip(cohort, again, strict=True):
        assert (a.image == b.image).all() and (a.mask is None) == (b.mask is None)
        assert a.mask is None or (a.mask == b.mask).all()
        for name in ("id", "source", "patient", "label", "boxes", "digest", "notes", "spacing_mm", "level"):
            assert getattr(a, name) == getattr(b, name), name
        assert dict(a.raw) == dict(b.raw)
    assert len(data.load("ddti", root=out)) == len(cohort.labelled)
    start = time.process_time()
    data.load("ddti", root=out)
    assert time.process_time() - start < 0.2


def test_a_prepared_cohort_keeps_to_its_name(cohort, tmp_path):
    out = prepare(cohort, tmp_path / "fast")
    with pytest.raises(DataError, match="prepared copy of 'ddti'"):
        data.load("tn3k", root=out)
    with pytest.raises(DataError, match="is there already"):
        prepare(cohort, out)


def test_preparing_leaves_nothing_when_it_fails(cohort, tmp_path, monkeypatch):  # F48, F49
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.store, "finish", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare(cohort, tmp_path / "fast")
    assert list(tmp_path.iterdir()) == []


def test_prepared_ddti_is_ddti(real, tmp_path):
    cohort = data.load("ddti", root=real / "DDTI", unlabelled=True)
    again = data.load("ddti", root=prepare(cohort, tmp_path / "fast"), unlabelled=True)
    assert len(again) == 254 and again.labelled.labels.sum() == 151
    pick = range(0, 254, 25)
    assert all((cohort[i].mask == again[i].mask).all() and (cohort[i].image == again[i].image).all() for i in pick)
    split = data.split(again)
    assert [c.id for c in split.test] == [c.id for c in data.split(cohort).test]
