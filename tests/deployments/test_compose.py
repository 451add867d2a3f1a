"""The stack's files name services, commands and variables that exist; Docker's client agrees."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from places import ROOT

FOLDER = ROOT / "deployments"
TEXT = (FOLDER / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
CREDENTIALS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
STACK = {
    "postgres", "prefect", "seaweedfs", "bucket", "deploy", "dask-scheduler", "dask-worker",
    "worker-cpu", "worker-gpu", "explorer",
}  # fmt: skip


def test_every_part_of_the_stack_is_there() -> None:
    assert set(SERVICES) == STACK
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["worker-gpu"]


def test_services_need_only_services_that_exist() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", [])) <= STACK


def test_addresses_name_services() -> None:
    hosts = set(re.findall(r"(?:http://|tcp://|@)([a-z-]+):\d+", TEXT))
    assert hosts <= STACK


def test_a_workers_pool_is_one_that_deployments_use() -> None:
    deployed = yaml.safe_load((FOLDER / "prefect.yaml").read_text())["deployments"]
    pools = {deployment["work_pool"]["name"] for deployment in deployed}
    assert {pool for pool in pools if f"--pool {pool} " in TEXT} == pools
    assert {pool for pool in pools if f"work-pool create {pool} " in TEXT} == pools


def test_who_runs_the_line_finds_store_and_server() -> None:
    for name in ("deploy", "dask-worker", "worker-cpu", "worker-gpu"):
        environment = SERVICES[name]["environment"]
        assert environment["PREFECT_API_URL"] == "http://prefect:4200/api"
        assert {"AUTOGROOVE_STORE", "AUTOGROOVE_SOURCE", "AWS_ENDPOINT_URL"} <= set(environment)


def test_nothing_is_open_to_the_network_and_no_secret_is_written_down() -> None:
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    example = dict(
        line.split("=", 1)
        for line in (FOLDER / "example.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert required <= set(example)
    assert all(not example[name] for name in required)
    assert (FOLDER / ".gitignore").read_text().split() == [".env"]


def test_seaweedfs_knows_the_user_that_all_others_are() -> None:
    user = {name: SERVICES["seaweedfs"]["environment"][name] for name in CREDENTIALS}
    assert user == {name: f"${{{name}}}" for name in CREDENTIALS}
    assert set(SERVICES["worker-cpu"]["environment"]) >= CREDENTIALS


def test_the_image_copies_files_that_exist_and_are_not_ignored() -> None:
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().split()
    for line in (FOLDER / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (FOLDER.parent / name).exists(), name
                assert f"!{name}" in ignored, name


def find_compose() -> list[list[str]]:
    """Docker's clients here: today's plugin, the program of before. Neither needs an engine."""
    plugin, program = shutil.which("docker"), shutil.which("docker-compose")
    found = [[program]] if program else []
    if plugin and not subprocess.call([plugin, "compose", "version"], stderr=subprocess.DEVNULL):
        found.append([plugin, "compose"])
    return found


def read_with(
    compose: list[str], empty: Path, *what: str, **secrets: str
) -> "subprocess.CompletedProcess[str]":
    # Nobody's own deployments/.env is read.
    command = [*compose, "--env-file", str(empty), "--file", str(FOLDER / "compose.yaml")]
    return subprocess.run(
        [*command, "--profile", "gpu", "config", *what],
        env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | secrets,
        capture_output=True,
        text=True,
    )


def test_docker_reads_the_file(tmp_path: Path) -> None:
    """With its secrets, and says which one is missing without."""
    clients = find_compose()
    if not clients:
        pytest.skip("neither docker compose nor docker-compose is installed")
    secrets = dict.fromkeys(re.findall(r"\$\{(\w+):\?", TEXT), "only-for-tests")
    empty = tmp_path / "empty.env"
    empty.touch()
    for compose in clients:
        done = read_with(compose, empty, "--services", **secrets)
        assert done.returncode == 0, done.stderr
        assert set(done.stdout.split()) == STACK
        assert "deployments/.env" in read_with(compose, empty, "--quiet").stderr
