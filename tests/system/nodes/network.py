"""Machines of a test: network namespaces on one bridge, each of which can lose its network (needs root)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


class Machine:
    """A network namespace with an address on the bridge.

    Args:
        name: of the namespace.
        address: in the network of the bridge.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address
        self._port = f"p{name}"

    def command(self, *words: str) -> list[str]:
        """Return a command that runs another one on this machine."""
        return ["ip", "netns", "exec", self.name, *words]

    def cut_off(self) -> None:
        """Lose the network: packets get no answer, as after a power failure."""
        _ip("link", "set", self._port, "down")

    def rejoin(self) -> None:
        _ip("link", "set", self._port, "up")

    def create(self, bridge: str) -> None:
        _ip("netns", "add", self.name)
        _ip("link", "add", self._port, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._port, "master", bridge, "up")
        for device in (("address", "add", f"{self.address}/24", "dev", "eth0"), ("link", "set", "eth0", "up")):
            _ip("-netns", self.name, *device)
        _ip("-netns", self.name, "link", "set", "lo", "up")


@contextmanager
def machines(*names: str) -> Iterator[dict[str, Machine]]:
    """Create machines that reach each other and are reached from here; by name."""
    number = os.getpid() % 10_000
    bridge, network = f"br{number}", f"10.91.{number % 250}"
    made = {name: Machine(f"{name}{number}", f"{network}.{host}") for host, name in enumerate(names, 2)}
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("address", "add", f"{network}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for machine in made.values():
            machine.create(bridge)
        yield made
    finally:
        for machine in made.values():
            _ip("netns", "delete", machine.name, check=False)
        _ip("link", "delete", bridge, check=False)


def _ip(*words: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert not check or done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
