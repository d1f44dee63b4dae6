"""The kit in deploy/: its files say what the project says, and each command is one that its program takes.

No container engine and no cluster is asked: what of the kit is not run stands in deploy/README.md.
"""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]  # Dagster brings it
from dagster._cli.api import api_cli
from dagster._core.instance.config import dagster_instance_config
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._daemon.cli import run_command as daemon_run
from dagster_webserver.cli import dagster_webserver
from psycopg.conninfo import conninfo_to_dict

from gpb_pipeline.cli.main import gpb
from gpb_pipeline.orchestration.health.serve import HOST
from gpb_pipeline.orchestration.launch import CODE_LOCATION
from gpb_pipeline.settings import HealthSettings, known_names

DEPLOY = Path(__file__).parents[1] / "deploy"
BIN = Path(sys.executable).parent
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def loaded(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text("utf-8"))


COMPOSE = loaded("compose/compose.yaml")
OURS: Mapping[str, Any] = {
    name: service for name, service in COMPOSE["services"].items() if service["image"] == "gpb-pipeline"
}
HELM = loaded("helm/values.yaml")
PODS = [each for each in HELM["extraManifests"] if each["kind"] == "Deployment"]


def unit(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, "utf-8")
    return parser["Service"]


def commands() -> list[list[str]]:
    pods = [each["spec"]["template"]["spec"]["containers"][0]["command"] for each in PODS]
    code = HELM["dagster-user-deployments"]["deployments"][0]
    return [
        ["dagster", "api", "grpc", *code["dagsterApiGrpcArgs"]],  # the chart's template has it so
        *(service["command"] for service in OURS.values()),
        *(shlex.split(unit(path)["ExecStart"]) for path in UNITS),
        *pods,
    ]


PROGRAMS: Mapping[tuple[str, ...], click.Command] = {
    ("gpb",): gpb,
    ("dagster-webserver",): dagster_webserver,
    ("dagster-daemon", "run"): daemon_run,
    ("dagster", "api"): api_cli,
}


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_each_command_is_one_that_its_program_takes(command: Sequence[str]) -> None:
    typed = [Path(command[0]).name, *command[1:]]
    words, program = next((key, each) for key, each in PROGRAMS.items() if typed[: len(key)] == list(key))
    assert (BIN / typed[0]).exists()
    arguments = typed[len(words) :]
    while isinstance(program, click.Group):
        found = program.get_command(click.Context(program), arguments[0])
        assert found is not None
        program, arguments = found, arguments[1:]
    local = [
        str(DEPLOY.parent / "workspace.yaml") if each.endswith("workspace.yaml") else each
        for each in arguments
    ]
    with program.make_context(program.name, local) as context:
        assert context.params


def test_the_services_are_those_that_the_design_names_and_the_proxys_port_alone_is_published() -> None:
    assert set(OURS) == {"code", "webserver", "viewer", "daemon", "health", "pages"}
    assert set(COMPOSE["services"]) == {*OURS, "postgres", "proxy"}
    published = {name: each["ports"] for name, each in COMPOSE["services"].items() if "ports" in each}
    assert published == {"proxy": ["443:443"]}
    assert "--read-only" in OURS["viewer"]["command"]
    assert OURS["code"]["command"][:3] == [
        "dagster",
        "api",
        "grpc",
    ]  # which waits for its runs when it is stopped
    assert COMPOSE["networks"]["inner"]["internal"]
    for name in ("code", "pages"):  # the one writes links to the other
        assert OURS[name]["environment"]["GPB_WEB_URL"] == "https://${LTI_NAME:?}"
    assert loaded("compose/workspace.yaml")["load_from"][0]["grpc_server"]["location_name"] == CODE_LOCATION


def test_the_settings_that_the_kit_makes_are_settings() -> None:
    pods = [env["name"] for pod in PODS for env in pod["spec"]["template"]["spec"]["containers"][0]["env"]]
    named = [name for service in OURS.values() for name in service["environment"]]
    ours = {each for each in (*pods, *named) if not each.startswith(("DAGSTER_P", "PG"))}
    assert ours <= known_names()
    watched = f"http://{HOST}:{HealthSettings.load().port}/metrics"
    assert watched in str(OURS["health"]["healthcheck"]["test"])
    assert watched in str(PODS[1])


