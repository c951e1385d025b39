"""The folder of files: whole or not there, and never outside of it."""

from __future__ import annotations

import pytest

from integrations.files import FileMissing, FolderFiles, KeyNotUsable


@pytest.fixture
def files(tmp_path):
    return FolderFiles(tmp_path / "files")


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


def test_keys_are_listed_by_folder_without_what_is_unfinished(files, tmp_path):
    for key in ("avatars/a.png", "avatars/b.png", "exports/c.csv"):
        files.put(key, b"x")
    (tmp_path / "files" / "avatars" / "d.png.00.part").write_bytes(b"x")
    assert list(files.keys("avatars")) == ["avatars/a.png", "avatars/b.png"]
    assert list(files.keys("nothing")) == []


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


def test_what_fails_while_it_is_written_leaves_nothing(files, tmp_path, monkeypatch):
    monkeypatch.setattr("integrations.files.os.fsync", lambda _number: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        files.put("avatars/a.png", b"x")
    assert list((tmp_path / "files").rglob("*.p*")) == []
