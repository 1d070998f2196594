"""What is counted of factors."""

from prometheus_client.parser import text_string_to_metric_families

from otp_service.domain.factors.delays import MOST_FAILURES
from otp_service.ledger.schema import factor_users
from tests.factor_world import FactorWorld


def figures(world: FactorWorld) -> dict[tuple[str, ...], float]:
    """Every sample of the exposition, by its name and labels; its counters are the process' own."""
    text = world.app.test_client().get("/metrics").get_data(as_text=True)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_codes_enrolments_and_locks_are_counted(quick: FactorWorld) -> None:
    """Checks are counted by type and result, factors once they count, users once they are disabled; no name is told."""
    before = figures(quick)
    made = quick.confirmed("anabel")
    quick.enrolled("anabel", "recovery_codes")
    right = quick.app_code(made)
    for code in (right, right, quick.wrong(made)):
        quick.verdict(code, "anabel")
    with quick.core.engine.begin() as connection:
        connection.execute(factor_users.update().values(failures=MOST_FAILURES - 1))
    quick.verdict(quick.wrong(made), "anabel")

    after = figures(quick)

    def more(*named: str) -> float:
        return after[named] - before.get(named, 0)

    assert more("otp_factor_checks_total", "valid", "totp") == 2
    assert more("otp_factor_checks_total", "already_used", "totp") == 1
    assert more("otp_factor_checks_total", "wrong_code", "any") == 2
    assert more("otp_factors_enrolled_total", "totp") == more("otp_factors_enrolled_total", "recovery_codes") == 1
    assert more("otp_users_held_total", "disabled") == 1
    assert "anabel" not in str(after)