def test_dagsters_file_of_the_containers_is_the_projects_on_postgresql() -> None:
    ours = loaded("compose/dagster.yaml")
    assert ours.pop("storage") == {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}
    assert ours == yaml.safe_load((DEPLOY.parent / "dagster.yaml").read_text("utf-8"))
    dagster_instance_config(str(DEPLOY / "compose"), "dagster.yaml")  # raises for what Dagster does not take


def test_the_charts_queue_is_the_projects() -> None:
    ours = yaml.safe_load((DEPLOY.parent / "dagster.yaml").read_text("utf-8"))
    queue = HELM["dagsterDaemon"]["runCoordinator"]["config"]["customRunCoordinator"]
    assert getattr(import_module(queue["module"]), queue["class"]) is QueuedRunCoordinator
    assert queue["config"] == ours["concurrency"]["runs"] | ours["run_queue"]
    assert not HELM["telemetry"]["enabled"]
    assert not HELM["dagsterDaemon"]["runRetries"]["enabled"]
    assert HELM["dagsterWebserver"]["workspace"]["servers"][0]["name"] == CODE_LOCATION
    assert HELM["dagsterWebserver"]["enableReadOnly"]


def test_the_charts_pods_share_the_record_of_who_looked_and_have_what_they_read() -> None:
    code = HELM["dagster-user-deployments"]["deployments"][0]
    pages, health = (pod["spec"]["template"]["spec"] for pod in PODS)
    mounts = [each["volumeMounts"] for each in (code, pages["containers"][0], health["containers"][0])]
    at = [{each["mountPath"]: each["name"] for each in some} for some in mounts]
    looks = "/var/lib/gpb/looks"
    assert at[0][looks] == at[1][looks] == "looks"
    claims = [
        next(each["persistentVolumeClaim"]["claimName"] for each in pod["volumes"] if each["name"] == "looks")
        for pod in (code, pages)
    ]
    made = [each for each in HELM["extraManifests"] if each["kind"] == "PersistentVolumeClaim"]
    assert claims == 2 * [made[0]["metadata"]["name"]]
    assert f"GPB_LOOKS={looks}" in (DEPLOY / "Dockerfile").read_text("utf-8")
    instance = f"{HELM['global']['dagsterHome']}/dagster.yaml"
    assert at[0][instance] == at[2][instance] == "instance"  # a home without the file is refused
    [keys] = [each["secret"] for each in pages["volumes"] if "secret" in each]
    group = pages["securityContext"]["fsGroup"]
    assert f"--uid {group} " in (DEPLOY / "Dockerfile").read_text("utf-8")
    assert (keys["defaultMode"], code["podSecurityContext"]["fsGroup"]) == (0o440, group)


def test_the_proxy_has_the_server_names_and_lets_no_header_of_a_browsers_through() -> None:
    text = (DEPLOY / "compose" / "nginx.conf.template").read_text("utf-8")
    servers = text.split("\nserver {")[1:]
    named = {
        name: each for name in ("PAGES_NAME", "LTI_NAME", "DAGSTER_NAME") for each in servers if name in each
    }
    assert len(named) == 3
    assert all("ssl_certificate_key" in each for each in servers)
    assert 'X-Forwarded-User ""' in named["LTI_NAME"]
    assert 'X-GPB-Courses ""' in named["LTI_NAME"]
    for name in ("PAGES_NAME", "DAGSTER_NAME"):  # whoever has not signed in
        assert "auth_request" in named[name]
    for name, group in (("PAGES_NAME", "gpb-grades"), ("DAGSTER_NAME", "gpb-viewers")):
        asked = re.findall(r"auth_request (\S+);", named[name])
        places = dict(re.findall(r"location = (\S+) \{(.*?)\n    \}", named[name], re.DOTALL))
        assert all("?allowed_groups=gpb-operators" in places[each] for each in asked)  # no account alone is
        assert group in str(places)
        assert group in (DEPLOY / "README.md").read_text("utf-8")
    assert text.count("{") == text.count("}")


