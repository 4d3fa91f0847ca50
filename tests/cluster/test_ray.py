"""A lake analysed on a Ray cluster: real nodes, two of them, on this machine's loopback."""

import json

import pytest
from tests.cli.command import walkback
from tests.lakes import case_file, lake_of
from tests.worlds import CASE, add, post

LOOPBACK = "127.0.0.2"  # Ray takes 127.0.0.1 for this machine's address on the network


@pytest.fixture
def cluster():
    """A head that works on nothing, and two workers of a core each."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415  # seconds, for one test

    node = {"node_ip_address": LOOPBACK, "object_store_memory": 100 * 2**20}
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **node})
    try:
        for _ in range(2):
            made.add_node(num_cpus=1, **node)
        yield made
    finally:
        made.shutdown()


def test_a_cluster_gives_the_same_figures(tmp_path, cluster):
    """As the engine on this machine; stdout has the document and nothing of Ray's."""
    case = case_file(tmp_path, CASE)
    words = ("awful", "great", "odd")
    add(case, [post(id=f"{number}", text=f"zoom is {words[number % 3]} {number}") for number in range(90)])
    lake_of(case, tmp_path / "lake")
    asked = ("analyze", "lake", "--engine", "daft", "--json")

    here = walkback(*asked, folder=tmp_path)
    there = walkback(*asked, "--ray", cluster.address, folder=tmp_path)

    assert (here.returncode, there.returncode) == (0, 0), here.stderr + there.stderr
    known, found = json.loads(here.stdout), json.loads(there.stdout)
    assert {name for name in known if known[name] != found[name]} <= {"generated_at", "origins"}
    assert found["totals"]["posts"] == 90


def test_a_cluster_that_is_not_there_is_told_at_once(tmp_path):
    """Without Ray's minutes of trying, or its traceback."""
    case = case_file(tmp_path, CASE)
    add(case, [post()])
    lake_of(case, tmp_path / "lake")

    done = walkback("analyze", "lake", "--engine", "daft", "--ray", f"{LOOPBACK}:9", folder=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith(f"--ray {LOOPBACK}:9: ")
    assert "Is there a cluster at that address" in done.stderr
    assert len(done.stderr.splitlines()) == 1
