"""What compilers, bundlers, tests and build scripts write when they fail: data, in the order in which they are tried."""

from shipway.builders.failure_rule import Rule, rule

SYSTEM_PACKAGES: tuple[Rule, ...] = (
    rule(
        "missing-system-package",
        "{instruction}{at} compiles something, and {what} is not in the image.",
        "Install {package} before it: RUN apt-get update && apt-get install -y {package}. "
        "A version of the dependency that comes compiled (psycopg2-binary, a newer release) needs none.",
        r"[Ee]rror: (?P<what>pg_config) executable not found",
        r"(?P<what>mysql_config|pcre2-config|xml2-config|xslt-config|curl-config): (?:command )?not found",
        r"OSError: (?P<what>mysql_config) not found",
        r"fatal error: (?P<what>[\w./+-]+\.h(?:pp)?): No such file",
        r"No such file or directory: '(?P<what>(?:[\w.-]+-)?(?:gcc|g\+\+|cc|c\+\+|clang|c?make|git|pg_config|mysql_config))'",
        r"(?:unable to execute|error: command) '?(?P<what>(?:[\w-]+-)?(?:gcc|g\+\+|cc|c\+\+))'?(?:| failed): No such file",
        r"linker `(?P<what>[^`]+)` not found",
        r"C compiler \"(?P<what>[^\"]+)\" not found",
        r"gyp ERR! stack Error: not found: (?P<what>\S+)",
        r"gyp ERR! find (?P<what>Python)\b.*(?:not set|not found|is not)",
        r"Can not find valid (?P<what>pkg-config) name",
        r"(?:Package|No package) '?(?P<what>[\w.+-]+)'?,? (?:was not found in the pkg-config|required by|found$)",
        r"/ld: cannot find -(?P<what>l[\w-]+)",
        r"Could not find (?P<what>openssl|OpenSSL) (?:installation|via pkg-config)",
        r"Could not find directory of (?P<what>OpenSSL)",
        r"(?P<what>CMake) must be installed to build|is `(?P<what2>cmake)` not installed",
        r"can't find (?P<what>Rust) compiler",
        r"(?P<what>Python\.h|libpq-fe\.h|ffi\.h|zlib\.h|jpeglib\.h|mysql\.h).*(?:not found|could not be found|missing)",
        r"Could not find `?(?P<what>protoc)`?",
        fallback="a tool it needs",
        first=True,
    ),
)

VARIABLES: tuple[Rule, ...] = (
    rule(
        "missing-variable",
        "{instruction}{at} needs the environment variable {what}, which a build does not have unless it is told to.",
        "Mark the config var {what} as buildtime, or let the code do without it while it is built. "
        "Other config vars are there only when the app runs.",
        r"^KeyError: '(?P<what>[A-Z][A-Z0-9_]{2,})'$",
        r"ImproperlyConfigured: The (?P<what>[A-Z_]+) setting must not be empty",
        r"ImproperlyConfigured: Set the (?P<what>\w+) environment variable",
        r"UndefinedValueError: (?P<what>\w+) not found",
        r"Environment variable not found: (?P<what>\w+)",
        r"environment variable `(?P<what>\w+)` not defined at compile time",
        r"key not found: \"(?P<what>[A-Z][A-Z0-9_]+)\"",
        r"Missing `(?P<what>secret_key_base)` for",
        r"(?i:missing|required|undefined|unset|invalid)(?i: required)?(?i: env(?:ironment)? variables?)"
        r"(?: is| are)?[:\s]*\W*(?P<what>[A-Z][A-Z0-9_]{2,})",
        r"(?i:env(?:ironment)? variable) [\"'`]?(?P<what>[A-Z][A-Z0-9_]{2,})[\"'`]? (?i:is |was |must be )?"
        r"(?i:not set|not defined|not found|missing|required|unset|undefined|set)",
        r"\b(?P<what>[A-Z][A-Z0-9]*_[A-Z0-9_]+)[\"'`]? (?i:environment variable )?(?i:is |was |must be )"
        r"(?i:not set|not defined|missing|required|unset|undefined|set\b)",
        r": (?P<what>[A-Z][A-Z0-9_]{2,}): (?:parameter not set|unbound variable)",
        r"Error: (?P<what>(?:supabase|stripe|next_public)\w*(?:url|key)\w*) is required",
        fallback="that the lines below name",
        before=4,
    ),
)

