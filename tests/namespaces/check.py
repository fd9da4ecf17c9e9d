"""What the network check promises between two machines: it names the step that fails, from either side.
`tests/namespaces/run check [WORD ...]`"""

import sys
import tempfile
import traceback
from pathlib import Path

from lan import PORT, Lan
from network import sh


def check(holds, what):
    """One thing that has to be so."""
    if not holds:
        raise AssertionError(f"not so: {what}")


def firewall(machine, *rules):
    """From now on these rules decide what comes in there."""
    machine_nft = lambda *words: sh(*machine.inside("nft", *words))
    machine_nft("add", "table", "inet", "filter")
    machine_nft("add", "chain", "inet", "filter", "input", "{ type filter hook input priority 0; }")
    for rule in rules:
        machine_nft("add", "rule", "inet", "filter", "input", *rule.split())


ONE_WAY = ("ct state established,related accept", "iif lo accept", f"tcp dport {PORT} drop")


def steps(machine, *more):
    """What `devices --check` says there: {step: the line}, and its exit code."""
    program = machine.run("devices", "--check", *more)
    code = program.process.wait(40)
    program.when("its end", lambda said: said.get("event") == "check" and said["step"] == ("clock" if more else "multicast"), 5)
    return {said["step"]: said for _, said in program.lines if said.get("event") == "check"}, code


def two(lan, root):
    near, far = lan.add(root, device_name="near"), lan.add(root, device_name="far")
    for machine in near, far:
        machine.receive()
    near.knows(far)
    far.knows(near)
    return near, far


def two_machines_that_reach_each_other_are_fine(lan, root):
    near, far = two(lan, root)
    found, code = steps(near, far.address)
    states = {step: line["state"] for step, line in found.items()}
    check(set(states.values()) == {"fine"} and len(states) == 9, f"every step is fine: {found}")
    check(code == 0, f"exit code {code}")
    print(f"  times: { {step: line['seconds'] for step, line in found.items()} }")


def one_behind_a_one_way_firewall_is_told_which_way_does_not_work(lan, root):
    near, far = two(lan, root)
    firewall(near, *ONE_WAY)
    found, code = steps(near, far.address)
    check(found["greeting"]["state"] == "fine", f"it reaches the other one: {found}")
    back = found["way_back"]
    check(back["state"] == "failed" and "cannot reach port" in back["found"], f"and is not reached: {back}")
    check(back["command"] and str(PORT) in back["command"], f"with the command for it: {back}")
    check(code == 1, f"exit code {code}: reached, and something failed")
    found, code = steps(far, near.address)
    silent = found["connection"]
    check(silent["state"] == "failed" and "firewall there" in silent["found"], f"the other one gets no answer: {silent}")
    check(4 < silent["seconds"] < 8 and found["greeting"]["state"] == "not_tried", f"in time: {found}")
    check(code == 4, f"exit code {code}: not reachable")


def a_name_that_nobody_knows_is_the_step_that_is_named(lan, root):
    near, far = two(lan, root)
    found, code = steps(near, "no-such-host.local")
    check(found["name"]["state"] == "failed" and found["connection"]["state"] == "not_tried", f"{found['name']}")
    check(found["name"]["seconds"] < 12 and code == 4, f"{found['name']['seconds']} s, exit code {code}")


def stopped_multicast_is_the_step_that_is_named(lan, root):
    near, far = two(lan, root)
    firewall(near, "udp dport 5353 drop")
    found, code = steps(near, far.address)
    step = found["multicast"]
    check(step["state"] == "failed" and "eth0" in step["found"], f"multicast is named: {step}")
    check("5353" in (step["command"] or ""), f"with the command for it: {step}")
    check(found["way_back"]["state"] == "fine" and code == 1, f"all else works: {found['way_back']}, exit code {code}")


TESTS = [
    two_machines_that_reach_each_other_are_fine,
    one_behind_a_one_way_firewall_is_told_which_way_does_not_work,
    a_name_that_nobody_knows_is_the_step_that_is_named,
    stopped_multicast_is_the_step_that_is_named,
]


def run_one(test, number, root):
    """Whether it passed."""
    print(f"test {test.__name__.replace('_', ' ')}", flush=True)
    lan = Lan(f"chk{number}")
    try:
        test(lan, root)
        passed = True
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        for machine in lan.machines:
            machine.explain()
        passed = False
    lan.close()
    print(f"  {'ok' if passed else 'FAILED'}", flush=True)
    return passed


def main(words):
    chosen = [test for test in TESTS if not words or any(word in test.__name__ for word in words)]
    with tempfile.TemporaryDirectory(prefix="sealdrop-check-") as folder:
        failed = [test.__name__ for number, test in enumerate(chosen) if not run_one(test, number, Path(folder))]
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed", flush=True)
    sys.exit(1 if failed or not chosen else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
