"""Uploads and messages on a full disk: 503 and nothing kept, and with room again the same request is taken."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from joinery.kit.drop import Manifest
from tests.stories.company import staff
from tests.support.disk import Disk, small_disk
from tests.web.house import CHANGES, FULL, house, problem
from tests.web.test_push import CSV, HOOK, NDJSON, acme_in, lines, news, signed, table


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", 16_000_000) as made:
        yield made


def kept(disk: Disk) -> list[str]:
    return sorted(path.name for path in disk.folder.glob(".joinery/pushed/**/*") if path.is_file())


def test_an_upload_whose_manifest_finds_no_room_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_manifest: Manifest) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Manifest, "to_json", no_room)
    with house(acme_in(tmp_path), begin=False) as acme:
        problem(acme.http.post(FULL, content=table(staff(3)), headers=CSV), 503, "no_room")
        assert kept(Disk(tmp_path)) == []


def test_nothing_is_kept_of_what_finds_no_room_and_the_same_is_taken_afterwards(disk: Disk) -> None:
    with house(acme_in(disk.folder), begin=False) as acme:
        assert acme.http.post(CHANGES, content=lines({"worker_id": "0001"}), headers=NDJSON).status_code == 202
        before, codes = kept(disk), set()
        whole = table(staff(1500))
        for left in (0, 20_000, 60_000, 100_000, len(whole)):
            disk.fill(left)
            for content, headers in ((whole, CSV), (lines(*[dict(one) for one in staff(1500)]), NDJSON)):
                answer = acme.http.post(FULL, content=content, headers=headers)
                codes.add(answer.json()["code"])
                assert answer.status_code == 503 and answer.headers["Retry-After"], answer.text
                assert kept(disk) == before
            if not left:
                assert acme.bare.post(HOOK, **signed(news("0001"))).status_code == 503
            disk.make_room()
        assert codes == {"store_full", "no_room"}
        assert acme.http.post(FULL, content=whole, headers=CSV).status_code == 202
        assert acme.bare.post(HOOK, **signed(news("0001"))).status_code == 202
