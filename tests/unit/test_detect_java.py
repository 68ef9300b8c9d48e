"""Java apps: versions, modules, frameworks and ports, beyond what the samples show."""

import subprocess
from functools import partial
from pathlib import Path

import pytest
from tests.support.detected import candidate, commands
from tests.support.detected import evidence as told

from shipway.builders.detectors.detector import Copy
from shipway.builders.detectors.java import detect
from shipway.builders.detectors.tree import Tree
from shipway.builders.generate import Dockerfile
from shipway.domain.errors import AnalysisFailed

MAIN = "package com.example;\npublic class Main { public static void main(String[] args) {} }\n"
BOOT = (
    "<build><plugins><plugin><groupId>org.springframework.boot</groupId>"
    "<artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>"
    "<dependencies><dependency><groupId>org.springframework.boot</groupId>"
    "<artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>"
)


def pom(inside: str = "") -> str:
    """A pom.xml."""
    return f"<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version>{inside}</project>"


detected = partial(candidate, detect)


@pytest.mark.parametrize(
    ("files", "version", "where"),
    [
        ({"system.properties": "java.runtime.version=17\n"}, "17", "system.properties:1"),
        ({".java-version": "temurin-21.0.2+13\n"}, "21", ".java-version:1"),
        ({".java-version": "openjdk64-11.0.2\n"}, "11", ".java-version:1"),
        ({".java-version": "1.8\n"}, "8", ".java-version:1"),
        ({".sdkmanrc": "# SDKs\njava=25.0.1-tem\n"}, "25", ".sdkmanrc:2"),
        ({".tool-versions": "nodejs 22\njava corretto-17.0.9.8.1\n"}, "17", ".tool-versions:2"),
        ({"mise.toml": '[tools]\njava = "temurin-21"\n'}, "21", "mise.toml:2"),
        ({"pom.xml": pom("<properties>\n<java.version>1.8</java.version></properties>")}, "8", "pom.xml:2"),
        (
            {"pom.xml": pom("<properties><maven.compiler.release>12</maven.compiler.release></properties>")},
            "17",
            "pom.xml:1",
        ),
        ({"pom.xml": pom("<properties><j>11</j><java.version>${j}</java.version></properties>")}, "11", "pom.xml:1"),
        ({}, "21", ""),
    ],
)
def test_the_jdk_is_the_one_a_version_file_or_the_pom_names(
    tmp_path: Path, files: dict[str, str], version: str, where: str
) -> None:
    candidate = detected(tmp_path, {"pom.xml": pom(), **files})
    assert (candidate.stages[0].version, candidate.stages[1].version) == (version, version)
    assert candidate.evidence[0].where == where


def test_a_jdk_older_than_what_is_compiled_for_is_warned_of(tmp_path: Path) -> None:
    asked = pom("<properties><java.version>21</java.version></properties>")
    (warning,) = detected(tmp_path, {"pom.xml": asked, ".java-version": "17"}).warnings
    assert "Java 17 can't compile for Java 21" in warning.text
    assert warning.where == ".java-version:1"


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("java { toolchain { languageVersion = JavaLanguageVersion.of(19) } }", "19"),
        ("kotlin { jvmToolchain(17) }", "17"),
        ("sourceCompatibility = JavaVersion.VERSION_1_8", "8"),
        ("sourceCompatibility = '14'", "17"),
        ("tasks.withType(JavaCompile) { options.release = 11 }", "11"),
    ],
)
def test_a_gradle_toolchain_is_taken_as_it_is_and_a_release_with_a_jdk_that_has_long_support(
    tmp_path: Path, text: str, exact: str
) -> None:
    assert detected(tmp_path, {"build.gradle": f"plugins {{\n id 'java'\n}}\n{text}\n"}).stages[1].version == exact


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/hostname">]><project>&x;</project>',
        '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><project>&b;</project>',
        "<project><artifactId></project>",
        "<a>" * 200 + "</a>" * 200,
        "",
    ],
)
def test_a_pom_with_a_document_type_or_that_is_no_xml_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(AnalysisFailed, match=r"pom\.xml can't be read as XML: .*line 1") as failure:
        detected(tmp_path, {"pom.xml": text})
    assert failure.value.code == "manifest-error"


def test_a_wrapper_builds_with_the_maven_it_pins(tmp_path: Path) -> None:
    whole = {"pom.xml": pom(BOOT), "mvnw": "", ".mvn/wrapper/maven-wrapper.properties": ""}
    candidate = detected(tmp_path, whole)
    assert commands(candidate)[0].startswith("sh ./mvnw --batch-mode")
    assert "by its wrapper (mvnw)" in told(candidate)


