"""What package managers write when they can't install: data, in the order in which they are tried."""

from shipway.builders.failure_rule import Rule, rule

REFUSED = rule(
    "registry-auth",
    "{instruction}{at} was refused by a package registry or repository: credentials are missing, wrong or expired.",
    "Give the build credentials for that registry as a secret, and check that they may read this package.",
    r"npm (?:ERR!|error) code E40[13]",
    r"ERR_PNPM_FETCH_40[13]",
    r"(?i)HTTP error 40[13]|40[13] Client Error|status (?:code|client error)[: (]+40[13]|401 Unauthorized|403 Forbidden",
    r"(?i)authentication failed for|could not read (?:username|password) for|Permission denied \(publickey",
    r"(?i)Bad username or password for|Authentication is required for",
)

LOCK_FILES: tuple[Rule, ...] = (
    rule(
        "lock-file-outdated",
        "{instruction}{at}: the lock file is missing or does not match the dependencies.",
        "Update the lock file (npm install, yarn install, pnpm install, uv lock, poetry lock, cargo build, go mod tidy, bundle "
        "lock), commit it, and deploy again.",
        r"npm (?:ERR!|error) (?:Missing|Invalid): (?P<what>.+) (?:from lock file|does not satisfy)",
        r"npm ci`?.* can only install (?:packages when your package\.json and|with an existing) package-lock\.json",
        r"ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_NO_LOCKFILE|Headless installation requires a pnpm-lock|YN0028:",
        r"(?i)lock ?file.*(?:is not up to date|needs to be updated|out of (?:date|sync)|changed significantly)",
        r"Unable to find lockfile at|Lockfile does not exist|poetry\.lock (?:was not found|is not consistent)",
        r"Pipfile\.lock \([^)]*\) (?:is )?out of date|because (?:--locked|--frozen) was passed to prevent this",
        r"missing go\.sum entry|updates to go\.(?:mod|sum) needed|inconsistent vendoring in",
        r"(?i)the gemfile's dependencies .*deployment mode|frozen mode is set",
        r"THESE PACKAGES DO NOT MATCH THE HASHES|checksum mismatch|EINTEGRITY",
        first=True,
    ),
)

VERSIONS: tuple[Rule, ...] = (
    rule(
        "version-mismatch",
        "{instruction}{at} builds a package from source that is older than this Python.",
        "Ask for a newer release of that package, or for an older Python (.python-version).",
        r"BackendUnavailable: Cannot import 'setuptools\.build_meta'|'pkgutil' has no attribute 'ImpImporter'",
        r"No module named 'distutils'",
    ),
    rule(
        "version-mismatch",
        "{instruction}{at} needs {runtime} {what}, and the image has another version.",
        "Name that version where your project pins it (.python-version, engines in package.json, go.mod, .tool-versions), or "
        "start FROM an image that has it.",
        r"requires a different (?P<runtime>Python): \S+ not in '(?P<what>[^']+)'",
        r"Current (?P<runtime>Python) version \(\S+\) is not allowed by the project \((?P<what>[^)]+)\)",
        r"No interpreter found for (?P<runtime>Python) (?P<what>\S+)",
        r"current (?P<runtime>Python) version \([^)]*\) does not satisfy (?:Python)?(?P<what>\S+)",
        r"npm (?:ERR!|error) notsup Required:\s+(?P<what>.+)",
        r"The engine \"(?P<runtime>\w+)\" is incompatible with this module\. Expected version \"(?P<what>[^\"]+)\"",
        r"Expected version: (?P<what>\S.*)",
        r"ERR_PNPM_UNSUPPORTED_ENGINE|npm (?:ERR!|error) code EBADENGINE",
        r"You are using (?P<runtime>Node\.js) \S+ .*(?P<what>(?:Node\.js )?version .*required)",
        r"(?P<runtime>Node\.js) version (?P<what>\S+) (?:or higher )?is required",
        r"go\.mod requires (?P<runtime>go) (?P<what>>= \S+)",
        r"requires (?P<runtime>rustc) (?P<what>[\d.]+)(?: or newer)?",
        r"Your (?P<runtime>Ruby) version is \S+, but your Gemfile specified (?P<what>\S+)",
        r"requires (?P<runtime>php) (?P<what>\S+) but your php version",
        r"(?:release version|invalid target release:|invalid source release:) (?P<what>\d+)(?: not supported)?",
        r"NETSDK1045: .*targeting (?P<what>\.NET \S+)",
        first=True,
        fallback="(see below)",
    ),
)

