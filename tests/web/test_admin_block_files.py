"""Blocks and allows as files."""

import csv
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import event

from otp_service.ledger import blocks
from otp_service.ledger.engine import reading
from otp_service.service.admin import block_files
from otp_service.service.admin.named import kept
from otp_service.service.admin.opening import changing
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import NUMBER, OTHER_NUMBER, World

PATHS = ["/v1/admin/blocks", "/v1/admin/allows"]
each_list = pytest.mark.parametrize("path", PATHS)
FILE = f"""kind,value,reason,application,expires_at
number,{NUMBER},asked us to stop,shop,
prefix,+88213,"revenue share, all of it",,2099-01-01T00:00:00Z
country,KP,we have nobody there,,
ip,203.0.113.7,scripted,,
network,203.0.113.0/24,scripted,,
user,u1,stolen account,shop,
"""


def send(world: World, text: str, path: str = PATHS[0], **more: Any) -> Any:
    """The answer to a file."""
    return world.admin.call("POST", f"{path}/import", data=text.encode(), content_type="text/csv", **more)


def written(world: World, query: str = "", path: str = PATHS[0]) -> list[dict[str, str]]:
    """The rows of a list as its file has them."""
    answer = world.admin.get(f"{path}/export.csv?{query}")
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(answer.text.splitlines()))


@each_list
def test_a_file_goes_in_whole(world: World, path: str) -> None:
    """Every row of a file is in force at once, and the import is one entry of the audit."""
    before = len(acts(world))
    assert send(world, FILE, path).get_json() == {"added": 6, "changed": 0, "unchanged": 0}
    assert len(world.admin.get(path).get_json()["items"]) == 6
    assert len(acts(world)) == before + 1
    assert entries(world)[0]["after"] == {"added": 6, "changed": 0, "unchanged": 0}


def test_a_row_of_a_file_refuses_starts(world: World) -> None:
    """A number that a file blocks gets no codes."""
    send(world, FILE)
    assert world.api.start().get_json()["code"] == "destination_blocked"
    assert world.api.start(OTHER_NUMBER).status_code == 201


def test_the_same_file_again_changes_nothing(world: World) -> None:
    """A file that is sent twice adds no row, no audit entry and no version of the truths."""
    send(world, FILE)
    before = acts(world)
    assert send(world, FILE).get_json() == {"added": 0, "changed": 0, "unchanged": 6}
    assert acts(world) == before


def test_a_known_row_takes_the_reason_and_end_of_the_file(world: World) -> None:
    """A row that names what is blocked already says why and until when anew."""
    send(world, FILE)
    again = "kind,value,reason\ncountry,KP,asked by legal\nprefix,+88213,for good\n"
    assert send(world, again).get_json() == {"added": 0, "changed": 2, "unchanged": 0}
    told = {row["value"]: (row["reason"], row["expires_at"]) for row in written(world)}
    assert (told["KP"], told["'+88213"]) == (("asked by legal", ""), ("for good", ""))


def test_a_list_that_changed_meanwhile_is_looked_at_again(world: World) -> None:
    """What somebody else has put in while a file waited for its turn is known to it, and is not put in twice."""
    core, file = world.core, f"kind,value,reason\nnumber,{NUMBER},asked us to stop\n"
    looked = threading.Event()
    meant = kept(core, "number", NUMBER, None)
    with ThreadPoolExecutor(1) as aside:
        with changing(core, "tests") as first:
            event.listen(core.engine, "checkin", lambda *_: looked.set())
            late = aside.submit(block_files.import_csv, core, "tests", file)
            assert looked.wait(30)
            blocks.add(first, "number", meant.value, "by hand", to_sealed=meant.to_sealed)
        assert asdict(late.result(30)) == {"added": 0, "changed": 1, "unchanged": 0}
    assert [each["reason"] for each in written(world)] == ["asked us to stop"]


def test_every_bad_line_is_told_by_its_number(world: World) -> None:
    """A file with bad lines changes nothing; each is told by its number, and none of its values is repeated."""
    bad = """kind,value,reason,application,expires_at
prefix,+4179,fine,,
planet,mars,why,,
number,SECRET,why,,
country,CH,,,
country,DE,why,nowhere,
country,FR,why,,yesterday
prefix,4179,the same,,
user,u1,why,,
ip,1.2.3.4,why,,,,
"""
    answer = send(world, bad)
    assert fields(answer) == [
        "line 3: kind",
        "line 4: value",
        "line 5: reason",
        "line 6: application",
        "line 7: expires_at",
        "line 8: value",
        "line 9: application",
        "line 10: line",
    ]
    assert not any(word in answer.text for word in ("SECRET", "mars", "nowhere", "yesterday"))
    assert world.admin.get(PATHS[0]).get_json()["items"] == []


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "line 1"),
        ("what\nis this\n", "line 1"),
        ("kind,value,reason,kind\n", "line 1"),
        ('kind,value,reason\ncountry,CH,"why\n', "line 2"),
    ],
)
def test_what_is_no_such_file_is_refused(world: World, text: str, field: str) -> None:
    """A file without its columns, or with a quote that does not end, is refused with the line."""
    assert fields(send(world, text)) == [field]


