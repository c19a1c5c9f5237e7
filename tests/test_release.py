"""`make release`: it refuses what is not ready, and signs what is (.ci/release)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# In place of every check: only builds a wheel, which holds nothing but a bill of materials.
FAST_RUN = """#!/bin/sh
mkdir dist && python3 -c 'import zipfile; zipfile.ZipFile("dist/spokesperson-1.2.3-py3-none-any.whl", "w").writestr(
    "spokesperson-1.2.3.dist-info/sboms/spokesperson.cdx.json", "{}")'
"""


class Repository:
    """A repository that is ready to be released as 1.2.3, signed with an SSH key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.env = {**os.environ, "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"), "GIT_CONFIG_SYSTEM": "/dev/null"}
        self.write("spokesperson/__init__.py", '__version__ = "1.2.3"\n')
        self.write("CHANGELOG.md", "# Changelog\n\n## 1.2.3\n\n- All of it.\n\n## 1.2.2\n")
        self.write("README.md", "Download spokesperson-1.2.3-py3-none-any.whl.\n")
        self.write("docs/operating.md", "See the README.\n")
        self.write("requirements.txt", "")
        self.write("requirements-dev.txt", "")
        self.write(".gitignore", "dist/\n")
        self.write(".ci/run", FAST_RUN)
        self.write("demo/find-python", '#!/bin/sh\nexec python3 "$@"\n')
        shutil.copy(ROOT / ".ci/release", self.folder / ".ci/release")
        (self.folder / ".ci/run").chmod(0o755)
        self.key = folder / "key"
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        self.run("git", "init", "--quiet", "--initial-branch=main")
        for name, value in {
            "user.name": "Releaser",
            "user.email": "releaser@example.org",
            "gpg.format": "ssh",
            "user.signingkey": str(self.key),
        }.items():
            self.run("git", "config", name, value)
        self.commit()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "Everything")

    def run(self, *command: str) -> str:
        result = self.release(*command)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def release(self, *command: str) -> subprocess.CompletedProcess[str]:
        command = command or (".ci/release", "check")
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "repository").mkdir()
    return Repository(tmp_path)


def _uncommitted(repository: Repository) -> None:
    repository.write("new", "")


def _branch(repository: Repository) -> None:
    repository.run("git", "checkout", "--quiet", "-b", "other")


def _tag(repository: Repository) -> None:
    repository.run("git", "tag", "--no-sign", "v1.2.3")


def _changelog(repository: Repository) -> None:
    repository.write("CHANGELOG.md", "## Unreleased\n\n## 1.2.2\n")
    repository.commit()


def _documentation(repository: Repository) -> None:
    repository.write("docs/operating.md", "pip install ./spokesperson-1.2.2-py3-none-any.whl\n")
    repository.commit()


def _key(repository: Repository) -> None:
    repository.run("git", "config", "--unset", "user.signingkey")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_uncommitted, "There are changes that are not committed."),
        (_branch, "This is not the branch main."),
        (_tag, "v1.2.3 exists."),
        (_changelog, 'CHANGELOG.md begins with "Unreleased".'),
        (_documentation, "name another version than 1.2.3."),
        (_key, "There is no key to sign with."),
    ],
)
def test_release_is_refused_if_something_is_missing(
    repository: Repository, spoil: Callable[[Repository], None], sentence: str
) -> None:
    assert repository.release().returncode == 0
    spoil(repository)
    result = repository.release()
    assert result.returncode == 1
    assert sentence in result.stderr
    assert result.stderr.count("\n- ") + result.stderr.startswith("- ") == 1


def test_release_is_not_made_if_a_check_fails(repository: Repository) -> None:
    repository.write(".ci/run", "#!/bin/sh\nexit 3\n")
    repository.commit()
    assert repository.release(".ci/release").returncode == 3
    assert repository.run("git", "tag") == ""


def test_release_is_signed_and_has_checksums_and_a_bill_of_materials(repository: Repository, tmp_path: Path) -> None:
    repository.run(".ci/release")
    dist = repository.folder / "dist"
    wheel, sbom = "spokesperson-1.2.3-py3-none-any.whl", "spokesperson-1.2.3.cdx.json"
    assert {path.name for path in dist.iterdir()} == {
        *(wheel, sbom, "requirements.txt", "CHANGELOG.md", "SHA256SUMS", "SHA256SUMS.sig")
    }
    assert (dist / sbom).read_text().strip() == "{}"
    signers = tmp_path / "signers"
    signers.write_text(f"releaser@example.org {(tmp_path / 'key.pub').read_text()}")
    verify = (
        f"ssh-keygen -Y verify -n file -f {signers} -I releaser@example.org -s dist/SHA256SUMS.sig <dist/SHA256SUMS"
    )
    repository.run("sh", "-c", verify)
    repository.run("sh", "-c", "cd dist && sha256sum --check --quiet SHA256SUMS")
    repository.run("git", "-c", f"gpg.ssh.allowedSignersFile={signers}", "tag", "--verify", "v1.2.3")
