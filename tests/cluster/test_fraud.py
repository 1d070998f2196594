"""The brake on a Redis Cluster: judged in the application's slot, taken back where nothing went out."""

from tests.cluster.nodes import Cluster
from tests.service.test_braked import figures
from tests.world import NUMBER, World

PRICED = {"fraud": "enforce", "price_micros": {"CH": 50_000}}
CLIENT = {"ip": "203.0.113.7"}


def owed(nodes: Cluster) -> list[int]:
    """What each scope owes, the least first: a scan has no order."""
    with nodes.client() as client:
        names = [key for key in client.scan_iter("{f:*") if not key.endswith(("quarantined", "repaid"))]
        return sorted(sum(map(int, client.get(name).split()[1:4])) for name in names)


def test_a_start_is_charged_once_and_refused_ones_are_not(world: World, nodes: Cluster) -> None:
    """Every scope owes for what went out; what a limit of the number refuses after the brake is taken back."""
    world.policy(**PRICED, max_sends=1)
    assert world.api.start(client=CLIENT).status_code == 201
    before = owed(nodes)
    assert before == [50_000] * 5 + [100_000]
    assert world.api.start(client=CLIENT).json["code"] == "max_sends"
    assert owed(nodes) == before


def test_it_refuses_with_a_reference(world: World, nodes: Cluster) -> None:
    """A refusal by the brake is kept in the number's cell and changes nothing else."""
    world.policy(**PRICED, thresholds={"number_strong": 0})
    response = world.api.start(client=CLIENT)
    assert (response.status_code, response.json["code"]) == (403, "refused_as_fraud")
    assert response.json["reference"].startswith("rf_")
    assert owed(nodes) == []


def test_ceilings_tell_their_alarms(world: World, nodes: Cluster) -> None:
    """The share of a ceiling that lives in another slot is told as a fact beside the number."""
    world.policy(**PRICED, spend_per_day_micros=90_000, spend_per_country_per_day_micros=None)
    assert world.api.start(NUMBER).status_code == 201
    with nodes.client() as client:
        texts = [fields["d"] for key in client.scan_iter("*:facts") for _, fields in client.xrange(key)]
    assert [text for text in texts if '"spend_100"' in text and world.shop in text]


def test_what_it_would_decide_is_counted(world: World, nodes: Cluster) -> None:
    """In shadow mode the decision of the application's slot comes back with the answer of the number's."""
    before = figures()
    world.policy(**PRICED | {"fraud": "shadow"}, thresholds={"number_strong": 0})
    assert world.api.start(client=CLIENT).status_code == 201
    changed = {each: value - before[each] for each, value in figures().items() if value != before[each]}
    assert changed == {("deny", "shadow"): 1}


def test_a_refused_start_leaves_no_step_of_a_sequence(world: World, nodes: Cluster) -> None:
    """Of a start that a limit refuses after the brake, its block forgets the number and the run too."""
    world.policy(**PRICED, max_sends=1)
    assert world.api.start("+41791230001").status_code == 201
    assert world.api.start("+41791230002").status_code == 201
    before = run_of(nodes)
    assert before == [("3", "2")]  # the last four digits and one more, and how many in a row
    assert world.api.start("+41791230001").json["code"] == "max_sends"
    assert run_of(nodes) == before


def run_of(nodes: Cluster) -> list[tuple[str, str]]:
    """LAST and RUN of each block."""
    with nodes.client() as client:
        words = [client.get(key).split() for key in client.scan_iter("{f:*:b:*")]
    return [(found[6], found[7]) for found in words]