NOT_FOUND: tuple[Rule, ...] = (
    rule(
        "dependency-not-found",
        "{instruction}{at} asks for a package that does not exist, or not in that version or for this platform: {what}.",
        "Correct its name or version where it is required; a package for another Python or Node version counts as missing "
        "too, and so does a private one when the build has no credentials.",
        r"No matching distribution found for (?P<what>.+)",
        r"Could not find a version that satisfies the requirement (?P<what>\S+)",
        r"Ignored the following versions that require a different python version",
        r"Because (?P<what>\S+) was not found in the (?:package registry|provided package locations)",
        r"(?:Because|And because) there (?:is|are) no versions? of (?P<what>\S+)",
        r"Because (?P<what>\S+) has no versions",
        r"depends on (?P<what>\S+ \([^)]*\)) which doesn't match any versions",
        r"(?i)which doesn't match any versions, version solving failed",
        r"Unable to find installation candidates for (?P<what>.+)",
        r"No (?:candidates|matching distribution) (?:found|is found) for ['\"]?(?P<what>[^'\"]+)",
        r"No matching version found for (?P<what>\S+)",
        r"npm (?:ERR!|error) 404\s+'?(?P<what>@?[^'\s]+@[^'\s]+)'? is not in",
        r"npm (?:ERR!|error) code (?:E404|ETARGET|ENOVERSIONS)",
        r"^(?P<what>@?[\w./-]+) is not in the npm registry",
        r"ERR_PNPM_(?:FETCH_404|NO_MATCHING_VERSION\S*)",
        r"Couldn't find (?:package|any versions for) \"(?P<what>[^\"]+)\"",
        r"YN0035: .*(?P<what>\S+):? (?:Package not found|The remote server)",
        r"E: Unable to locate package (?P<what>\S+)",
        r"E: Package '(?P<what>[^']+)' has no installation candidate",
        r"E: Version '(?P<what>[^']+)' for '[^']+' was not found",
        r"^\s*(?P<what>\S+) \(no such package\)",
        r"no matching package named `(?P<what>[^`]+)` found",
        r"failed to select a version for the requirement `(?P<what>[^`]+)`",
        r"(?<!\S)(?P<what>[\w./-]+@\S+): .*(?:unknown revision|404 Not Found|invalid version)",
        r"no required module provides package (?P<what>\S+?)[;:]",
        r"Could not find gem '(?P<what>[^']+)'",
        r"Could not find artifact (?P<what>\S+)",
        r"Could not find (?P<what>[\w.-]+:[\w.-]+:\S+?)\.?$",
        r"package (?P<what>\S+),? (?:it )?could not be found in any version",
        r"NU1101: Unable to find package (?P<what>\S+?)\.? ",
        fallback="see the lines below",
    ),
)

CONFLICTS: tuple[Rule, ...] = (
    rule(
        "dependency-conflict",
        "{instruction}{at}: the versions that are asked for exclude each other.",
        "Loosen or change one of the versions that the lines below name, bring the lock file up to date, and deploy again.",
        r"Cannot install (?P<what>.+) because these package versions have conflicting dependencies",
        r"No solution found when resolving dependencies",
        r"npm (?:ERR!|error) ERESOLVE (?:unable to resolve|could not resolve)",
        r"version solving failed|ResolutionImpossible|ResolutionTooDeep|unable to find a resolution",
        r"Bundler could not find compatible versions|Could not find compatible versions",
        r"Your requirements could not be resolved to an installable set of packages",
        r"failed to select a version for `(?P<what>[^`]+)`",
        r"NU1107: Version conflict",
        first=True,
        after=10,
    ),
)

MANIFESTS: tuple[Rule, ...] = (
    rule(
        "manifest-error",
        "{instruction}{at} can't read a file that says what to install.",
        "Correct the file at the place that the lines below name.",
        r"npm (?:ERR!|error) (?:code EJSONPARSE|JSON\.parse .*)|ERR_PNPM_JSON_PARSE|Failed to parse JSON",
        r"ERROR: Invalid requirement: (?P<what>.+)",
        r"ERROR: Could not open requirements file: .*'(?P<what>[^']+)'",
        r"(?i)TOML parse error|invalid toml|failed to parse manifest|errors parsing go\.mod|Non-parseable POM|TOMLDecodeError",
        r"There was an error parsing `Gemfile`",
        first=True,
        after=3,
    ),
    rule(
        "command-not-found",
        "{instruction}{at} runs the script {what}, which package.json does not have.",
        "Add it to `scripts` in package.json, or correct its name here.",
        r"Missing script: \"?(?P<what>[^\"]+)\"?",
        r"ERR_PNPM_NO_SCRIPT\s+Missing script: (?P<what>\S+)",
        r"error Command \"(?P<what>[^\"]+)\" not found",
        r"Couldn't find a script named \"(?P<what>[^\"]+)\"",
    ),
    rule(
        "command-not-found",
        "{instruction}{at}: the Makefile has no rule for {what}.",
        "Add the target to the Makefile, or correct its name; is the file it is made from committed?",
        r"No rule to make target ['`](?P<what>[^']+)'",
    ),
)
