"""Where a program keeps its files: below its folder, or in the bucket that its settings name."""

from __future__ import annotations

import pytest

from config import load_settings
from services.stored_files import stored_files
from tests.support.bucket import bucket_of
from views.identity import bind_services


@pytest.fixture
def bound_before():
    before = stored_files._store
    yield
    stored_files.bind(before)


def settings_of(tmp_path, **more):
    return load_settings({"FOYER_ENV": "test", "DATA_DIR": str(tmp_path), "BASE_URL": "http://localhost", **more})


def test_without_a_bucket_files_lie_below_the_data_directory(tmp_path, bound_before):
    bind_services(settings_of(tmp_path))
    stored_files.store.put("avatars/a.png", b"picture")
    assert (tmp_path / "files" / "avatars" / "a.png").read_bytes() == b"picture"


def test_with_a_bucket_files_lie_in_it_and_not_on_this_machine(tmp_path, bound_before):
    with bucket_of("portal") as bucket:
        bind_services(
            settings_of(
                tmp_path,
                S3_BUCKET="portal",
                S3_ACCESS_KEY_ID="id",
                S3_SECRET_ACCESS_KEY="secret",
                S3_ENDPOINT=bucket.endpoint,
                S3_PREFIX="foyer/one",
            )
        )
        stored_files.store.put("avatars/a.png", b"picture")
        with stored_files.store.open("avatars/a.png") as content:
            assert content.read() == b"picture"
        assert list(bucket.files().keys("foyer")) == ["foyer/one/avatars/a.png"]
    assert not (tmp_path / "files").exists()
