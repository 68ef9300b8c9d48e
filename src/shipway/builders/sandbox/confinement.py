"""One build's control group inside a sandbox, and what it tells afterwards about why the build failed."""

import re

from shipway.builders.failures import Facts
from shipway.builders.sandbox.limits import Limits

#: All begin here. `remove` ends whatever runs in the group `$1`, also what is just being forked, and removes it. `close` leaves
#: an empty one that nothing gets into until `reopen`: BuildKit forgets to end a step that was just being started when its build
#: ended otherwise (seen with 26.1, of two builds cancelled at that moment one ran on), and runc would make the group anew for
#: it, without limits.
_BEGIN = r"""
cd /sys/fs/cgroup
if [ -f cgroup.controllers ]; then hierarchies=. counted=.; else hierarchies=$(dirname -- */tasks) counted=pids; fi
remove() {
    [ ! -d "$counted/$1" ] || { echo 0 > "$counted/$1/pids.max"; } 2>/dev/null
    for hierarchy in $hierarchies; do
        [ -d "$hierarchy/$1" ] || continue
        find "$hierarchy/$1" -depth -type d | while read -r each; do
            tries=0
            while pids=$(cat "$each/cgroup.procs") && [ -n "$pids" ] && [ $tries -lt 100 ]; do
                kill -9 $pids 2>/dev/null || true
                tries=$((tries + 1))
            done
            rmdir "$each" 2>/dev/null || true
        done
    done
}
close() {
    for hierarchy in $hierarchies; do
        mkdir -p "$hierarchy/$1"
        [ $hierarchy != $counted ] || echo 0 > "$hierarchy/$1/pids.max"
        mount --bind "$hierarchy/$1" "$hierarchy/$1"
        mount -o remount,bind,ro "$hierarchy/$1"
    done
    remove "$1"
}
reopen() {
    for hierarchy in $hierarchies; do
        while umount "$hierarchy/$1" 2>/dev/null; do :; done
    done
}
"""
#: Makes the group `$1` with `$2` bytes, `$3` microseconds of CPU per 100,000, `$4` processes; prints the disk's free bytes.
#: One that a crash left would tell of its own build: it goes first. Memory that is swapped out would count as free, so there
#: is none.
_MAKE = r"""
reopen "$1"
remove "$1"
if [ -f cgroup.controllers ]; then
    mkdir -p "$1" && cd "$1"
    echo "$2" > memory.max; echo "$3 100000" > cpu.max; echo "$4" > pids.max
    [ ! -f memory.swap.max ] || echo 0 > memory.swap.max
else
    mkdir -p "memory/$1" "cpu/$1" "pids/$1"
    echo "$2" > "memory/$1/memory.limit_in_bytes"
    [ ! -f "memory/$1/memory.memsw.limit_in_bytes" ] || echo "$2" > "memory/$1/memory.memsw.limit_in_bytes"
    echo "$3" > "cpu/$1/cpu.cfs_quota_us"; echo "$4" > "pids/$1/pids.max"
fi
df -P -k /var/lib/docker | awk 'NR == 2 { print "free", $4 }'
"""
#: Prints what is known of the group `$1`, removes it and whatever still runs in it, and closes it if `$2` says so.
_LEAVE = r"""
if [ -f cgroup.controllers ]; then
    awk '$1 == "oom_kill" && $2 > 0 { print "killed" }' "$1/memory.events"
    awk '$1 == "max" && $2 > 0 { print "pids" }' "$1/pids.events"
else
    # How often the limit was met is not told reliably (seen: 0 after a kill); the highest use is.
    cat "memory/$1/memory.limit_in_bytes" "memory/$1/memory.max_usage_in_bytes" |
        awk 'NR == 1 { limit = $1 } NR == 2 && $1 > limit * 0.98 { print "memory" }'
    [ "$(cat "pids/$1/pids.peak" 2>/dev/null || echo 0)" -lt "$(cat "pids/$1/pids.max")" ] || echo pids
fi
df -P -k /var/lib/docker | awk 'NR == 2 { print "free", $4 }'
remove "$1"
[ "$2" != close ] || close "$1"
"""
_PERIOD = 100_000
#: Free bytes under which the disk is taken for full.
_FULL = 32 << 20


def make(group: str, limits: Limits) -> tuple[str, ...]:
    """The command, run inside, that makes the group and tells how much of the disk is free."""
    quota = int(limits.cpus * _PERIOD)
    return "sh", "-c", _BEGIN + _MAKE, "make", group, str(limits.memory), str(quota), str(limits.pids)


def leave(group: str, *, close: bool) -> tuple[str, ...]:
    """The command, run inside, that tells about the group and ends all that runs in it. `close`: for a build that did not get
    to its end, of which something may still come; the next one by that name opens it again."""
    return "sh", "-c", _BEGIN + _LEAVE, "leave", group, "close" if close else "remove"


def free(output: str) -> int:
    """Free bytes of the disk, as either command printed them."""
    found = re.search(r"free (\d+)", output)
    return int(found[1]) * 1024 if found else 0


def facts(output: str, limits: Limits) -> Facts:
    """What `leave` printed, as the diagnosis wants it."""
    words = output.split()
    return Facts(
        oom_killed="killed" in words,
        memory_limit_met="memory" in words,
        disk_full=free(output) < _FULL,
        pids_exhausted="pids" in words,
        memory_limit=limits.memory,
        pids_limit=limits.pids,
    )
