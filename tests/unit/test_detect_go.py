"""Go apps: which program is started, by which Go, with what in its image, beyond what the samples show."""

from functools import partial
from pathlib import Path

import pytest
from tests.support.detected import candidate
from tests.support.detected import evidence as told
from tests.support.detected import script as commands

from shipway.builders.analysis import analyze
from shipway.builders.detectors.detector import Copy
from shipway.builders.detectors.go import detect
from shipway.domain.errors import AnalysisFailed
from shipway.domain.service import ServiceSettings

MODULE = "module example.com/acme/shop\n\ngo 1.23\n"
MAIN = 'package main\n\nimport "net/http"\n\nfunc main() {\n\thttp.ListenAndServe(":"+os.Getenv("PORT"), nil)\n}\n'
QUIET = "package main\n\nfunc main() {\n}\n"

detected = partial(candidate, detect)


@pytest.mark.parametrize(
    ("files", "start"),
    [
        (["main.go"], "bin/shop"),
        (["main.go", "cmd/server/main.go"], "bin/shop"),
        (["cmd/anything/main.go"], "bin/anything"),
        (["cmd/server/main.go", "cmd/web/main.go", "cmd/shop/main.go"], "bin/server"),
        (["cmd/migrate/main.go", "cmd/web/main.go"], "bin/web"),
        (["cmd/migrate/main.go", "cmd/shop/main.go"], "bin/shop"),
        (["cmd/migrate/main.go", "cmd/shop-api/main.go"], "bin/shop-api"),
        (["cmd/server/main.go", "examples/web/main.go", "tools/gen/main.go"], "bin/server"),
        (["services/orders/main.go"], "bin/orders"),
    ],
)
def test_the_program_is_chosen_by_its_place_and_name(tmp_path: Path, files: list[str], start: str) -> None:
    assert detected(tmp_path, {"go.mod": MODULE, **dict.fromkeys(files, MAIN)}).start == start


def test_of_programs_whose_names_tell_nothing_the_one_that_serves_is_chosen(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"go.mod": MODULE, "cmd/one/main.go": QUIET, "cmd/two/main.go": MAIN})
    assert candidate.start == "bin/two"
    assert "also built, for a Procfile to name: bin/one" in told(candidate)


def test_programs_that_can_not_be_told_apart_are_named_in_the_error(tmp_path: Path) -> None:
    detected(tmp_path, {"go.mod": MODULE, "cmd/one/main.go": MAIN, "cmd/two/main.go": MAIN})
    with pytest.raises(AnalysisFailed) as failure:
        analyze(tmp_path, ServiceSettings(), lambda runtime, _: runtime)
    assert failure.value.code == "no-start-command"
    assert "bin/one, bin/two" in "\n".join(failure.value.evidence)


def test_a_library_is_no_app(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"go.mod": MODULE, "shop.go": "package shop\n", "tools/gen/main.go": QUIET})
    assert (candidate.start, candidate.certain) == ("", False)


def test_code_for_other_systems_and_tests_count_for_nothing(tmp_path: Path) -> None:
    tagged = "//go:build ignore\n\n" + MAIN
    files = {"cmd/gen/main.go": tagged, "cmd/svc/main_windows.go": MAIN, "cmd/t/main_test.go": MAIN}
    assert detected(tmp_path, {"go.mod": MODULE, "cmd/server/main.go": MAIN, **files}).start == "bin/server"
    assert "./cmd/gen" not in commands(detected(tmp_path, {}))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("", "app"),
        ("example.com/shop/v2", "shop"),
        ("shop", "shop"),
        ("gopkg.in/shop.v3", "shop"),
        ('"example.com/a/b"', "b"),
    ],
)
def test_the_program_at_the_top_is_called_as_go_calls_it(tmp_path: Path, module: str, name: str) -> None:
    assert detected(tmp_path, {"go.mod": f"module {module} // ours\n", "main.go": MAIN}).start == f"bin/{name}"


@pytest.mark.parametrize("text", ["module\n", "require\n", "use\n", "replace a =>\n", "require (\n\n)\n", "go\n"])
def test_a_go_mod_with_half_a_line_is_left_to_go_to_complain_about(tmp_path: Path, text: str) -> None:
    assert detected(tmp_path, {"go.mod": text, "go.work": text, "main.go": MAIN}).start == "bin/app"


