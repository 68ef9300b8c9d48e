"""What `bench.cutover` prints: the table for readers, and for those who look for a cause every loss with its moment."""

from collections import Counter
from collections.abc import Iterable, Iterator

from bench.cutover_account import BYSTANDER, CHANGED, NOT_OFFERED, Accounts, Lost
from bench.cutover_load import SLOW, VERY_SLOW

OTHERS = "the difficult four"
#: Losses of each kind that are told one by one.
EXAMPLES = 5


def table(accounts: Accounts, kills: int) -> str:
    """Operations, requests and bounds, in Markdown."""
    parts = (
        _rows(("operation", "asked", "outcome", "with Shipway killed"), _operations(accounts)),
        _rows(
            ("request", "answered by the app", "by the bystander", "by the difficult four", "failed"),
            _requests(accounts),
        ),
        _rows(("what", "count"), _counts(accounts, kills)),
    )
    return "\n\n".join(parts)


def losses(accounts: Accounts) -> list[str]:
    """The first of each kind of loss, and when it was; operations that ended otherwise than they must; closed websockets."""
    seen: Counter[tuple[str, str, str]] = Counter()
    lines = []
    for lost in accounts.lost:
        seen[lost.service, lost.kind, lost.why] += 1
        if seen[lost.service, lost.kind, lost.why] <= EXAMPLES:
            lines.append(f"lost: {lost}; {moment(accounts, lost)}")
    lines += [f"{count} × {service}, {kind}: {why}" for (service, kind, why), count in seen.items()]
    lines += [f"unexpected: #{each.number} {each.name}: {each.outcome} {each.detail}" for each in accounts.unexpected]
    closed = (*accounts.bystander_closed, *accounts.cut_early)
    return lines + [
        f"closed: {each.service} v{each.release} at {each.closed:.3f}, opened {each.closed - each.opened:.2f} s before: "
        f"{each.detail}"
        for each in closed
    ]


def moment(accounts: Accounts, lost: Lost) -> str:
    """In which operation it was, and how long after what."""
    under_way = [
        f"#{done.number} {done.name}{', killed' if done.killed else ''} (asked {lost.began - done.asked:.2f} s before)"
        for done in accounts.operations
        if done.asked <= lost.ended and lost.began <= done.ended
    ]
    moves = accounts.histories[lost.service].moves if lost.service in accounts.histories else ()
    before = max((moved for moved in moves if moved <= lost.ended), default=None)
    since = f"ended {lost.ended - before:.3f} s after traffic had moved" if before else "before any move"
    return f"{lost.began:.3f} to {lost.ended:.3f}, {since}; in {'; '.join(under_way) or 'no operation'}"


def _operations(accounts: Accounts) -> Iterator[tuple[str, ...]]:
    names = sorted({done.name for done in accounts.operations})
    for name in names:
        these = [done for done in accounts.operations if done.name == name]
        outcomes = Counter(done.outcome for done in these)
        told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
        yield name, str(len(these)), told, str(sum(done.killed for done in these))
    for lived in accounts.stubborn:
        ends = ", ".join(str(code) for code in sorted(lived.exit_codes))
        yield f"redeploy of what {lived.title}", str(lived.wanted), f"{lived.live} live; exit code {ends}", "0"


def _requests(accounts: Accounts) -> Iterator[tuple[str, ...]]:
    answered = Counter((_whose(answer.service), answer.kind) for answer in accounts.ledger.answers)
    failed = Counter(lost.kind for lost in accounts.lost)
    for kind in sorted({kind for _, kind in answered} | failed.keys()):
        yield kind, *(f"{answered[whose, kind]:,}" for whose in (CHANGED, BYSTANDER, OTHERS)), str(failed[kind])


def _whose(service: str) -> str:
    return service if service in (CHANGED, BYSTANDER) else OTHERS


def _counts(accounts: Accounts, kills: int) -> Iterator[tuple[str, ...]]:
    ledger, slow = accounts.ledger, {SLOW.name, VERY_SLOW.name}
    closed = len(ledger.closed) - len(accounts.bystander_closed)
    yield "operations", str(len(accounts.operations))
    yield (
        "of these not offered by this Shipway",
        str(sum(done.outcome == NOT_OFFERED for done in accounts.operations)),
    )
    yield "Shipway killed and started again", str(kills)
    yield "requests answered", f"{len(ledger.answers):,}"
    yield "**requests failed**", str(len(accounts.lost))
    yield "slow requests finished", f"{sum(answer.kind in slow for answer in ledger.answers):,}"
    yield "**slow requests not finished**", str(sum(lost.kind in slow for lost in accounts.lost))
    yield "releases that answered", str(len({(answer.service, answer.release) for answer in ledger.answers}))
    yield "requests answered by canaries that were aborted", str(accounts.by_canaries)
    yield "websocket messages echoed", f"{sum(ledger.echoes.values()):,}"
    yield "**websockets of the bystander closed**", str(len(accounts.bystander_closed))
    yield "websockets closed at the drain timeout", str(closed - len(accounts.cut_early))
    yield "**websockets cut before it**", str(len(accounts.cut_early))
    yield "kept connections closed between two requests", str(ledger.reopened)
    yield "**orphan containers, networks, sets of the proxy**", str(len(accounts.leftovers))


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rule = ("---", *("---:" for _ in head[1:]))
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
