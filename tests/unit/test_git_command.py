"""The environment git runs in."""

from shipway.domain.credential import Credential
from shipway.sources.git.cache import cache_key
from shipway.sources.git.command import authorization, environment

HOST = {
    "PATH": "/usr/bin",
    "HOME": "/home/ada",
    "GIT_SSL_CAINFO": "/etc/ssl/corporate.pem",
    "https_proxy": "http://proxy:3128",
    "GIT_TRACE_CURL": "1",
    "GIT_DIR": "/somewhere/.git",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
}


def settings_of(variables: dict[str, str]) -> dict[str, str]:
    count = int(variables["GIT_CONFIG_COUNT"])
    return {variables[f"GIT_CONFIG_KEY_{n}"]: variables[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}


def test_the_hosts_network_and_trust_reach_git_and_nothing_else_of_it() -> None:
    variables = environment(host=HOST)
    assert variables["PATH"] == "/usr/bin"
    assert variables["GIT_SSL_CAINFO"] == "/etc/ssl/corporate.pem"
    assert variables["https_proxy"] == "http://proxy:3128"
    assert variables["HOME"] != "/home/ada"
    assert not {"GIT_TRACE_CURL", "GIT_DIR", "AWS_SECRET_ACCESS_KEY"} & set(variables)


def test_git_reads_nobodys_configuration_asks_nothing_and_uses_known_transports_only() -> None:
    variables = environment(host=HOST)
    assert variables["GIT_CONFIG_NOSYSTEM"] == "1"
    assert variables["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert variables["GIT_TERMINAL_PROMPT"] == "0"
    assert variables["GIT_ALLOW_PROTOCOL"] == "file:git:http:https:ssh"
    assert settings_of(variables)["core.hooksPath"] == "/dev/null"


def test_added_settings_keep_the_usual_ones() -> None:
    usual = settings_of(environment(host=HOST))
    assert settings_of(environment([("a.b", "c")], HOST)) == {**usual, "a.b": "c"}


def test_a_credential_is_sent_to_its_own_host_alone() -> None:
    key, value = authorization("https://git.example.com/", Credential("ada", "hunter2"))
    assert key == "http.https://git.example.com/.extraHeader"
    assert value == "Authorization: Basic YWRhOmh1bnRlcjI="


def test_what_one_credential_let_in_is_not_served_to_another() -> None:
    keys = {
        cache_key("https://h/app", None),
        cache_key("https://h/app", Credential("ada", "one")),
        cache_key("https://h/app", Credential("ada", "two")),
        cache_key("https://h/other", Credential("ada", "two")),
    }
    assert len(keys) == 4
    assert not any("one" in key or "app" in key for key in keys)
