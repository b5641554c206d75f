"""The numbers of an owner or a repo."""

from dataclasses import asdict
from typing import cast

from bridge.rules.permissions import Action
from bridge.services import stats
from bridge.services.stats import Held, KeyStep, Moves, Numbers, OfPackage
from bridge.services.stats_usage import Spread, UsageStep, Versions
from bridge.web.api import schemas_stats as shown
from bridge.web.api.key_shapes import level_of
from bridge.web.api.operations import Call, Operation, Reply


def get(call: Call) -> Reply:
    """Everything at once, so that all of it is of one moment."""
    call.require(Action.STATS_READ, of_owner=call.repo_id is None)
    asked: shown.StatsQuery = call.query
    span = stats.span_of(asked.step, call.now, asked.since, asked.until, asked.days)
    with call.reading() as session:
        found = stats.gather(session, call.owner_id, call.repo_id, span, asked.step, call.now)
    return Reply(shape(found))


def shape(found: Numbers) -> shown.Stats:
    """The numbers as they are answered."""
    keys, usage = found.keys, found.usage
    return shown.Stats(
        step=found.step,
        as_of=found.now,
        keys=_held(keys.all),
        lent_keys=_held(keys.lent),
        packages=[_package(each) for each in keys.packages.values()],
        sites_on_record=keys.sites_on_record,
        total=_step(KeyStep(found.span, keys.moves, keys.lent_moves), usage.total),
        steps=[_step(*each) for each in zip(keys.steps, usage.steps, strict=True)],
        versions=_versions(usage.versions),
        platforms=_spread(usage.platforms),
        php=_spread(usage.php),
        refusals=[shown.Refusals(**asdict(each)) for each in usage.refusals],
    )


def _held(held: Held) -> shown.KeysNow:
    return shown.KeysNow(states=shown.KeyStates(**held.states), expiring=held.expiring)


def _moves(moves: Moves) -> shown.KeyMoves:
    return shown.KeyMoves(**asdict(moves))


def _package(found: OfPackage) -> shown.PackageStats:
    package = found.package
    return shown.PackageStats(
        id=package.id or 0,
        name=package.name,
        level=level_of(package),
        active=package.active,
        states=shown.KeyStates(**found.held.states),
        expiring=found.held.expiring,
        moves=_moves(found.moves),
    )


def _step(keys: KeyStep, usage: UsageStep) -> shown.StatsStep:
    return shown.StatsStep(
        since=keys.span.since,
        until=keys.span.until,
        keys=_moves(keys.all),
        lent_keys=_moves(keys.lent),
        active_sites=usage.sites,
        active_keys=usage.keys,
        checks=cast("dict[shown.Check, int]", usage.checks),
        downloads=usage.downloads,
        refused=usage.refused,
    )


def _versions(found: Versions) -> shown.Versions:
    other = found.other
    return shown.Versions(
        shown=[
            shown.VersionStats(
                repo=each.repo,
                version=each.version,
                sites=each.sites,
                downloads=each.downloads,
                downloads_by_step=each.by_step,
            )
            for each in found.shown
        ],
        other=shown.OtherVersions(versions=other.lines, sites=other.sites, downloads=other.times),
        unknown_sites=found.unknown_sites,
    )


def _spread(found: Spread) -> shown.RunningSpread:
    other, unknown = found.other, found.unknown
    return shown.RunningSpread(
        shown=[shown.Running(**asdict(each)) for each in found.shown],
        other=shown.OtherRunning(names=other.lines, sites=other.sites, requests=other.times),
        unknown=shown.NotStated(sites=unknown.sites, requests=unknown.times),
    )


OPERATIONS = (
    Operation(
        name="get_license_stats",
        method="GET",
        path="license-stats",
        action=Action.STATS_READ,
        view=get,
        summary="Show the numbers: keys, sites, checks, downloads, versions, refusals",
        answer=shown.Stats,
        query=shown.StatsQuery,
    ),
)