MODULES: tuple[Rule, ...] = (
    rule(
        "compile-error",
        "{instruction}{at}: {what} is imported, and there is no such file.",
        "Correct the path: upper and lower case count here, as they may not on your own machine. Is the file committed?",
        r"Module not found: (?:Error: )?Can't resolve '(?P<what>(?:\.{1,2}/|@/|~/)[^']*)'",
        r"Could not (?:resolve|load) \"?(?P<what>(?:\.{1,2}/|@/|~/)[^\"\s]*)\"?",
        r"Cannot find module '(?P<what>\.{1,2}/[^']*)'",
        r"Rollup failed to resolve import \"(?P<what>(?:\.{1,2}/|@/|~/|/)[^\"]*)\"",
        first=True,
    ),
    rule(
        "dependency-not-found",
        "{instruction}{at} imports {what}, which is not installed.",
        "Add it to what the project requires. Of a Node project, devDependencies are missing when NODE_ENV=production or "
        "--omit=dev is set while they are installed.",
        r"ModuleNotFoundError: No module named '(?P<what>[^']+)'",
        r"Module not found: (?:Error: )?Can't resolve '(?P<what>[^']+)'",
        r"Rollup failed to resolve import \"(?P<what>[^\"]+)\"",
        r"Could not resolve \"(?P<what>[^\"]+)\"",
        r"Cannot find (?:module|package) '(?P<what>[^/'][^']*)'(?! or its corresponding)",
        r"cannot load such file -- (?P<what>\S+)",
        first=True,
    ),
)

TESTS: tuple[Rule, ...] = (
    rule(
        "tests-failed",
        "{instruction}{at} ended with exit code {exit}: tests failed.",
        "Correct what the lines below name, or take the tests out of the build and run them before the push.",
        r"^FAILED (?P<what>\S+::\S+)",
        r"^--- FAIL: (?P<what>\S+)",
        r"^(?:FAIL|ERROR): (?P<what>test\w+)",
        r"^\s*● (?P<what>.+ › .+)",
        r"^not ok \d+ -? ?(?P<what>.+)",
        r"^ *(?:FAIL|❯|×) +(?P<what>\S+\.(?:test|spec)\.\w+)",
        r"^test (?P<what>\S+) \.\.\. FAILED",
        r"test result: FAILED|There are test failures|There were failing tests|\b[1-9]\d* examples?, [1-9]\d* failures?",
        r"^Tests: +.*[1-9]\d* failed|^=+ .*[1-9]\d* failed.* in ",
        first=True,
    ),
)

COMPILERS: tuple[Rule, ...] = (
    rule(
        "compile-error",
        "{instruction}{at}: the code does not compile: {what}",
        "Correct the line that is shown below; is it written for a newer version of the language than the image has?",
        r"^(?P<what>(?:Syntax|Indentation|Tab)Error: .+)",
        first=True,
        before=3,
    ),
    rule(
        "build-command-failed",
        "{instruction}{at} ended with exit code {exit}: a page could not be rendered while building ({what}).",
        "Correct the error below. A page that needs a database or an API when it is built has to be rendered on request.",
        r"Error occurred prerendering page (?P<what>\S+?)\.? ",
        first=True,
        after=2,
    ),
    rule(
        "compile-error",
        "{instruction}{at}: the code does not compile: {what}",
        "Correct the first error, which is the first line below; the others often follow from it.",
        # TypeScript, plain and for terminals
        r"^(?P<what>\S+?\(\d+,\d+\): error TS\d+: .+)",
        r"^(?P<what>\S+?:\d+:\d+ - error TS\d+: .+)",
        # Rust
        r"^(?P<what>error(?:\[E\d+\]): .+)",
        # Java, Kotlin (Maven, Gradle), C#
        r"^\[ERROR\] (?P<what>\S+\.(?:java|kt|scala):\[?\d+.*)",
        r"^(?P<what>\S+\.java:\d+: error: .+)",
        r"^e: (?P<what>(?:file://)?\S+\.kt:\d+.*)",
        r"^(?P<what>\S+\.cs\(\d+,\d+\): error \w+: .+)",
        # Go, C, C++, Swift
        r"^(?P<what>\S+\.go:\d+(?::\d+)?: .+)",
        r"^(?P<what>\S+\.(?:c|cc|cpp|cxx|h|hpp|m|swift):\d+:\d+: (?:fatal )?error: .+)",
        # Ruby, PHP, shell
        r"^(?P<what>\S+\.rb:\d+: (?:syntax error|.*SyntaxError).*)",
        r"^(?:PHP )?(?P<what>Parse error: .+)",
        r"^(?P<what>\S+: \d+: Syntax error: .+)",
        # Vite, Rollup, esbuild, webpack, Next, Babel
        r"^(?P<what>\S+\.(?:[cm]?[jt]sx?|vue|svelte|astro|css|scss) \(\d+:\d+\): .+)",
        r"^[✘x] \[ERROR\] (?P<what>.+)",
        r"^(?P<what>ERROR in .+)",
        r"^(?P<what>Type error: .+)",
        r"^(?P<what>Failed to compile\.?)$",
        first=True,
        after=4,
        fallback="see below",
    ),
)
