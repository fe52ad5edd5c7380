"""start.py in a folder of its own: what it does once, again, after an interruption, and in vain.

pip and apt are replaced at `start.pip_install` and `start.run_logged`; the environment is real
where a test is about the environment.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CONFIG = "version = {version}\ncommand = /usr/bin/python3 -m venv {folder}\n"
THIS_PYTHON = ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def start(tmp_path: Path) -> ModuleType:
    """start.py as it stands in a fresh checkout, whose path has a blank in it."""
    folder = tmp_path / "my music" / "undertone"
    shutil.copytree(ROOT / "locks", folder / "locks")
    shutil.copy(ROOT / "start.py", folder)
    spec = importlib.util.spec_from_file_location("start", folder / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pip_calls(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What pip was asked for, by a start whose system lacks nothing and whose venv is instant."""
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(start, "pip_install", lambda *words: calls.append(words))
    monkeypatch.setattr(start, "missing_libraries", lambda: [])
    monkeypatch.setattr(start, "missing_test_tools", lambda: [])
    monkeypatch.setattr(start, "make_venv", lambda: pretend_venv(start))
    return calls


def pretend_venv(start: ModuleType, version: str = THIS_PYTHON, folder: str = "") -> None:
    start.PYTHON.parent.mkdir(parents=True, exist_ok=True)
    start.PYTHON.touch()
    text = CONFIG.format(version=version, folder=folder or start.VENV)
    (start.VENV / "pyvenv.cfg").write_text(text, "utf-8")


def locks_asked_for(calls: list[tuple[str, ...]]) -> list[str]:
    return [Path(words[words.index("-r") + 1]).name for words in calls if "-r" in words]


