"""Rust apps: which program is started, by which Rust, with what in its image, beyond what the samples show."""

from functools import partial
from pathlib import Path

import pytest
from tests.support.detected import candidate
from tests.support.detected import evidence as told
from tests.support.detected import script as commands

from shipway.builders.analysis import analyze
from shipway.builders.detectors.detector import Copy, Run
from shipway.builders.detectors.rust import detect
from shipway.domain.errors import AnalysisFailed
from shipway.domain.service import ServiceSettings

PACKAGE = '[package]\nname = "shop"\nversion = "0.1.0"\n'
AXUM = f'{PACKAGE}\n[dependencies]\naxum = "0.8"\n'
MAIN = 'fn main() {\n    let port = std::env::var("PORT");\n}\n'

detected = partial(candidate, detect)


def locked(*packages: str) -> str:
    """A Cargo.lock with these packages."""
    return "version = 4\n" + "".join(f'\n[[package]]\nname = "{name}"\nversion = "1.0.0"\n' for name in packages)


@pytest.mark.parametrize(
    ("manifest", "files", "start"),
    [
        (PACKAGE, ["src/main.rs"], "bin/shop"),
        (PACKAGE, ["src/main.rs", "src/bin/seed.rs"], "bin/shop"),
        (PACKAGE, ["src/bin/seed.rs", "src/bin/server/main.rs"], "bin/server"),
        (f'{PACKAGE}default-run = "seed"\n', ["src/bin/seed.rs", "src/bin/server.rs"], "bin/seed"),
        (f'{PACKAGE}[[bin]]\nname = "store"\npath = "src/main.rs"\n', ["src/main.rs"], "bin/store"),
        (f'{PACKAGE}[[bin]]\nname = "web"\n[[bin]]\nname = "job"\n', ["src/bin/web.rs", "src/bin/job.rs"], "bin/web"),
        (f'{PACKAGE}autobins = false\n[[bin]]\nname = "a"\n', ["src/bin/a.rs", "src/bin/server.rs"], "bin/a"),
    ],
)
def test_the_program_is_chosen_as_cargo_names_it(tmp_path: Path, manifest: str, files: list[str], start: str) -> None:
    assert detected(tmp_path, {"Cargo.toml": manifest, **dict.fromkeys(files, MAIN)}).start == start


def test_in_a_workspace_the_crate_that_serves_is_chosen(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["services/*", "lib"]\nexclude = ["services/old"]\n',
        "services/orders/Cargo.toml": AXUM.replace("shop", "orders"),
        "services/orders/src/main.rs": MAIN,
        "services/mailer/Cargo.toml": PACKAGE.replace("shop", "mailer"),
        "services/mailer/src/main.rs": MAIN,
        "services/old/Cargo.toml": AXUM.replace("shop", "server"),
        "services/old/src/main.rs": MAIN,
        "lib/Cargo.toml": PACKAGE.replace("shop", "lib"),
        "lib/src/lib.rs": "",
    }
    candidate = detected(tmp_path, files)
    assert candidate.start == "bin/orders"
    assert "also built, for a Procfile to name: bin/mailer ()" in told(candidate)
    assert "cargo build --release -p mailer -p orders --bins" in commands(candidate)


def test_programs_that_can_not_be_told_apart_are_named_in_the_error(tmp_path: Path) -> None:
    detected(tmp_path, {"Cargo.toml": PACKAGE, "src/bin/one.rs": MAIN, "src/bin/two.rs": MAIN})
    with pytest.raises(AnalysisFailed) as failure:
        analyze(tmp_path, ServiceSettings(), lambda runtime, _: runtime)
    assert failure.value.code == "no-start-command"
    assert "bin/one, bin/two" in "\n".join(failure.value.evidence)


def test_a_program_that_needs_more_than_the_default_features_is_left_out(tmp_path: Path) -> None:
    programs = (
        '[[bin]]\nname = "web"\nrequired-features = ["http"]\n[[bin]]\nname = "gui"\nrequired-features = ["gtk"]\n'
    )
    files = {"Cargo.toml": f'{PACKAGE}{programs}[features]\ndefault = ["http"]\nhttp = []\ngtk = []\n'}
    candidate = detected(tmp_path, {**files, "src/bin/web.rs": MAIN, "src/bin/gui.rs": MAIN})
    assert candidate.start == "bin/web"
    assert "cp /root/target/shop/release/web bin/" in commands(candidate)


def test_programs_are_found_where_cargo_puts_them_for_another_target(tmp_path: Path) -> None:
    config = '[build]\ntarget = "x86_64-unknown-linux-musl"\n'
    files = {"Cargo.toml": PACKAGE, "src/main.rs": MAIN, ".cargo/config.toml": config}
    assert "cp /root/target/shop/x86_64-unknown-linux-musl/release/shop bin/" in commands(detected(tmp_path, files))


