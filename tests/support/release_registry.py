"""What was pruned is gone everywhere, and all else is there: marks, registry and engine say the same as the model."""

from tests.support.release_place import Place, Wish
from tests.support.release_world import World

from shipway.operations.releases import marked_releases


async def check_images(world: World) -> None:
    """Every release that is not marked has an image that the registry hands out, and whatever is needed is not marked."""
    assert not world.needed & world.gone, "what is needed is gone"
    for place in world.places.values():
        await _check_marks(world, place)
        _check_registry(world, place)
    left = {image for place in world.places.values() for image in place.images.left}
    assert not world.stack.engine.images & world.gone - left, "the engine keeps what is gone"


def learn_pushes(world: World, place: Place) -> str:
    """Have the model know what was pushed for a service since this was called last; the image by digest, if any was."""
    new = ""
    for name, digest in world.pushes.items():
        repository, _, tag = name.rpartition(":")
        number = int(tag.removeprefix("v"))
        if repository == _repository(world, place) and number not in place.images.built:
            assert not new, "one deployment made two images"
            new = f"{repository}@{digest}"
            place.images.is_there(number, new, world.stack.builder.bases_hold)
    return new


def handed_out(world: World, place: Place) -> set[str]:
    """The images that the registry has of a service."""
    repository, pushed = _repository(world, place), world.stack.builder.pushed.items()
    return {f"{repository}@{digest}" for name, digest in pushed if name.startswith(f"{repository}:")}


def image_of(place: Place, wish: Wish) -> str:
    """The one that it takes; empty for one that it builds."""
    if wish.base:
        return wish.base.image
    return place.service.releases[wish.number].image if wish.number else ""


def can_be_had(world: World, place: Place, wish: Wish) -> bool:
    """Whether what it takes is there, or can be built again: for a rollback, where it was built."""
    image = image_of(place, wish)
    return image not in world.gone or (wish.action == "rollback" and image in place.images.bases)


async def _check_marks(world: World, place: Place) -> None:
    platform, actor = world.stack.platform, world.stack.actor
    gone, known = world.gone, place.service.releases
    found = {
        release.number: (release.image.reference, mark.pruned_at is not None, mark.pinned)
        for release, mark in await marked_releases(platform, actor, place.path, limit=1000)
    }
    wanted = {
        number: (each.image, each.image in gone, number in place.service.pinned) for number, each in known.items()
    }
    assert found == wanted


def _check_registry(world: World, place: Place) -> None:
    images, found = place.images, handed_out(world, place)
    assert found - images.left == images.bases.keys() - images.gone, "the registry has other images than it should"


def _repository(world: World, place: Place) -> str:
    path = place.path
    return world.stack.registry.repository(path.workspace, f"{path.project}/{path.environment}/{path.service}")