def test_a_wrapper_without_its_properties_is_left_alone(tmp_path: Path) -> None:
    assert commands(detected(tmp_path, {"pom.xml": pom(BOOT), "mvnw": ""}))[0].startswith("mvn ")


def test_a_plain_app_with_dependencies_is_started_by_its_class(tmp_path: Path) -> None:
    needs = pom(
        "<dependencies><dependency><groupId>io.javalin</groupId><artifactId>javalin</artifactId></dependency></dependencies>"
    )
    candidate = detected(tmp_path, {"pom.xml": needs, "src/main/java/com/example/Main.java": MAIN})
    assert candidate.start == "java -cp 'app.jar:lib/*' com.example.Main"
    assert "copy-dependencies" in commands(candidate)[0]
    assert "Javalin" in told(candidate)


def test_test_dependencies_are_none_that_it_needs_to_run(tmp_path: Path) -> None:
    only = pom(
        "<dependencies><dependency><groupId>j</groupId><artifactId>j</artifactId><scope>test</scope></dependency></dependencies>"
    )
    candidate = detected(tmp_path, {"pom.xml": only, "src/main/java/com/example/Main.java": MAIN})
    assert candidate.start == "java -cp app.jar com.example.Main"


def test_a_shaded_app_is_started_as_one_jar(tmp_path: Path) -> None:
    shaded = pom(
        "<build><plugins><plugin><artifactId>maven-shade-plugin</artifactId><configuration><transformers><transformer>"
        "<mainClass>com.example.Main</mainClass></transformer></transformers></configuration></plugin></plugins></build>"
        "<dependencies><dependency><groupId>io.vertx</groupId><artifactId>vertx-core</artifactId></dependency></dependencies>"
    )
    candidate = detected(tmp_path, {"pom.xml": shaded})
    assert candidate.start == "java -jar app.jar"
    assert "copy-dependencies" not in commands(candidate)[0]


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ("", "java -Dquarkus.http.port=$PORT -jar quarkus-run.jar"),
        ("quarkus.package.jar.type=uber-jar\n", "java -Dquarkus.http.port=$PORT -jar app.jar"),
    ],
)
def test_quarkus_is_started_as_it_packages_itself(tmp_path: Path, settings: str, start: str) -> None:
    text = pom(
        "<build><plugins><plugin><groupId>io.quarkus.platform</groupId><artifactId>quarkus-maven-plugin</artifactId></plugin>"
        "</plugins></build><dependencies><dependency><groupId>io.quarkus</groupId><artifactId>quarkus-rest</artifactId>"
        "</dependency></dependencies>"
    )
    files = {"pom.xml": text, "src/main/resources/application.properties": settings}
    assert detected(tmp_path, files).start == start


def test_a_war_for_a_servlet_container_is_not_started_and_the_evidence_says_what_to_do(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"pom.xml": pom("<packaging>war</packaging>")})
    assert (candidate.start, candidate.certain) == ("", False)
    assert "make an executable jar, or add a Dockerfile" in told(candidate)


def test_a_spring_boot_war_starts_itself(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"pom.xml": pom(f"<packaging>war</packaging>{BOOT}")})
    assert candidate.start == "java -Dserver.port=$PORT -jar app.war"


def modules(first: str, second: str) -> dict[str, str]:
    """Two modules under one pom.xml."""
    root = pom("<packaging>pom</packaging><modules><module>api</module><module>jobs</module></modules>")
    return {"pom.xml": root, "api/pom.xml": first, "jobs/pom.xml": second}


def test_of_several_modules_that_can_be_started_none_is_guessed(tmp_path: Path) -> None:
    candidate = detected(tmp_path, modules(pom(BOOT), pom(BOOT)))
    assert candidate.start == ""
    assert "several modules can be started (api, jobs)" in told(candidate)
    assert "web: java -jar api/target/<name>.jar" in told(candidate)


def test_modules_that_a_procfile_names_are_built_and_kept_in_their_place(tmp_path: Path) -> None:
    procfile = {"Procfile": "web: java -jar api/target/a-1.jar\nworker: java -jar jobs/target/a-1.jar\n"}
    candidate = detected(tmp_path, modules(pom(BOOT), pom(BOOT)) | procfile)
    assert "-pl api,jobs -am clean package" in commands(candidate)[0]
    copies = [step for step in candidate.stages[1].steps if isinstance(step, Copy)]
    assert [copy.to for copy in copies] == ["./api/target/", "./jobs/target/"]


def test_a_module_with_a_framework_goes_before_one_with_a_main_method(tmp_path: Path) -> None:
    files = modules(pom(BOOT), pom()) | {"jobs/src/main/java/com/example/Main.java": MAIN}
    assert "api is the module to start" in told(detected(tmp_path, files))