def test_a_file_of_bytes_is_refused(world: World) -> None:
    """What is no text in UTF-8 is refused, as is what is not said to be CSV."""
    answer = world.admin.call("POST", f"{PATHS[0]}/import", data=b"\xff\xfe", content_type="text/csv")
    assert fields(answer) == ["file"]
    assert world.admin.post(f"{PATHS[0]}/import", {"kind": "country"}).status_code == 415


def test_a_file_may_be_large_but_not_too_large(world: World) -> None:
    """A file of more than 8 MiB is refused before it is read."""
    assert send(world, "x" * (block_files.MOST_BYTES + 1)).status_code == 413
    many = "".join(f"prefix,+4179{number:06},range\n" for number in range(2000))
    assert send(world, f"kind,value,reason\n{many}").get_json()["added"] == 2000


def test_a_file_from_a_spreadsheet_goes_in(world: World) -> None:
    """A byte order mark, blank lines and Windows' ends of lines are no obstacle."""
    text = "\ufeffKind,Value,Reason\r\n\r\ncountry,KP,nobody there\r\n"
    assert send(world, text).get_json()["added"] == 1


@each_list
def test_what_goes_out_masks_numbers(world: World, path: str) -> None:
    """A file has every row in force, newest first, with its numbers masked."""
    send(world, FILE, path)
    rows = written(world, path=path)
    assert {row["value"] for row in rows} == {
        "'+4179•••4567",
        "'+88213",
        "KP",
        "203.0.113.7",
        "203.0.113.0/24",
        "u1",
    }
    assert {row["application"] for row in rows} == {"", world.shop}


def test_numbers_in_full_want_a_reason_and_are_audited(world: World) -> None:
    """Whoever looks at the numbers in full says why, and the audit has it."""
    send(world, FILE)
    assert fields(world.admin.get(f"{PATHS[0]}/export.csv?numbers=full")) == ["reason"]
    before = len(acts(world))
    rows = written(world, "numbers=full&reason=moving&kind=number")
    assert [row["value"] for row in rows] == [f"'{NUMBER}"]
    assert len(acts(world)) == before + 1
    assert (entries(world)[0]["act"], entries(world)[0]["after"]["reason"]) == ("block.look", "moving")


def test_what_goes_out_goes_in_again(world: World) -> None:
    """A file with numbers in full is taken in by another list as it went out, and changes nothing in its own."""
    send(world, FILE + "ip,2001:db8::1,scripted,,\nuser,+41 79 123 45 67,stolen,shop,\n")
    text = world.admin.get(f"{PATHS[0]}/export.csv?numbers=full&reason=moving").text
    assert send(world, text, PATHS[1]).get_json() == {"added": 8, "changed": 0, "unchanged": 0}
    assert send(world, text).get_json() == {"added": 0, "changed": 0, "unchanged": 8}


@pytest.mark.parametrize("row", ["number,+4179•••4567", "user,41•••67", "user,an•••@example.com"])
def test_a_masked_row_goes_in_nowhere(world: World, row: str) -> None:
    """What went out masked is refused by its line: as a user's name it would be somebody else's."""
    answer = send(world, f"kind,value,reason,application\n{row},stolen,shop\n")
    assert (answer.status_code, fields(answer)) == (422, ["line 2: value"])
    assert "is masked" in answer.get_json()["errors"][0]["detail"]


def test_users_that_are_called_by_a_number_are_masked(world: World) -> None:
    """Where an application calls its users by their numbers, a list and a file mask them as it masks numbers."""
    send(world, f"kind,value,reason,application\nuser,{NUMBER},stolen,shop\n")
    assert [row["value"] for row in written(world)] == ["41•••67"]
    assert [row["value"] for row in world.admin.get(PATHS[0]).get_json()["items"]] == ["41•••67"]
    assert [row["value"] for row in written(world, "numbers=full&reason=moving")] == [f"'{NUMBER}"]


@pytest.mark.parametrize("reason", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_cell_is_a_formula(world: World, reason: str) -> None:
    """What a spreadsheet would compute goes out as text."""
    world.admin.post(PATHS[0], {"kind": "country", "value": "KP", "reason": reason})
    assert [row["reason"] for row in written(world)] == [f"'{reason}"]


def test_a_long_list_goes_out_whole(world: World) -> None:
    """A list of many pages goes out with every row once."""
    many = "".join(f"prefix,+4179{number:04},range\n" for number in range(2100))
    send(world, f"kind,value,reason\n{many}")
    rows = written(world)
    assert len({row["value"] for row in rows}) == len(rows) == 2100


def test_a_repeat_with_the_same_key_hears_the_first_answer(world: World) -> None:
    """An import that is repeated with its Idempotency-Key answers what it answered; another file is refused."""
    first, second = (send(world, FILE, headers={"Idempotency-Key": "k1"}).get_json() for _ in range(2))
    assert first == second == {"added": 6, "changed": 0, "unchanged": 0}
    assert send(world, FILE + "country,CU,why,,\n", headers={"Idempotency-Key": "k1"}).status_code == 422


def test_imported_numbers_are_sealed(world: World) -> None:
    """A number that a file brings is kept as an index and sealed."""
    send(world, FILE)
    with reading(world.core.engine) as connection:
        assert NUMBER[1:] not in str(blocks.listed(connection))