@pytest.mark.parametrize(
    ("files", "number", "where"),
    [
        ({"go.mod": "module m\ngo 1.22.3\n"}, "1.22", "go.mod:2"),
        ({"go.mod": "module m\ngo 1.23rc1\n"}, "1.23", "go.mod:2"),
        ({"go.mod": "module m\ngo 1.22.0\n\ntoolchain go1.24.1\n"}, "1.24.1", "go.mod:4"),
        ({"go.mod": "module m\ngo 1.22\n", ".go-version": "go1.23.4\n"}, "1.23.4", ".go-version:1"),
        ({"go.mod": "module m\ngo 1.24\n", ".go-version": "1.21.1\n"}, "1.24", "go.mod:2"),
        ({"go.mod": "module m\n", ".tool-versions": "nodejs 20\ngolang 1.22.5\n"}, "1.22.5", ".tool-versions:2"),
        ({"go.mod": "module m\n", "mise.toml": '[tools]\ngo = "1.23"\n'}, "1.23", "mise.toml:2"),
        ({"go.mod": "module m\n"}, "1", ""),
        ({"go.work": "go 1.25\nuse (\n\t./a\n\t./b\n)\n", "a/go.mod": "module a\ngo 1.22\n",
          "b/go.mod": "module b\ngo 1.24\n"}, "1.24", "b/go.mod:2"),
    ],
)  # fmt: skip
def test_the_version_is_the_pinned_one_but_never_less_than_needed(
    tmp_path: Path, files: dict[str, str], number: str, where: str
) -> None:
    candidate = detected(tmp_path, {"main.go": MAIN, "a/main.go": MAIN, **files})
    assert candidate.stages[0].version == number
    assert (candidate.evidence[0].text.split(",")[0], candidate.evidence[0].where) == (f"Go {number}", where)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_bytes(b"\xef\xbb\xbfmodule example.com/shop\r\n\r\ngo 1.23\r\n")
    (tmp_path / "main.go").write_bytes(MAIN.replace("\n", "\r\n").encode())
    candidate = detected(tmp_path, {})
    assert (candidate.start, candidate.stages[0].version) == ("bin/shop", "1.23")


@pytest.mark.parametrize(
    ("requires", "framework"),
    [
        ("require github.com/labstack/echo/v4 v4.1.0", "Echo"),
        ("require (\n\tgithub.com/gofiber/fiber/v2 v2.5.0\n)", "Fiber"),
        ("require github.com/go-chi/chi/v5 v5.0.0 // for routes", "chi"),
        ("require github.com/gin-gonic/gin v1.10.0 // indirect", "net/http"),
        ("", "net/http"),
    ],
)
def test_the_framework_is_told_when_the_app_itself_requires_it(tmp_path: Path, requires: str, framework: str) -> None:
    candidate = detected(tmp_path, {"go.mod": f"{MODULE}\n{requires}\n", "main.go": MAIN})
    assert f"\n{framework} (" in told(candidate)


@pytest.mark.parametrize(
    ("requires", "code", "enabled"),
    [
        ("require github.com/mattn/go-sqlite3 v1.14.0 // indirect", MAIN, True),
        ("require github.com/confluentinc/confluent-kafka-go/v2 v2.0.0", MAIN, True),
        ("require modernc.org/sqlite v1.30.0", MAIN, False),
        ("", MAIN.replace("import", 'import "C"\nimport', 1), True),
    ],
)
def test_a_c_compiler_is_there_only_for_what_needs_one(tmp_path: Path, requires: str, code: str, enabled: bool) -> None:
    build = detected(tmp_path, {"go.mod": f"{MODULE}{requires}\n", "go.sum": "", "main.go": code}).stages[0]
    assert ("CGO_ENABLED", "1" if enabled else "0") in build.environment
    assert build.packages == (("gcc", "libc6-dev") if enabled else ())


@pytest.mark.parametrize(
    ("call", "port", "warned"),
    [
        ('http.ListenAndServe(":3000", nil)', 3000, False),
        ('http.ListenAndServe("localhost:3000", nil)', 3000, True),
        ('(&http.Server{Handler: mux, Addr: "0.0.0.0:9090"}).ListenAndServe()', 9090, False),
        ('net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))', 0, True),
        ('http.ListenAndServe("127.0.0.1:8081", nil) // not PORT', 0, True),
        ('redis.NewClient(&redis.Options{Addr: "localhost:6379"})', 0, False),
        ('net.Listen("tcp", "127.0.0.1:0")', 0, False),
    ],
)
def test_a_port_in_the_code_counts_when_the_environment_is_not_asked(
    tmp_path: Path, call: str, port: int, warned: bool
) -> None:
    code = f"package main\n\nfunc main() {{\n\t{call}\n}}\n"
    candidate = detected(tmp_path, {"go.mod": MODULE, "main.go": code})
    assert candidate.port == port
    assert [(finding.where, "0.0.0.0" in finding.text) for finding in candidate.warnings] == (
        [("main.go:4", True)] if warned else []
    )


@pytest.mark.parametrize(
    ("module", "code", "start"),
    [
        ("github.com/spf13/cobra v1.8.0", 'var c = &cobra.Command{\n\tUse:   "serve",\n}', "bin/shop serve"),
        ("github.com/spf13/cobra v1.8.0", 'var c = &cobra.Command{\n\tUse:   "shop",\n}', "bin/shop"),
        ("github.com/pocketbase/pocketbase v0.22.0", "", "bin/shop serve --http=0.0.0.0:$PORT"),
    ],
)
def test_a_program_with_a_subcommand_that_serves_is_started_with_it(
    tmp_path: Path, module: str, code: str, start: str
) -> None:
    files = {"go.mod": f"{MODULE}require {module}\n", "main.go": MAIN, "cmd/serve.go": f"package cmd\n\n{code}\n"}
    assert detected(tmp_path, files).start == start