def test_the_proxy_has_room_for_a_launchs_cookie() -> None:
    text = (DEPLOY / "compose" / "nginx.conf.template").read_text("utf-8")
    for each in ("proxy_buffer_size 16k;", "proxy_buffers 8 16k;", "large_client_header_buffers 4 16k;"):
        assert each in text.partition("server {")[0]  # for all of them
        assert each in (DEPLOY.parent / "docs" / "pages.md").read_text("utf-8")


def test_the_proxy_comes_to_the_pages_from_the_address_that_they_trust() -> None:
    """Docker finds a name on any network in common: on two, the proxy's address is the one or the other."""
    proxy = COMPOSE["services"]["proxy"]["networks"]
    text = (DEPLOY / "compose" / "nginx.conf.template").read_text("utf-8")
    reached = set(re.findall(r"http://(\w+):\d", text))
    assert reached == {"pages", "webserver", "viewer"}
    for name in reached:
        assert set(proxy) & set(OURS[name]["networks"]) == {"inner"}
    address = proxy["inner"]["ipv4_address"]
    assert OURS["pages"]["environment"]["GPB_WEB_TRUSTED_PROXIES"] == address
    [pool] = COMPOSE["networks"]["inner"]["ipam"]["config"]
    assert ip_address(address) in ip_network(pool["subnet"])
    assert ip_address(address) not in ip_network(pool["ip_range"])  # from which Docker gives them out
    beyond = [name for name in proxy if not (COMPOSE["networks"][name] or {}).get("internal")]
    assert beyond == ["front"]  # or nothing would be published


def test_postgresqls_password_is_in_no_address_that_would_read_some_letters_otherwise() -> None:
    for service in OURS.values():
        made = service["environment"]
        assert made["PGPASSWORD"] == "${POSTGRES_PASSWORD:?}"
        assert [name for name, value in made.items() if "PASSWORD" in value] == ["PGPASSWORD"]
    databases = {
        conninfo_to_dict(OURS["code"]["environment"][name].removeprefix("postgres:"))["dbname"]
        for name in ("GPB_CATALOG", "DAGSTER_POSTGRES_URL")
    }
    made_there = set(
        re.findall(r"CREATE DATABASE (\w+);", (DEPLOY / "compose" / "databases.sql").read_text())
    )
    assert databases == {*made_there, COMPOSE["services"]["postgres"]["environment"]["POSTGRES_DB"]}
    walk = (DEPLOY.parent / "docs" / "scaling.md").read_text("utf-8")
    assert databases == set(re.findall(r"createdb --owner gpb (\w+)", walk))


def test_who_signs_in_lands_where_they_were_going() -> None:
    """Else on /, which a viewer of Dagster's UI may not see."""
    text = (DEPLOY / "compose" / "nginx.conf.template").read_text("utf-8")
    signing_in = re.findall(r"location /oauth2/ \{(.*?)\}", text.replace("${SIGN_ON}", ""), re.DOTALL)
    assert len(signing_in) == 2
    assert all("X-Auth-Request-Redirect $request_uri;" in each for each in signing_in)


def test_the_units_are_whole_and_systemd_takes_them_where_it_is(tmp_path: Path) -> None:
    target = (DEPLOY / "systemd" / "gpb.target").read_text("utf-8")
    assert [path.stem for path in UNITS] == [
        "gpb-daemon",
        "gpb-health",
        "gpb-pages",
        "gpb-viewer",
        "gpb-webserver",
    ]
    for path in UNITS:
        assert path.name in target
        assert unit(path)["Restart"] == "always"
        assert unit(path)["NoNewPrivileges"] == "yes"
        runs_dagster = "workspace.yaml" in unit(path)["ExecStart"]
        assert runs_dagster == ("/opt/gpb/dagster.yaml" in unit(path).get("ExecStartPre", ""))
        assert "0.0.0.0" not in unit(path)["ExecStart"]  # noqa: S104  that it is not there
        here = path.read_text("utf-8").replace("/opt/gpb/.venv/bin", str(BIN)).replace("User=gpb\n", "")
        tmp_path.joinpath(path.name).write_text(
            here.replace("Documentation=file:/opt/gpb", "Documentation=file:")
        )
    tmp_path.joinpath("gpb.target").write_text(target)
    if verify := shutil.which("systemd-analyze"):
        files = [str(each) for each in tmp_path.iterdir()]
        done = subprocess.run([verify, "verify", *files], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
