"""What BuildKit itself says when a build fails: an ordered table, the first match wins. Data only; `failures.py` reads it."""

from shipway.builders.failure_rule import (
    CONNECTION_PATTERNS,
    DISK,
    DNS_PATTERNS,
    EXTRA_CA_HINT,
    TLS_PATTERNS,
    Rule,
    rule,
)

#: Read as a Dockerfile of today; this engine's BuildKit can't yet.
HERE_DOCUMENT = rule(
    "engine-too-old",
    "The here-document{at} is newer than this machine's engine can read.",
    "Join the commands with && and a \\ at each line's end, and COPY files instead of writing them; or update Docker to "
    "version 23 or later.",
)

#: BuildKit itself failed, at a step without a command or before any; the lines are what it says.
AROUND_A_COMMAND: tuple[Rule, ...] = (
    rule(
        "engine-too-old",
        "--{what}{at} is newer than this machine's engine.",
        "Remove the flag, or update Docker to version 23 or later. Where a public registry can be reached, the line "
        "`# syntax=docker/dockerfile:1` at the top brings a newer reader.",
        r"line (?P<line>\d+): (?i:unknown flag: )(?P<what>checksum|chmod|device|exclude|keep-git-dir|link|network|parents"
        r"|security|start-interval|unpack)\b",
        r"the --(?P<what>chmod) option requires BuildKit",
    ),
    rule(
        "dockerfile-error",
        "The Dockerfile is wrong{at}: {what}.",
        "Correct that line; the Dockerfile reference lists the instructions and their options.",
        r"dockerfile parse error (?:on )?line (?P<line>\d+): (?P<what>.+)",
    ),
    DISK,
    rule(
        "missing-variable",
        "{instruction}{at} wants the build secret {what}, which this build was not given.",
        "Set a config var or secret of that name and mark it buildtime; or let the step do without (drop `required`).",
        r"^secret (?P<what>\S+?) not found|secret (?P<what2>\S+?): not found",
        r"no SSH key \"(?P<what>[^\"]*)\" forwarded",
        fallback="for SSH",
    ),
    rule(
        "dockerfile-error",
        "{instruction}{at} runs as {what}, a user that the image does not have.",
        "Make the user in an earlier step (RUN useradd …), or name one that exists, or a number.",
        r"unable to find user (?P<what>[^\s:]+)",
        r"unable to find group (?P<what>[^\s:]+)",
        r"invalid user(?:name|:) (?:index: )?(?P<what>\S+)",
    ),
    rule(
        "dockerfile-error",
        "{instruction}{at}: {what} is a file, and a directory is needed there.",
        "Choose another path, or remove the file in an earlier step.",
        r"/merged(?P<what>/\S*): not a directory",
    ),
    rule(
        "network",
        "ADD{at} could not fetch {what}.",
        "Check the address, and that this machine reaches it; or download the file into the source.",
        r"(?:Get|Head) \"(?P<what>https?://(?:(?!/v2/)[^\"])+)\": ",
    ),
    rule(
        "dependency-not-found",
        "ADD{at}: {instruction} does not exist, or not for everybody (HTTP 4xx).",
        "Check the address; what needs a login is better downloaded by RUN, with a secret mounted.",
        r"invalid response status 4\d\d",
    ),
    rule(
        "dockerfile-error",
        "{instruction}{at} copies {what}, which is not in the build context.",
        "Check the path (it is relative to the build context) and .dockerignore; is the file committed?",
        r"\"(?P<what>[^\"]+)\":? not found",
        r"failed to compute cache key: (?P<what>\S+): not found",
        r"no source files were specified",
        fallback="a file",
    ),
    rule(
        "dockerfile-error",
        "The Dockerfile has no stage {what}.",
        "Check the target's name against the `FROM … AS name` lines.",
        r"target stage \"?(?P<what>[^\" ]+)\"? could not be found",
        r"failed to reach build target (?P<what>\S+)",
    ),
    rule(
        "registry-auth",
        "The registry of {image}{at} limits how often it may be pulled without an account.",
        "Wait, or log the engine in (`docker login`), or use a mirror.",
        r"(?i)toomanyrequests|too many requests|pull rate limit",
    ),
    rule(
        "network",
        "The registry of {image}{at} has a certificate that is not trusted (TLS).",
        EXTRA_CA_HINT,
        *TLS_PATTERNS,
    ),
    rule(
        "network",
        "{image} is named by the `# syntax=` line{at}, and its registry can't be reached.",
        "Delete the `# syntax=` line: the engine's own BuildKit reads the Dockerfile then.",
        r"failed to do request: Head \"[^\"]*/docker/dockerfile/manifests/[^\"]*\"",
    ),
    rule(
        "network",
        "{image}{at} is not on this machine, and its registry's name {what} can't be resolved (DNS).",
        "Check this machine's name servers. Without a way to a public registry, bring the image with `docker load`.",
        *DNS_PATTERNS,
    ),
    rule(
        "network",
        "{image}{at} is not on this machine, and its registry {what} can't be reached.",
        "Check the way to the registry. Without one, bring the image with `docker load`.",
        *CONNECTION_PATTERNS,
    ),
    rule(
        "base-image-not-found",
        "The base image {image} does not exist{at}, or it is private.",
        "Check its name and tag. If it is private, give the engine credentials for its registry (`docker login`).",
        r"repository does not exist or may require authorization",
        r"(?i)manifest unknown|name unknown|repository name not known",
        r"no match for platform in manifest|no matching manifest for",
        r"(?<!\S)[\w./:@-]+: not found$",
    ),
    rule(
        "registry-auth",
        "The registry of {image}{at} refused: credentials are missing, wrong or expired.",
        "Log the engine in to that registry (`docker login`) with an account that may pull this image.",
        r"(?i)unauthorized|40[13] (?:unauthorized|forbidden)|no basic auth credentials",
        r"(?i)requested access .* denied|insufficient_scope",
    ),
    rule(
        "dockerfile-error",
        "The Dockerfile is wrong{at}: {what}.",
        "Correct it; a local `docker build` says the same.",
        r"(?P<what>the Dockerfile(?: \([^)]*\))? cannot be empty)",
        r"(?P<what>(?i:file with no instructions|no build stage in current context|circular dependency.*|unexpected end of.*))",
        r"(?P<what>(?i:invalid containerPort.*|invalid reference format|unsupported (?:mount|flag).*|unknown flag.*))",
        r"(?P<what>failed to parse .*|failed to process .*|base name .* should not be blank)",
    ),
)
