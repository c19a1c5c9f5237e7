"""A bare Debian that boots its own systemd, in namespaces of this machine with a network of its own."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.system import find_program

SUITE = "trixie"
# The next run uses it again. DEBIAN_ROOT= is another file.
CACHED_ROOT = Path(os.environ.get("DEBIAN_ROOT", f"/var/cache/spokesperson-debian-{SUITE}.tar"))
PROGRAMS = ("debootstrap", "ip", "nft", "nsenter", "unshare")
NAMESPACES = ("--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup")
BOOT_TIMEOUT, COMMAND_TIMEOUT = 120, 900  # seconds
# How this machine reaches package indexes.
PASSED_ON = ("PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "http_proxy", "https_proxy", "no_proxy", "DEBIAN_MIRROR")
CERTIFICATES = Path("/usr/local/share/ca-certificates")


def missing_program() -> str | None:
    """Return the name of a program that a machine needs and that is not installed."""
    return next((name for name in PROGRAMS if not find_program(name)), None)


def run(*command: str | Path) -> str:
    """Run a command on this machine, as root; return what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def build_root() -> None:
    """Make the root of a fresh Debian, once."""
    if CACHED_ROOT.exists():
        return
    with memory_disk() as folder:
        mirror = [os.environ["DEBIAN_MIRROR"]] if "DEBIAN_MIRROR" in os.environ else []
        run("debootstrap", SUITE, folder / "root", *mirror)
        run("tar", "-C", folder / "root", "--one-file-system", "-cf", folder / "root.tar", ".")
        partial = CACHED_ROOT.with_suffix(".partial")
        shutil.copyfile(folder / "root.tar", partial)
        partial.rename(CACHED_ROOT)


@contextmanager
def memory_disk() -> Iterator[Path]:
    """Yield a folder in memory, because dpkg waits for the disk after each file."""
    folder = Path(tempfile.mkdtemp(prefix="spokesperson-debian-"))
    run("mount", "-t", "tmpfs", "-o", "size=6G,mode=755", "tmpfs", folder)
    try:
        yield folder
    finally:
        run("umount", "--lazy", folder)
        folder.rmdir()