def test_only_what_a_program_may_read_comes_into_the_image_with_it(tmp_path: Path) -> None:
    plain = {"go.mod": MODULE, "main.go": MAIN, "README.md": "", "Makefile": "", ".github/workflows/ci.yml": "",
             "testdata/a.json": "", "docs/a.png": "", "vendor/x/x.html": ""}  # fmt: skip
    assert Copy(("/app/bin/",), "./bin/", "build") in detected(tmp_path, plain).stages[1].steps
    candidate = detected(tmp_path, {"internal/web/page.html": "", "config.yaml": ""})
    assert Copy(("/app/",), stage="build") in candidate.stages[1].steps
    assert "beside the program: config.yaml, internal/;" in told(candidate)
    assert "-name '*.go'" in commands(candidate)


@pytest.mark.parametrize(
    ("line", "link"),
    [
        ("web: ./shop", "ln -s /app/bin/shop shop"),
        ("web: out/shop --verbose", "ln -s /app/bin/shop out/shop"),
        ("web: build/main", "ln -s /app/bin/shop build/main"),
        ("web: bin/shop", ""),
        ("web: shop", ""),
        ("web: ./start.sh", ""),
        ("web: ../shop", ""),
        ("web: ./$NAME", ""),
    ],
)
def test_a_program_is_also_where_the_procfile_expects_it(tmp_path: Path, line: str, link: str) -> None:
    files = {"go.mod": MODULE, "main.go": MAIN, "Procfile": line + "\n", "start.sh": ""}
    run = commands(detected(tmp_path, files))
    assert (link in run) if link else ("ln -s" not in run)


def test_a_procfile_that_needs_the_compiler_is_warned_about(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"go.mod": MODULE, "main.go": MAIN, "Procfile": "web: go run .\n"})
    assert [(finding.where, "needs Go" in finding.text) for finding in candidate.warnings] == [("Procfile:1", True)]


def test_without_a_go_mod_one_is_made(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"main.go": MAIN})
    assert candidate.start == "bin/app"
    assert "go mod init app\ngo build -mod=mod " in commands(candidate)
    assert "No go.mod" in candidate.warnings[0].text


def test_a_replaced_module_is_downloaded_with_its_own_requirements(tmp_path: Path) -> None:
    module = f"{MODULE}require example.com/lib v0.0.0\nreplace example.com/lib => ./lib\n"
    files = {"go.mod": module, "go.sum": "", "main.go": MAIN, "lib/go.mod": "module example.com/lib\n"}
    assert Copy(("go.mod", "go.sum", "lib/go.mod")) in detected(tmp_path, files).stages[0].steps


def test_a_replacement_outside_of_the_service_is_warned_about(tmp_path: Path) -> None:
    module = f"{MODULE}require example.com/lib v0.0.0\nreplace example.com/lib => ../lib\n"
    (warning,) = detected(tmp_path, {"go.mod": module, "go.sum": "", "main.go": MAIN}).warnings
    assert "../lib, which is outside" in warning.text
    assert warning.where == "go.mod:5"


@pytest.mark.parametrize(
    ("required", "hinted"),
    [("example.com/acme/lib", True), ("git.acme.internal/lib", True), ("github.com/gin-gonic/gin", False),
     ("golang.org/x/text", False), ("go.uber.org/zap", False)],
)  # fmt: skip
def test_a_module_that_may_be_private_gets_a_hint(tmp_path: Path, required: str, hinted: bool) -> None:
    files = {"go.mod": f"{MODULE}require {required} v1.0.0\n", "go.sum": "", "main.go": MAIN}
    assert ("go mod vendor" in told(detected(tmp_path, files))) == hinted


@pytest.mark.parametrize(
    ("code", "port"),
    [
        ('addr := flag.String("addr", ":4000", "HTTP network address")', 4000),
        ('flag.StringVar(&address, "listen", "0.0.0.0:4000", "")', 4000),
        ('const port = ":3000"', 3000),
        ('addr := "localhost:6379"', 0),
        ('addr := flag.String("addr", ":4000", "")\n\tos.Getenv("PORT")', 0),
    ],
)
def test_a_port_behind_a_flag_or_a_name_counts(tmp_path: Path, code: str, port: int) -> None:
    main = f"package main\n\nfunc main() {{\n\t{code}\n\tserver.ListenAndServe()\n}}\n"
    candidate = detected(tmp_path, {"go.mod": MODULE, "main.go": main})
    assert (candidate.port, candidate.warnings) == (port, ())