def test_a_library_is_no_app(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"Cargo.toml": PACKAGE, "src/lib.rs": ""})
    assert (candidate.start, candidate.certain) == ("", False)


def test_a_manifest_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(AnalysisFailed, match="line 2") as failure:
        detected(tmp_path, {"Cargo.toml": "[package]\nname = shop\n"})
    assert failure.value.code == "manifest-error"


@pytest.mark.parametrize(
    ("files", "number", "where"),
    [
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "1.80.1"\n'}, "1.80.1", "rust-toolchain.toml:2"),
        ({"rust-toolchain": "1.79\n"}, "1.79", "rust-toolchain:1"),
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "stable"\n'}, "1", "rust-toolchain.toml:2"),
        ({".tool-versions": "rust 1.81.0\n"}, "1.81.0", ".tool-versions:1"),
        ({"mise.toml": '[tools]\nrust = "1.82"\n'}, "1.82", "mise.toml:2"),
        ({"Cargo.toml": f'{PACKAGE}rust-version = "1.70"\n'}, "1.70", "Cargo.toml:4"),
        ({"Cargo.toml": f'{PACKAGE}rust-version = "1.70"\n', "Cargo.lock": locked()}, "1.78", "Cargo.toml:4"),
        ({}, "1", ""),
    ],
)
def test_the_version_is_the_pinned_one(tmp_path: Path, files: dict[str, str], number: str, where: str) -> None:
    candidate = detected(tmp_path, {"Cargo.toml": PACKAGE, "src/main.rs": MAIN, **files})
    assert candidate.stages[0].version == number
    assert candidate.evidence[0].text.startswith(f"Rust {number}")
    assert candidate.evidence[0].where == where


def test_a_nightly_is_left_to_rustup(tmp_path: Path) -> None:
    toolchain = '[toolchain]\nchannel = "nightly-2025-01-01"\n'
    candidate = detected(tmp_path, {"Cargo.toml": PACKAGE, "src/main.rs": MAIN, "rust-toolchain.toml": toolchain})
    assert candidate.evidence[0].text == "Rust nightly-2025-01-01"
    assert "RUSTUP_TOOLCHAIN" not in dict(candidate.stages[0].environment)


def test_rocket_gets_its_port_when_it_starts_and_listens_everywhere(tmp_path: Path) -> None:
    manifest = f'{PACKAGE}\n[dependencies]\nrocket = "0.5"\n'
    candidate = detected(tmp_path, {"Cargo.toml": manifest, "src/main.rs": "#[launch]\nfn rocket() {}\n"})
    assert candidate.start == "env ROCKET_PORT=$PORT bin/shop"
    assert ("ROCKET_ADDRESS", "0.0.0.0") in candidate.stages[-1].environment
    assert "Rocket (Cargo.toml:6)" in told(candidate)
    text = analyze(tmp_path, ServiceSettings(), lambda runtime, _: runtime).dockerfile
    assert 'CMD ["/bin/sh", "-c", "exec env ROCKET_PORT=$PORT bin/shop"]' in text


@pytest.mark.parametrize(
    ("dependency", "framework"),
    [('actix-web = "4"', "Actix Web"), ('warp = "0.3"', "warp"), ('axum = { version = "0.8" }', "Axum")],
)
def test_the_framework_is_told(tmp_path: Path, dependency: str, framework: str) -> None:
    manifest = f"{PACKAGE}\n[dependencies]\n{dependency}\n"
    assert f"{framework} (Cargo.toml:6)" in told(detected(tmp_path, {"Cargo.toml": manifest, "src/main.rs": MAIN}))


def test_dependencies_are_fetched_before_the_source_is_copied(tmp_path: Path) -> None:
    manifest = f'{AXUM}\n[[bench]]\nname = "speed"\n\n[lib]\npath = "src/shop.rs"\n'
    sources = dict.fromkeys(("src/main.rs", "src/shop.rs", "benches/speed.rs", "src/other.rs"), MAIN)
    steps = detected(tmp_path, {"Cargo.toml": manifest, "Cargo.lock": locked("axum"), **sources}).stages[0].steps
    assert steps[0] == Copy(("Cargo.toml", "Cargo.lock"))
    assert isinstance(steps[1], Run)
    assert steps[1].commands == (
        "mkdir -p benches src",
        "touch src/main.rs benches/speed.rs src/shop.rs",
        "cargo fetch --locked",
    )
    assert steps[2] == Copy((".",))


def test_vendored_dependencies_are_not_fetched(tmp_path: Path) -> None:
    config = '[source.mine]\ndirectory = "vendor"\n'
    files = {"Cargo.toml": AXUM, "Cargo.lock": locked("axum"), "src/main.rs": MAIN, ".cargo/config.toml": config}
    candidate = detected(tmp_path, files)
    assert "cargo fetch" not in commands(candidate)
    assert "dependencies from the source's own vendor/ (.cargo/config.toml)" in told(candidate)