class Machine:
    """A running machine; its commands run as root.

    Attributes:
        root: its files.
        address: its address, seen from this machine.
        gateway: this machine's address, seen from it.
    """

    def __init__(self, root: Path, name: str, number: int) -> None:
        self.root, self.name = root, name
        self.gateway, self.address = f"10.213.{number}.1", f"10.213.{number}.2"
        self.process: subprocess.Popen[bytes] | None = None
        self.init = 0

    def prepare(self, hosts: tuple[str, ...]) -> None:
        """Write the files that an installer of Debian would have written."""
        resolved = Path("/run/systemd/resolve/resolv.conf")
        shutil.copyfile(resolved if resolved.exists() else "/etc/resolv.conf", self.root / "etc/resolv.conf")
        (self.root / "etc/hostname").write_text("debian\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost debian {' '.join(hosts)}\n")
        (self.root / "etc/apt/apt.conf.d/90yes").write_text('APT::Get::Assume-Yes "true";\n')
        if CERTIFICATES.is_dir():
            shutil.copytree(CERTIFICATES, self.root / "usr/local/share/ca-certificates", dirs_exist_ok=True)

    def boot(self) -> None:
        """Start systemd, and wait until it has started everything."""
        cgroup = self._cgroup()
        cgroup.mkdir()
        script = Path(__file__).with_name("boot.sh")
        enter = (
            f"echo $$ >{cgroup}/cgroup.procs && exec nsenter --net=/run/netns/{self.name} unshare --mount --pid --uts"
        )
        enter += f" --ipc --cgroup --fork --kill-child sh {script} {self.root}"
        with (self.root.parent / "console.log").open("wb") as console:
            self.process = subprocess.Popen(  # noqa: S603
                ["sh", "-c", enter],  # noqa: S607
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        deadline = time.monotonic() + BOOT_TIMEOUT
        while not self._is_booted():
            assert self.process.poll() is None, (self.root.parent / "console.log").read_text(errors="replace")
            assert time.monotonic() < deadline, (self.root.parent / "console.log").read_text(errors="replace")
            time.sleep(0.2)
        self.attempt("systemctl is-system-running --wait")

    def _is_booted(self) -> bool:
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text() != "systemd\n":
            return False
        self.init = int(children[0])
        return self.attempt("test -S /run/systemd/private").returncode == 0

    def _cgroup(self) -> Path:
        return Path(
            run("findmnt", "--noheadings", "--first-only", "--output", "TARGET", "-t", "cgroup2").strip(), self.name
        )

    def connect(self) -> None:
        """Connect the machine with this one, and through it with the package indexes."""
        run("ip", "netns", "add", self.name)
        inside = ("ip", "-n", self.name)
        outer, inner = f"{self.name[-12:]}-o", f"{self.name[-12:]}-i"
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
        run("ip", "address", "add", f"{self.gateway}/30", "dev", outer)
        run("ip", "link", "set", outer, "up")
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "address", "add", f"{self.address}/30", "dev", inner)
        run(*inside, "link", "set", inner, "up")
        run(*inside, "route", "add", "default", "via", self.gateway)
        chain = "type nat hook postrouting priority srcnat"
        rule = f'ip saddr {self.address} oifname != "{outer}" masquerade'
        run("nft", f"table ip {self.name} {{\nchain nat {{\n{chain}\n{rule}\n}}\n}}")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

    def command(self, line: str) -> list[str]:
        """Return the command that runs a line of shell in the machine."""
        variables = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        variables |= {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        settings = [f"{name}={value}" for name, value in variables.items()]
        target = ["nsenter", "--target", str(self.init), *NAMESPACES, "--root", "--wd"]
        return [*target, "env", "-i", "-C", "/", *settings, "bash", "-c", line]

    def attempt(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell; return its exit code and what it printed."""
        return subprocess.run(  # noqa: S603 - in the machine
            self.command(line),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
        )

    def run(self, line: str) -> str:
        """Run a line that must succeed; return what it printed."""
        done = self.attempt(line)
        assert done.returncode == 0, f"{line}: exit code {done.returncode}\n{done.stdout}"
        return done.stdout

    def answer(self, line: str, answers: Mapping[str, str]) -> str:
        """Run a line on a terminal, and answer its questions.

        Args:
            answers: the beginning of each question, and what is typed.
        """
        terminal, inner = pty.openpty()
        process = subprocess.Popen(  # noqa: S603 - in the machine
            ["setsid", "--ctty", "--wait", *self.command(line)],  # noqa: S607
            stdin=inner,
            stdout=inner,
            stderr=inner,
        )
        os.close(inner)
        printed = asked = ""
        deadline = time.monotonic() + COMMAND_TIMEOUT
        while True:
            try:
                text = os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # The command has ended.
                break
            printed, asked = printed + text, (asked + text).rpartition("\n")[2]
            for question, typed in answers.items():
                if asked.startswith(question) and asked.endswith(": "):
                    os.write(terminal, f"{typed}\n".encode())
                    asked = ""
            assert time.monotonic() < deadline, printed
        os.close(terminal)
        assert process.wait() == 0, f"{line}:\n{printed}"
        return printed

    def destroy(self) -> None:
        """End every process of the machine, and remove what it had on this one."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        subprocess.run(["nft", "delete", "table", "ip", self.name], check=False)  # noqa: S603, S607
        subprocess.run(["ip", "netns", "delete", self.name], check=False)  # noqa: S603, S607
        cgroup = self._cgroup()
        for _attempt in range(50 if cgroup.exists() else 0):
            try:
                for folder in sorted(cgroup.rglob("*/"), reverse=True):
                    folder.rmdir()
                cgroup.rmdir()
                return
            except OSError:  # Its processes are ending.
                time.sleep(0.2)


@contextmanager
def machine(hosts: tuple[str, ...]) -> Iterator[Machine]:
    """Yield a freshly installed Debian.

    Args:
        hosts: names that lead to the machine itself.
    """
    build_root()
    number = os.getpid() % 250 + 1
    forwarding = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    with memory_disk() as folder:
        root = folder / "root"
        root.mkdir()
        one = Machine(root, f"debian{number}", number)
        try:
            run("tar", "-C", root, "-xpf", CACHED_ROOT)
            one.prepare(hosts)
            one.connect()
            one.boot()
            yield one
        finally:
            one.destroy()
            Path("/proc/sys/net/ipv4/ip_forward").write_text(forwarding)