def test_the_first_start_installs_and_the_second_does_nothing(
    start: ModuleType, pip_calls: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    start.set_up("")
    assert locks_asked_for(pip_calls) == ["bare.txt", "app.txt"]
    assert pip_calls[-1][-2:] == ("--editable", str(start.ROOT))
    pip_calls.clear()
    capsys.readouterr()
    start.set_up("")
    assert pip_calls == []
    assert capsys.readouterr().out == ""


def test_testing_adds_the_test_packages_only(
    start: ModuleType, pip_calls: list[tuple[str, ...]]
) -> None:
    start.set_up("")
    pip_calls.clear()
    start.set_up("test")
    assert locks_asked_for(pip_calls) == ["dev.txt"]


@pytest.mark.parametrize(
    ("word", "locks"),
    [
        ("", []),
        ("generate", []),
        ("train", ["dev.txt"]),
        ("evaluate", ["dev.txt"]),
        ("bench", ["dev.txt", "peers.txt"]),
    ],
)
def test_each_word_brings_what_it_needs(
    start: ModuleType, pip_calls: list[tuple[str, ...]], word: str, locks: list[str]
) -> None:
    start.set_up(word)
    assert locks_asked_for(pip_calls) == ["bare.txt", "app.txt", *locks]
    pip_calls.clear()
    start.set_up(word)
    assert pip_calls == []


def test_the_peers_come_without_what_they_ask_for(
    start: ModuleType, pip_calls: list[tuple[str, ...]]
) -> None:
    start.set_up("bench")
    assert pip_calls[-1] == ("--no-deps", "-r", str(start.LOCKS / "peers.txt"))


def test_a_peer_that_cannot_be_had_is_told_and_the_rest_measured(
    start: ModuleType,
    pip_calls: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise start.SetupFailed("no such wheel")

    monkeypatch.setattr(start, "install_peers", fail)
    start.set_up("bench")
    assert "no such wheel" in capsys.readouterr().out
    assert "dev" in start.read_stamp()
    assert "peers" not in start.read_stamp(), "the next bench tries again"


def test_a_changed_lock_is_installed(start: ModuleType, pip_calls: list[tuple[str, ...]]) -> None:
    start.set_up("test")
    pip_calls.clear()
    with (start.LOCKS / "dev.txt").open("a", encoding="utf-8") as lock:
        lock.write("another==1.0\n")
    start.set_up("test")
    assert locks_asked_for(pip_calls) == ["dev.txt"]


def test_an_interrupted_update_is_taken_up_again(
    start: ModuleType, pip_calls: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    start.set_up("")
    before = (start.LOCKS / "app.txt").read_bytes()
    (start.LOCKS / "app.txt").write_bytes(before + b"another==1.0\n")
    monkeypatch.setattr(start, "install_app", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert start.main([]) == 130
    (start.LOCKS / "app.txt").write_bytes(before)
    assert "app" not in start.read_stamp(), "half an update must not pass for the old state"


@pytest.mark.parametrize("damage", ["other python", "moved", "python gone", "no config"])
def test_an_environment_of_another_make_is_not_ours(start: ModuleType, damage: str) -> None:
    pretend_venv(start)
    assert start.venv_is_ours()
    if damage == "other python":
        pretend_venv(start, version="3.9.1")
    elif damage == "moved":
        pretend_venv(start, folder=str(start.VENV.parent / "elsewhere" / ".venv"))
    elif damage == "python gone":
        start.PYTHON.unlink()
    else:
        (start.VENV / "pyvenv.cfg").unlink()
    assert not start.venv_is_ours()


def test_a_broken_environment_is_rebuilt_and_a_sound_one_kept(start: ModuleType) -> None:
    pretend_venv(start)
    start.make_venv()
    runs = subprocess.run([start.PYTHON, "-m", "pip", "--version"], capture_output=True)
    assert runs.returncode == 0
    (start.VENV / "kept").touch()
    start.make_venv()
    assert (start.VENV / "kept").exists()


def test_a_failing_command_tells_its_last_lines_and_the_log(start: ModuleType) -> None:
    script = "import sys; print('first'); print('no space left', file=sys.stderr); sys.exit(3)"
    with pytest.raises(start.SetupFailed) as failure:
        start.run_logged([sys.executable, "-c", script])
    assert "no space left" in str(failure.value)
    assert str(start.LOG) in str(failure.value)
    assert "first" in start.LOG.read_text("utf-8")


def test_without_root_the_one_command_is_printed_and_the_start_goes_on(
    start: ModuleType,
    pip_calls: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(start.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(start, "missing_libraries", lambda: ["libportaudio2", "libegl1"])
    start.set_up("")
    assert "sudo apt-get install libportaudio2 libegl1" in capsys.readouterr().out
    assert locks_asked_for(pip_calls) == ["bare.txt", "app.txt"]
    start.set_up("")
    assert "libportaudio2" in capsys.readouterr().out, "it is said until it is done"


def test_as_root_apt_brings_what_is_missing(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(start.os, "geteuid", lambda: 0)
    monkeypatch.setattr(start, "run_logged", commands.append)
    start.install_system_packages(["libegl1"])
    assert [command[:2] for command in commands] == [["apt-get", "update"], ["apt-get", "install"]]
    assert commands[1][-1] == "libegl1"


def test_an_old_python_is_told_what_is_needed(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start.sys, "version_info", (3, 10, 4))
    assert start.main([]) == 1
    assert "Python 3.11 or newer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], ["-m", "app"]), (["generate", "jazz"], ["-m", "engine.cli", "generate", "jazz"])],
)
def test_words_lead_to_the_window_or_the_command_line(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, words: list[str], expected: list[str]
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(start, "set_up", lambda word: None)
    monkeypatch.setattr(start, "hand_over", lambda command: seen.append(command) or 0)
    assert start.main(words) == 0
    assert seen == [expected]


def test_every_check_runs_and_one_failure_fails_all(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    script = "import sys; print('ran', sys.argv[1]); sys.exit(int(sys.argv[1]))"
    commands = {name: [sys.executable, "-c", script, name] for name in ("0", "3", "00")}
    monkeypatch.setattr(start, "checks", lambda arguments: commands)
    monkeypatch.setattr(start, "BEFORE_TESTS", [*commands["0"][:3], "7"])
    assert start.run_checks([]) == 1
    out = capfd.readouterr().out
    assert "ran 7\n" in out  # which fails nothing: tests do without, and take longer
    assert all(f"ran {name}\n" in out for name in commands)
    assert out.count("passed") == 2
    assert out.count("FAILED") == 1


def test_the_locks_meet_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = {}
    for lock in (ROOT / "locks").glob("*.txt"):
        for line in lock.read_text("utf-8").splitlines():
            if not line.startswith("#"):
                pin = Requirement(line)
                pins[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    extras = project["optional-dependencies"]
    for text in chain(project["dependencies"], *extras.values()):
        requirement = Requirement(text)
        if requirement.name != "undertone":
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), text