@pytest.mark.parametrize(
    ("files", "building", "running"),
    [
        ({"Cargo.lock": locked("openssl-sys", "ring")}, ("libssl-dev", "pkg-config"), ("libssl3",)),
        ({"Cargo.lock": locked("pq-sys")}, ("libpq-dev", "pkg-config"), ("libpq5",)),
        ({"Cargo.lock": locked("rustls")}, (), ()),
        ({"Cargo.toml": f'{PACKAGE}[dependencies]\nnative-tls = "0.2"\n'}, ("libssl-dev", "pkg-config"), ("libssl3",)),
        ({"Cargo.toml": f'{PACKAGE}[build-dependencies]\ntonic-build = "1"\n'}, ("protobuf-compiler",), ()),
    ],
)
def test_crates_with_c_in_them_get_their_debian_packages(
    tmp_path: Path, files: dict[str, str], building: tuple[str, ...], running: tuple[str, ...]
) -> None:
    candidate = detected(tmp_path, {"Cargo.toml": PACKAGE, "src/main.rs": MAIN, **files})
    assert (candidate.stages[0].packages, candidate.stages[1].packages) == (building, running)
    assert all(package in told(candidate) for package in (*building, *running))


@pytest.mark.parametrize(
    ("call", "port", "warned"),
    [
        ('TcpListener::bind("0.0.0.0:3000").await?', 3000, False),
        ('TcpListener::bind("127.0.0.1:3000")?', 3000, True),
        ('HttpServer::new(App::new).bind(("127.0.0.1", 8081))?.run()', 8081, True),
        ("warp::serve(routes).run(([127, 0, 0, 1], 3030)).await", 3030, True),
        ("SocketAddr::from(([0, 0, 0, 0], 4000))", 4000, False),
        ('TcpListener::bind(format!("127.0.0.1:{PORT}"))', 0, True),
        ('TcpListener::bind(format!("0.0.0.0:{port}"))', 0, False),
        ('TcpListener::bind("127.0.0.1:0")', 0, False),
    ],
)
def test_a_port_in_the_code_counts_when_the_environment_is_not_asked(
    tmp_path: Path, call: str, port: int, warned: bool
) -> None:
    files = {"Cargo.toml": PACKAGE, "Cargo.lock": locked(), "src/main.rs": f"fn main() {{\n    {call};\n}}\n"}
    candidate = detected(tmp_path, files)
    assert candidate.port == port
    assert [finding.where for finding in candidate.warnings] == (["src/main.rs:2"] if warned else [])


def test_the_profile_of_the_project_decides_about_symbols(tmp_path: Path) -> None:
    files = {"Cargo.toml": PACKAGE, "src/main.rs": MAIN}
    assert ("CARGO_PROFILE_RELEASE_STRIP", "true") in detected(tmp_path, files).stages[0].environment
    files["Cargo.toml"] = f"{PACKAGE}[profile.release]\ndebug = 1\n"
    assert "CARGO_PROFILE_RELEASE_STRIP" not in dict(detected(tmp_path, files).stages[0].environment)


def test_a_procfile_that_needs_cargo_is_warned_about(tmp_path: Path) -> None:
    files = {"Cargo.toml": PACKAGE, "Cargo.lock": locked(), "src/main.rs": MAIN, "Procfile": "web: cargo run\n"}
    (warning,) = detected(tmp_path, files).warnings
    assert (warning.where, "needs Cargo" in warning.text) == ("Procfile:1", True)


def test_members_that_are_examples_are_there_when_cargo_reads_the_workspace_but_are_not_built(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["server", "examples/client"]\n',
        "Cargo.lock": locked(),
        "server/Cargo.toml": AXUM,
        "server/src/main.rs": MAIN,
        "examples/client/Cargo.toml": '[package]\nname = "client"\n',
        "examples/client/src/main.rs": MAIN,
        "examples/other/Cargo.toml": '[package]\nname = "other"\n',
    }
    candidate = detected(tmp_path, files)
    copied = next(step for step in candidate.stages[0].steps if isinstance(step, Copy))
    assert copied.paths == ("Cargo.toml", "Cargo.lock", "server/Cargo.toml", "examples/client/Cargo.toml")
    assert "touch server/src/main.rs examples/client/src/main.rs" in commands(candidate)
    assert "cargo build --release --locked -p shop --bins" in commands(candidate)


def test_an_address_in_four_numbers_is_told_as_one(tmp_path: Path) -> None:
    code = "let addr = SocketAddr::from(([127, 0, 0, 1], 3000));\n"
    candidate = detected(tmp_path, {"Cargo.toml": AXUM, "Cargo.lock": locked(), "src/main.rs": code})
    assert [finding.text.partition(",")[0] for finding in candidate.warnings] == ["It listens on 127.0.0.1 only"]
