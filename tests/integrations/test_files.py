"""The stores of files, a folder and a bucket of S3: whole or not there, and never outside of it."""

from __future__ import annotations

import io

import pytest

from integrations.files import FileMissing, FolderFiles, KeyNotUsable
from tests.support.bucket import bucket_of


@pytest.fixture
def folder(tmp_path):
    return FolderFiles(tmp_path / "files")


@pytest.fixture(params=["folder", "bucket"])
def files(request, folder):
    return folder if request.param == "folder" else request.getfixturevalue("bucket")


@pytest.fixture(scope="module")
def s3():
    with bucket_of("foyer-tests") as made:
        yield made


@pytest.fixture
def bucket(s3, request):
    return s3.files(prefix=str(abs(hash(request.node.nodeid))))


def test_what_was_put_can_be_opened_and_deleted(files):
    files.put("avatars/a1.png", b"content")
    with files.open("avatars/a1.png") as content:
        assert content.read() == b"content"
    assert files.exists("avatars/a1.png")
    files.delete("avatars/a1.png")
    files.delete("avatars/a1.png")
    assert not files.exists("avatars/a1.png")
    with pytest.raises(FileMissing):
        files.open("avatars/a1.png")


def test_putting_again_replaces(files):
    files.put("a", b"old")
    files.put("a", b"new")
    with files.open("a") as content:
        assert content.read() == b"new"


def test_keys_are_listed_by_folder(files):
    for key in ("avatars/a.png", "avatars/b.png", "exports/c.csv"):
        files.put(key, b"x")
    assert list(files.keys("avatars")) == ["avatars/a.png", "avatars/b.png"]
    assert list(files.keys("nothing")) == []
    assert len(list(files.keys(""))) == 3


def test_what_is_unfinished_is_not_listed(folder, tmp_path):
    folder.put("avatars/a.png", b"x")
    (tmp_path / "files" / "avatars" / "d.png.00.part").write_bytes(b"x")
    assert list(folder.keys("avatars")) == ["avatars/a.png"]


def test_more_than_the_list_of_one_request_is_listed(bucket):
    for number in range(1_010):
        bucket.put(f"many/{number:04d}", b"")
    assert len(list(bucket.keys("many"))) == 1_010


def test_what_is_put_in_pieces_is_read_in_pieces_from_any_place(files):
    whole = bytes(range(256)) * 50_000  # 12.8 MB: more than one part of an upload
    files.put_chunks("releases/large", (whole[at : at + 1_000_000] for at in range(0, len(whole), 1_000_000)))
    with files.open("releases/large") as content:
        assert content.read(10) == whole[:10]
        assert content.seek(5_000_001) == 5_000_001
        assert content.read(100) == whole[5_000_001:5_000_101]
        assert content.tell() == 5_000_101
        assert content.seek(0, io.SEEK_END) == len(whole)
        assert content.read() == b""
        content.seek(0)
        assert content.read() == whole


def test_an_empty_content_is_a_content(files):
    files.put("empty", b"")
    with files.open("empty") as content:
        assert content.read() == b""
    assert files.exists("empty")


def test_pieces_that_break_off_leave_nothing(files):
    def broken():
        yield b"x" * 6_000_000
        raise RuntimeError("the connection is lost")

    with pytest.raises(Exception, match="the connection is lost"):
        files.put_chunks("releases/broken", broken())
    assert not files.exists("releases/broken")


@pytest.mark.parametrize(
    "key",
    ["", "../secret", "a/../../secret", "/etc/passwd", "a//b", "a/./b", "A", "a\0b", "a\\b", "..", ".hidden", "a" * 201,
     "avatars/../../x.png", "a.png/b", "ａ"],
)  # fmt: skip
def test_a_key_that_could_lead_elsewhere_is_refused_by_every_method(files, key):
    for method in (lambda: files.put(key, b"x"), lambda: files.open(key), lambda: files.exists(key),
                   lambda: files.delete(key)):  # fmt: skip
        with pytest.raises(KeyNotUsable):
            method()


def test_what_fails_while_it_is_written_leaves_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("integrations.files.os.fsync", lambda _number: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        folder.put("avatars/a.png", b"x")
    assert list((tmp_path / "files").rglob("*.p*")) == []
