"""What an app needs to start at all: its command, its modules and files, its libraries, a processor of its kind. Data;
`diagnosis_rule.py` reads it."""

from shipway.pipeline.diagnosis_rule import Rule, Words, rule

_SHELL = r"(?:^|[\s/])(?:sh|bash|ash|dash|entrypoint\S*|\S+\.sh)(?::| line| \d+|: \d+)*:"
_NODE = r"Cannot find (?:module|package) '"

#: Debian's packages of the libraries that are missed most.
_PACKAGES = {
    "libGL.so": "libgl1",
    "libglib-2.0.so": "libglib2.0-0",
    "libgthread-2.0.so": "libglib2.0-0",
    "libpq.so": "libpq5",
    "libmariadb.so": "libmariadb3",
    "libmysqlclient.so": "default-libmysqlclient-dev",
    "libssl.so": "libssl3",
    "libcrypto.so": "libssl3",
    "libvips.so": "libvips42",
    "libxml2.so": "libxml2",
    "libgomp.so": "libgomp1",
    "libSM.so": "libsm6",
    "libXext.so": "libxext6",
    "libX11.so": "libx11-6",
    "libcairo.so": "libcairo2",
    "libpango-1.0.so": "libpango-1.0-0",
    "libgobject-2.0": "libglib2.0-0",
    "libmagic.so": "libmagic1",
    "libicu": "libicu-dev",
    "libstdc++.so": "libstdc++6",
    "libnss3.so": "libnss3",
}


def _library(words: Words) -> str:
    known = next((package for name, package in _PACKAGES.items() if words["what"].startswith(name)), "")
    return f"Install {known or 'the package that has it'} in the image: RUN apt-get update && apt-get install -y " + (
        f"{known}." if known else "PACKAGE (`apt-file search` finds it)."
    )


ARCHITECTURE: tuple[Rule, ...] = (
    rule(
        "wrong-architecture",
        "{what} is made for another kind of processor than this machine has, or is no program",
        "Build the image here, or for this machine: docker build --platform linux/amd64 (or linux/arm64). "
        "A script needs a first line such as #!/bin/sh.",
        r"(?<!\S)(?P<what>[^\s:]{1,200}): (?i:cannot execute(?: binary file)?: )?(?i:exec format error)",
        r"exec (?P<what>\S{1,200}?):? (?:failed: )?(?i:exec format error)",
        r"(?<!\S)(?P<what>[^\s:]{1,200}): cannot execute binary file",
        r"\[Errno 8\] Exec format error: '(?P<what>[^']+)'",
        r"(?i)exec format error|wrong ELF class|invalid ELF header|ERR_DLOPEN_FAILED.*(?:arm64|x86_64)",
        r"/(?:lib|usr)\S*/ld-linux\S*(?:aarch64|x86-64|armhf)\S*: No such file",
        # A shell that takes a program for a script, as it does after the kernel refused it.
        r"(?<!\S)(?P<what>/[^\s:]{1,200}): (?:line )?1: \S{0,20}ELF",
        r"(?:line )?1: .{0,8}ELF.{0,200}: not found",
        r"(?<!\S)(?P<what>/[^\s:]{1,200}): (?:line )?\d+: [Ss]yntax error: (?:\"\(\"|unexpected|Unterminated).{0,60}$",
        exit_codes=(1, 2, 126, 127, 128, 255),
        fallback="the program it starts",
        after=1,
    ),
)

LIBRARIES: tuple[Rule, ...] = (
    rule(
        "missing-system-package",
        "the image has no library {what}",
        _library,
        r"error while loading shared libraries: (?P<what>[^\s:]+): cannot open shared object",
        r"ImportError: (?P<what>lib[^\s:]+): cannot open shared object file",
        r"OSError: cannot load library '(?P<what>[^']+)'",
        r"Error loading shared library (?P<what>[^\s:]+):",
        r"Error: (?P<what>lib[^\s:]+\.so[^\s:]*): cannot open shared object file",
        r"Unable to load dynamic library '[^']*' .*?(?P<what>lib[^\s:]+\.so[^\s:]*): cannot open",
        exit_codes=(1, 2, 126, 127, 255),
        fallback="that it is linked against",
    ),
    rule(
        "missing-system-package",
        "it was linked against a newer C library ({what}) than the image has",
        "Build it on the same base image that it runs on, or link it statically (CGO_ENABLED=0, a musl target).",
        r"version `(?P<what>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found",
    ),
)