def test_modules_that_name_each_other_are_read_once(tmp_path: Path) -> None:
    loop = pom("<modules><module>..</module><module>../../outside</module></modules>")
    candidate = detected(tmp_path, modules(loop, pom(BOOT)))
    assert "jobs is the module to start" in told(candidate)


def test_a_port_in_the_code_is_the_one_when_port_is_not_read(tmp_path: Path) -> None:
    code = MAIN.replace("{}", "{ HttpServer.create(new InetSocketAddress(4567), 0); }")
    candidate = detected(tmp_path, {"pom.xml": pom(), "src/main/java/com/example/Main.java": code})
    assert candidate.port == 4567
    assert "names the port 4567" in told(candidate)
    reads = code.replace("{ Http", '{ System.getenv("PORT"); Http')
    assert detected(tmp_path, {"src/main/java/com/example/Main.java": reads}).port == 0


@pytest.mark.parametrize(
    ("text", "main"),
    [
        ("fun main() {}", "AppKt"),
        ("package a.b\n\nsuspend fun main(args: Array<String>) {}", "a.b.AppKt"),
        ('@file:JvmName("Start")\npackage a\nfun main() {}', "a.Start"),
    ],
)
def test_kotlin_s_main_function_is_in_a_class_named_after_its_file(tmp_path: Path, text: str, main: str) -> None:
    build = 'plugins {\n  kotlin("jvm") version "2.2.20"\n  application\n}\n'
    candidate = detected(tmp_path, {"build.gradle.kts": build, "src/main/kotlin/app.kt": text})
    assert candidate.start == f"java -cp 'lib/*' {main}"
    assert "installDist" in commands(candidate)[0]


def test_a_gradle_project_below_the_root_is_found_by_the_settings(tmp_path: Path) -> None:
    files = {
        "settings.gradle": "rootProject.name = 'x'\ninclude ':libs:core',\n    ':services:api'\n// include 'old'\n",
        "build.gradle": "plugins {\n  id 'org.springframework.boot' version '3.5.6' apply false\n}\n",
        "libs/core/build.gradle": "plugins {\n  id 'java-library'\n}\n",
        "services/api/build.gradle": "apply plugin: 'org.springframework.boot'\n",
    }
    candidate = detected(tmp_path, files)
    assert "clean :services:api:bootJar" in commands(candidate)[0]
    assert "services/api/build/libs" in commands(candidate)[2]
    assert candidate.start == "java -Dserver.port=$PORT -jar app.jar"


def test_a_wrapper_without_its_jar_is_not_used_and_that_is_said(tmp_path: Path) -> None:
    files = {"build.gradle": "plugins {\n  id 'io.quarkus'\n}\n", "gradlew": ""}
    candidate = detected(tmp_path, files)
    assert candidate.stages[0].runtime == "gradle"
    assert "gradle-wrapper.jar" in candidate.warnings[0].text
    whole = {"gradle/wrapper/gradle-wrapper.properties": "", "gradle/wrapper/gradle-wrapper.jar": ""}
    candidate = detected(tmp_path, whole)
    assert (candidate.stages[0].runtime, candidate.warnings) == ("java", ())


def test_heroku_s_stage_task_is_run_for_a_procfile_that_names_what_it_makes(tmp_path: Path) -> None:
    files = {
        "build.gradle": "plugins {\n  id 'application'\n}\ntask stage(dependsOn: ['installDist'])\n",
        "Procfile": "web: ./build/install/app/bin/app\n",
    }
    candidate = detected(tmp_path, files)
    assert ":stage" in commands(candidate)[0]
    assert candidate.start == ""
    assert candidate.certain
    assert [step.to for step in candidate.stages[1].steps if isinstance(step, Copy)] == ["./build/"]


def test_what_is_not_java_is_left_to_others(tmp_path: Path) -> None:
    assert detect(Tree(tmp_path)) is None


def test_java_is_given_a_trust_store_of_the_certificates_that_a_build_gets(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"pom.xml": pom(BOOT)})
    text = Dockerfile(lambda runtime, version: f"{runtime}:{version}", 8080, candidate.start).render(candidate)
    _, _, command = text.partition("target=/run/secrets/shipway-ca.crt \\\n")
    script = command.partition("\n\nFROM")[0]
    subprocess.run(["sh", "-n", "-c", script], check=True)
    given, _, always = script.partition("|| exit 1; fi;")
    assert "if [ -s $ca ]; then" in given
    assert "JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=" in given
    assert "mvn" in always and "trust" not in always


def test_a_command_of_the_user_s_own_can_name_what_is_built_of_an_app_that_is_not_understood(tmp_path: Path) -> None:
    candidate = detected(tmp_path, {"pom.xml": pom("<packaging>war</packaging>")})
    assert [step.to for step in candidate.stages[1].steps if isinstance(step, Copy)] == ["./target/"]
