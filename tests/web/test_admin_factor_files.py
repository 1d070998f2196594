"""Factors from a small file, over HTTP."""

import base64
from typing import Any

import pyotp
import pytest

from tests.web.test_admin_audit import acts, entries
from tests.world import World

PATH = "/v1/admin/factors/import"
SECRETS = [base64.b32encode(bytes([n]) * 20).decode() for n in range(3)]
FILE = f"user,type,secret,counter\nu1,totp,{SECRETS[0]},\nu2,hotp,{SECRETS[1]},41\n"


def send(world: World, text: str, query: str = "", type: str = "text/csv", **more: Any) -> Any:
    """The answer to a file."""
    path = f"{PATH}?application=shop{query}"
    return world.admin.call("POST", path, data=text.encode(), content_type=type, **more)


def types(world: World, user: str) -> list[str]:
    """What a user has."""
    return [each["type"] for each in world.caller("factors").get(f"/v1/users/{user}/factors").get_json()["items"]]


def test_a_file_goes_in_whole_and_once(world: World) -> None:
    """The factors of a table are there at once; the same file again finds them known."""
    told = send(world, FILE).get_json()
    assert told == {"new": 2, "known": 0, "moved_on": 0, "refused": 0, "written": True, "reasons": []}
    assert (types(world, "u1"), types(world, "u2")) == (["totp"], ["hotp"])
    code = pyotp.HOTP(SECRETS[1]).at(41)
    asked = {"user": "u2", "code": code}
    assert world.caller("factors").post("/v1/factors/check", asked).get_json()["valid"]
    assert send(world, FILE).get_json()["known"] == 2


def test_a_dry_run_tells_alone(world: World) -> None:
    """With `dry_run` the answer tells what would become of each row, also of bad ones, and nothing happens."""
    before = len(acts(world))
    told = send(world, f"{FILE}u3,totp,rubbish,\n", "&dry_run=true").get_json()
    assert (told["new"], told["refused"], told["written"]) == (2, 1, False)
    assert told["reasons"][0]["line"] == 4
    assert len(acts(world)) == before
    assert types(world, "u1") == []


def test_bad_lines_are_named_and_keep_all_out(world: World) -> None:
    """Without it a bad row refuses the file, and the answer names each by its line and repeats nothing."""
    answer = send(world, f"{FILE}u3,totp,rubbish!,\nu4,motp,{SECRETS[2]},\n")
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_field")
    assert [each["field"] for each in problem["errors"]] == ["line 4", "line 5"]
    assert "rubbish" not in answer.text
    assert types(world, "u1") == []


def test_weak_secrets_need_a_word(world: World) -> None:
    """A secret of under 128 bits is taken only with `allow_weak`."""
    file = "user,secret\nu1,JBSWY3DPEHPK3PXP\n"
    assert send(world, file).status_code == 422
    assert send(world, file, "&allow_weak=true").get_json()["new"] == 1


@pytest.mark.parametrize(
    ("format", "file"),
    [
        ("otpauth", f"otpauth://totp/Shop:u1?secret={SECRETS[0]}&issuer=Shop\n"),
        (
            "migration",
            "otpauth-migration://offline?data=CisKFAAAAAAAAAAAAAAAAAAAAAAAAAAAEgdTaG9wOnUxGgRTaG9wIAEoATACEAEYASAAKL%2FatgY%3D\n",
        ),
    ],
)
def test_uris_come_as_text(world: World, format: str, file: str) -> None:
    """Key URIs and exports of Google Authenticator are text, a line each."""
    assert send(world, file, f"&format={format}", "text/plain").get_json()["new"] == 1
    assert types(world, "u1") == ["totp"]
    assert send(world, file, f"&format={format}").get_json()["known"] == 1
    assert send(world, file, f"&format={format}", "application/json").status_code == 415


def test_another_column_can_name_the_user(world: World) -> None:
    """`user_column` names the column of the user."""
    assert send(world, f"e-mail,secret\nu1,{SECRETS[0]}\n", "&user_column=E-Mail").get_json()["new"] == 1
    assert types(world, "u1") == ["totp"]


def test_the_audit_tells_how_many_and_not_what(world: World) -> None:
    """The import is one entry of the audit, by the key that did it, with counts."""
    send(world, FILE)
    told = entries(world)[0]
    assert (told["act"], told["after"]) == ("factors.import", {"format": "csv", "factors": 2, "weak": 0})
    assert not [secret for secret in SECRETS if secret in str(told)]


def test_a_repeat_by_its_key_is_answered_alike(world: World) -> None:
    """With an Idempotency-Key the same request hears the first answer; another query is another request."""
    key = {"Idempotency-Key": "import-1"}
    first = send(world, FILE, headers=key).get_json()
    assert send(world, FILE, headers=key).get_json() == first
    assert send(world, FILE, "&dry_run=true", headers=key).get_json()["code"] == "idempotency_mismatch"


def test_who_may_not_hears_so(world: World) -> None:
    """Keys without the scope admin, unknown applications, sealed files and large ones are refused."""
    assert (
        world.api.call("POST", f"{PATH}?application=shop", data=FILE.encode(), content_type="text/csv").status_code
        == 403
    )
    assert (
        world.admin.call("POST", f"{PATH}?application=no", data=FILE.encode(), content_type="text/csv").status_code
        == 404
    )
    assert send(world, FILE, "&format=sealed").status_code == 422
    assert send(world, "user,secret\n" + "a" * 1024 * 1024).status_code == 413
    assert send(world, "user;\n").status_code == 422