COMMANDS: tuple[Rule, ...] = (
    rule(
        "command-not-found",
        "the start command {what} can't be found, or its first line names an interpreter that is not there",
        "Is it in the image, under that path? A script: save it with Unix line ends, and install the interpreter that its "
        "#! line names. A program from elsewhere may be linked against another C library (glibc, musl).",
        r"\[FATAL tini \(\d+\)\] exec (?P<what>\S*/\S*) failed: No such file or directory",
        r"(?<!\S)(?P<what>\S*/[^\s:]+): (?:cannot execute: required file not found|bad interpreter)",
        r"env: [‘'\"]?(?P<what>[^’'\":\n]*\\r)[’'\"]?: No such file or directory",
        rf"{_SHELL} (?P<what>\.{{0,2}}/[^\s:]*): (?:not found|No such file or directory)",
        exit_codes=(126, 127),
        fallback="of the image",
    ),
    rule(
        "command-not-found",
        "the command {what} is not in the image",
        "Check its spelling (`shipway services set PATH --start-command …`, the Procfile's line, or CMD), and that the "
        "image has it: what only development needs is left out of it.",
        r"\[FATAL tini \(\d+\)\] exec (?P<what>\S+) failed: No such file or directory",
        rf"{_SHELL} (?P<what>[^\s:]+): (?:command )?not found",
        rf"{_SHELL} (?P<what>[^\s:]+): No such file or directory",
        r"exec: (?:line \d+: )?(?P<what>[^\s:]+): not found",
        r"env: [‘'\"]?(?P<what>[^’'\":\n]+)[’'\"]?: No such file or directory",
        r"bundler: command not found: (?P<what>\S+)",
        exit_codes=(127,),
        fallback="that it is started with",
    ),
    rule(
        "command-not-found",
        "the command {what}, which it calls, is not in the image",
        "Install it in the image, or correct its name.",
        r"spawn (?P<what>\S+) ENOENT",
        r"bundler: command not found: (?P<what>\S+)",
        r"exec: \"(?P<what>[^\"]+)\": executable file not found in \$PATH",
        r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<what>(?:gunicorn|uvicorn|node|npm|ffmpeg|git)[^']*)'",
    ),
    rule(
        "command-not-found",
        "package.json has no script {what}",
        "Add it to `scripts`, or name another start command: `shipway services set PATH --start-command …`.",
        r"(?i:missing script): ?\"?(?P<what>[^\s\"]+)",
        r"Command \"?(?P<what>[^\s\"]+)\"? not found\.$",
        r"ERR_PNPM_NO_SCRIPT\S*\s+Missing script: (?P<what>\S+)",
        exit_codes=(1,),
        fallback="of that name",
    ),
    rule(
        "command-not-executable",
        "{what} may not be executed",
        "Make it executable in the repository (git update-index --chmod=+x FILE) or in the image (RUN chmod +x), or call its "
        "interpreter: sh script.sh.",
        r"\[FATAL tini \(\d+\)\] exec (?P<what>\S+) failed: Permission denied",
        rf"{_SHELL} (?P<what>[^\s:]+): (?i:permission denied)",
        r"(?<!\S)(?P<what>/[^\s:]+): (?i:permission denied|is a directory)",
        r"env: [‘'\"]?(?P<what>[^’'\":\n]+)[’'\"]?: Permission denied",
        exit_codes=(126,),
        fallback="the start command",
    ),
)

MODULES: tuple[Rule, ...] = (
    rule(
        "module-missing",
        "the script {what} is not in the image",
        "Correct the start command or the path; is the file committed, copied, and not left out by .dockerignore?",
        r"sh: (?:\d+: )?(?:cannot|can't) open '?(?P<what>[^\s':]+)'?",
        exit_codes=(1, 2, 127),
    ),
    rule(
        "module-missing",
        "it imports {what}, which is not in the image",
        "List it among the app's dependencies (requirements.txt, pyproject.toml), and deploy again. If it is the app's own: "
        "does the start command name it as it is spelt, from the directory it runs in?",
        r"ModuleNotFoundError: No module named '?(?P<what>[\w.]+)'?",
        r"(?:python[\d.]*|bin/\S+): No module named (?P<what>[\w.]+)",
        r"Error loading ASGI app\. Could not import module \"(?P<what>[^\"]+)\"",
        r"^Error: Could not import '(?P<what>[^']+)'\.",
        before=3,
    ),
    rule(
        "module-missing",
        "the module that is served has no {what}",
        "Name the app as the code does in the start command: module:variable, such as main:app.",
        r"Failed to find attribute '(?P<what>[^']+)' in '[^']+'",
        r"Error loading ASGI app\. Attribute \"(?P<what>[^\"]+)\" not found in module",
        r"Failed to find (?:Flask|WSGI|ASGI) application or factory in module '(?P<what>[^']+)'",
    ),
    rule(
        "module-missing",
        "the file {what} is not in the image",
        "Correct the start command or the path; is the file committed, copied, and not left out by .dockerignore? What a "
        "build makes has to be made in the image: is the build command run?",
        rf"{_NODE}(?P<what>/[^']+)'(?! imported)",
        r"can't open file '?(?P<what>[^':]+)'?: \[Errno 2\]",
        r"Unable to access jarfile (?P<what>\S+)",
        r"Could not open input file: (?P<what>\S+)",
        r"Failed opening required '(?P<what>[^']+)'",
        r"(?:Module not found|Cannot find module) \"file://(?P<what>[^\"]+)\"",
        r"configuration (?P<what>\S+\.ru) not found",
        r"No such file or directory -- (?P<what>\S+) \(LoadError\)",
        r"The (?:application|command) '(?P<what>[^']+\.dll)' does not exist",
        r"ENOENT: no such file or directory, (?:open|stat|lstat|scandir) '(?P<what>[^']+)'",
        r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<what>[^']+)'",
        r"(?:open|stat|read) (?P<what>[\w./-]+): no such file or directory",
        r"No such file or directory @ rb_sysopen - (?P<what>\S+)",
        r"(?:FileNotFoundException|NoSuchFileException): (?P<what>[^\s(]+)(?=$| \(No such)",
        r"Could not locate Gemfile",
        before=2,
        fallback="Gemfile",
    ),
    rule(
        "module-missing",
        "it needs the package {what}, which is not in the image",
        "List it among `dependencies` of package.json (not devDependencies, which are left out), and deploy again.",
        rf"{_NODE}(?P<what>[^/'.][^']*)'",
        r"Cannot resolve module \"(?P<what>[^\"]+)\"",
        before=2,
        after=3,
    ),
    rule(
        "module-missing",
        "it needs the gem {what}, which is not in the image",
        "Add it to the Gemfile outside the groups that production leaves out, and update Gemfile.lock.",
        r"cannot load such file -- (?P<what>\S+)",
        r"Could not find (?P<what>\S+) in (?:locally installed gems|any of the sources|cached gems)",
        r"Could not find gem '(?P<what>[^']+)'",
    ),
    rule(
        "module-missing",
        "the class {what} is not in what was built",
        "Name the main class in the build's manifest, and package its dependencies with it (a fat jar).",
        r"Could not find or load main class (?P<what>\S+)",
        r"no main manifest attribute, in (?P<what>\S+)",
        r"(?:NoClassDefFoundError|ClassNotFoundException): (?P<what>\S+)",
    ),
    rule(
        "module-missing",
        "it needs the class {what}, which Composer has not loaded",
        "Is it required in composer.json, and does its namespace match its path?",
        r"Uncaught Error: Class \"(?P<what>[^\"]+)\" not found",
    ),
)
