"""The pure judgement of binaries: whether the files of a bundle load on a target, and what stands in the way.

An error is what certainly fails where Python would load it; what only might, or what nothing may need, is a warning.
docs/adr/0005 says where the line is drawn and why.
"""

from __future__ import annotations

import posixpath
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from msgspec import Struct
from packaging.version import Version

from lambda_pack.model.binaries import (
    BinaryFile,
    Companion,
    Damaged,
    ElfFacts,
    ElfKind,
    Foreign,
    Generated,
    Level,
    LoadsByName,
    SymbolVersion,
)
from lambda_pack.model.extension_modules import ModuleFile, is_on_import_path, module_file
from lambda_pack.model.findings import BundleAudit, Concern, Finding, Severity, WheelAudit
from lambda_pack.model.images import PackageType, image_of
from lambda_pack.model.linkage import Bundled, Doubtful, Linkage, Linked, Missing, Unreachable, is_native
from lambda_pack.model.named_loads import Surroundings, unmet_loads
from lambda_pack.model.optional_libraries import is_optional
from lambda_pack.model.packages import Wheel
from lambda_pack.model.targets import RUNTIMES, Runtime, Target

__all__ = ["glibc_needed", "judge_binaries", "judge_bundle"]

Owner = TypeVar("Owner", bound=Hashable)

_UNKNOWN: Mapping[str, Version] = MappingProxyType({})


def judge_bundle(
    wheels: Mapping[Wheel, Sequence[BinaryFile]],
    own: Sequence[BinaryFile],
    target: Target,
    *,
    package_type: PackageType = PackageType.ZIP,
) -> BundleAudit:
    """Audit wheels and the user's own code, which lie together: own files are there instead of a wheel's."""
    taken = {file.place for file in own}
    files = {wheel: [file for file in found if file.place not in taken] for wheel, found in wheels.items()}
    releases = {str(wheel.pin.name): wheel.pin.version for wheel in wheels if wheel.pin.version is not None}
    findings = judge_binaries({**files, None: own}, target, releases=releases, package_type=package_type)
    audits = {
        wheel: WheelAudit(_count(found), glibc_needed(found, target), findings[wheel]) for wheel, found in files.items()
    }
    return BundleAudit(audits, findings[None])


def _count(files: Iterable[BinaryFile]) -> int:
    return sum(not isinstance(file.binary, Generated | LoadsByName) for file in files)


def judge_binaries(
    binaries: Mapping[Owner, Sequence[BinaryFile]],
    target: Target,
    *,
    releases: Mapping[str, Version] = _UNKNOWN,
    package_type: PackageType = PackageType.ZIP,
) -> Mapping[Owner, tuple[Finding, ...]]:
    """Return what is wrong with the binaries of a whole bundle, by the package that owns them.

    `releases` are the versions of the bundle's packages, by normalized name, as far as they are known. `package_type`
    says how the function is deployed, and so what lies below the bundle.
    """
    linkage = Linkage.of((file for files in binaries.values() for file in files), target, package_type)
    modules = [linked for linked in linkage.by_place.values() if _is_imported(linked.file, target)]
    loaded = linkage.reached_from(modules)
    return {
        owner: tuple(_findings(_Package(files, target, package_type, linkage, loaded, releases)))
        for owner, files in binaries.items()
    }


def glibc_needed(files: Iterable[BinaryFile], target: Target) -> Level | None:
    """The newest glibc that the files for the target's machine need; None where they need none."""
    levels = (file.binary.newest("GLIBC") for file in files if is_native(file.binary, target))
    return max((level for level in levels if level is not None), default=None)


class _Package(Struct, frozen=True):
    """The binaries of one package in their bundle.

    `loaded` is what the bundle's modules load, by place; `releases` are the versions of the bundle's packages.
    """

    files: Sequence[BinaryFile]
    target: Target
    package_type: PackageType
    linkage: Linkage
    loaded: Mapping[str, Linked]
    releases: Mapping[str, Version]

    @property
    def natives(self) -> Iterator[Linked]:
        """Its binaries for the target's machine, in their order."""
        for file in self.files:
            place = file.place
            if place in self.linkage.by_place:
                yield self.loaded.get(place) or self.linkage.by_place[place]


def _findings(package: _Package) -> Iterator[Finding]:
    target = package.target
    # A package may bring one module, or one library, for several machines and Pythons: the right one is enough.
    modules = {module.module for file in package.files if (module := _is_imported(file, target))}
    names = {posixpath.basename(linked.file.path) for linked in package.natives}
    for file in package.files:
        module = _module(file)
        if module is not None and module.module in modules and not _is_imported(file, target):
            continue
        match file.binary:
            case Damaged(why):
                yield _damaged(file, why)
            case Foreign(system) if module is not None:
                why = f"Lambda is Linux on {target.architecture.machine}"
                yield _foreign(file, Concern.SYSTEM, system, why, _severity(file))
            case ElfFacts(kind=ElfKind.OTHER):
                continue
            case ElfFacts(machine=machine) if not is_native(file.binary, target):
                is_needed = module is not None or _is_library(file, names)
                severity = _severity(file) if is_needed else Severity.WARNING
                why = f"the target is {target.architecture.machine}"
                yield _foreign(file, Concern.MACHINE, machine, why, severity)
            case ElfFacts() if module is not None and not module.is_for(target):
                yield _wrong_python(file, module, target)
    for linked in package.natives:
        yield from _symbols(linked, package)
    yield from _libraries(package)
    yield from _releases(package)
    yield from _loads_by_name(package)


def _is_imported(file: BinaryFile, target: Target) -> ModuleFile | None:
    """The module that the target's Python finds in the file, if it does."""
    module = _module(file)
    return module if module is not None and module.is_for(target) and is_native(file.binary, target) else None


def _module(file: BinaryFile) -> ModuleFile | None:
    """The module that some Python would import; what has no entry for that is loaded by other means."""
    is_library = isinstance(file.binary, ElfFacts) and not file.binary.is_module
    return None if is_library else module_file(file.place)


def _is_library(file: BinaryFile, names: set[str]) -> bool:
    """Whether a package would load this library for another machine: it lies among the modules, and has no twin."""
    name = posixpath.basename(file.path)
    is_library = isinstance(file.binary, ElfFacts) and file.binary.kind is ElfKind.LIBRARY and ".so" in name
    return is_library and name not in names and is_on_import_path(file.place)


def _damaged(file: BinaryFile, why: str) -> Finding:
    severity = Severity.ERROR if ".so" in posixpath.basename(file.path) else Severity.WARNING
    advice = "fetch the package again, and tell its publisher if that does not help"
    return Finding(file.path, Concern.DAMAGED, severity, "cannot be loaded", f"the file {why}", advice)


def _severity(file: BinaryFile) -> Severity:
    """Return how bad it is that a module cannot be loaded: no error where its package goes on without it."""
    return Severity.WARNING if is_optional(file.path) else Severity.ERROR


def _foreign(file: BinaryFile, concern: Concern, what: str, why: str, severity: Severity) -> Finding:
    advice = (
        "install the package's files for the target"
        if severity is Severity.ERROR
        else "leave it out if size matters: nothing on the target can load it"
    )
    return Finding(file.path, concern, severity, f"is for {what}", why, advice)


def _wrong_python(file: BinaryFile, module: ModuleFile, target: Target) -> Finding:
    major, minor = target.runtime.python
    why = f"CPython {major}.{minor} of {target.runtime.name} does not look for {module.tag!r}"
    advice = f"install the package's files for {target.runtime.name}, or choose the runtime that they are for"
    return Finding(file.path, Concern.PYTHON, Severity.ERROR, f"is a module for {module.python}", why, advice)


def _symbols(linked: Linked, package: _Package) -> Iterator[Finding]:
    """The symbol versions that nobody has: the image, or the bundled library that comes before the image's."""
    for version in linked.facts.versions:
        if version.namespace == "GLIBC_PRIVATE":
            yield Finding(
                linked.file.path,
                Concern.PRIVATE_SYMBOLS,
                Severity.WARNING,
                f"needs private symbols of {version.library}",
                "they change with every build of glibc",
                "tell the package's publisher",
            )
        match package.linkage.provider(version.library, linked):
            case Bundled(found) | Unreachable(found):
                yield from _symbols_of(found, version, linked.file)
            case _:
                yield from _symbols_of_image(version, linked.file, package)


def _symbols_of(library: Linked, version: SymbolVersion, file: BinaryFile) -> Iterator[Finding]:
    has = {one.namespace: one for one in library.facts.provided}.get(version.namespace)
    if has is not None and has.level < version.level:
        why = f"{library.file.path} in the bundle ends with {has.name}"
        yield _too_new(file, version, why, "use versions of the two packages that go together")


def _symbols_of_image(version: SymbolVersion, file: BinaryFile, package: _Package) -> Iterator[Finding]:
    runtime, image = package.target.runtime, package.linkage.image
    if version.namespace == "GLIBC":
        if version.level > runtime.glibc:
            yield _too_new(
                file,
                version,
                f"{runtime.name} has glibc {_dotted(runtime.glibc)}",
                _newer_runtime(version.level, runtime),
            )
        return
    has, newest = image.levels.get(version.namespace), image.newer.get(version.namespace)
    if has is None or newest is None or version.level <= has:
        return
    ends = SymbolVersion(version.library, version.namespace, newest).name
    if version.level > newest:
        yield _too_new(file, version, f"{version.library} of {runtime.name} ends with {ends}", _OLDER_VERSION)
    else:
        why = f"only newer images of {runtime.name} have it"
        yield _too_new(file, version, why, "let Lambda update the runtime, or use an older version", Severity.WARNING)


_OLDER_VERSION = "use an older version of the package, or build it for the runtime"


def _too_new(
    file: BinaryFile, version: SymbolVersion, why: str, advice: str, severity: Severity = Severity.ERROR
) -> Finding:
    what = f"needs {version.name} of {version.library}"
    return Finding(file.path, Concern.SYMBOLS, severity, what, why, advice, version.library)


def _newer_runtime(level: Level, runtime: Runtime) -> str:
    """What to do about a glibc that is too old; Glue has no other runtime for the same job."""
    lambdas = RUNTIMES.values() if runtime.name in RUNTIMES else ()
    newer = (row for row in lambdas if row.glibc >= level and not row.preview)
    oldest = min(newer, key=lambda row: row.python, default=None)
    if oldest is None:
        return _OLDER_VERSION
    return f"use {oldest.name} or newer (glibc {_dotted(oldest.glibc)}), or an older version of the package"


def _libraries(package: _Package) -> Iterator[Finding]:
    """The libraries that files need and may not get."""
    runtime, is_hopeless = package.target.runtime.name, _is_hopeless(package)
    for linked in package.natives:
        path = linked.file.path
        for library, provider in package.linkage.lacking(linked):
            what, severity, advice = f"needs {library}", Severity.WARNING, _how_to_bring(package.package_type)
            match provider:
                case Unreachable(found):
                    concern, why = (
                        Concern.UNREACHABLE,
                        f"{found.file.path} has that name, but the loader looks elsewhere",
                    )
                    advice = "import the package that brings it first, unless this one does so itself"
                case Doubtful():
                    concern, why = Concern.DOUBTFUL, _doubt(library, package)
                case Missing():
                    concern, why = Concern.MISSING, f"neither {runtime} nor the bundle has it"
                    if library in image_of(package.target, PackageType.IMAGE).libraries:
                        why = f"{why}, only the container image does"
                    if is_hopeless or (linked.file.place in package.loaded and not is_optional(path)):
                        severity = Severity.ERROR
            yield Finding(path, concern, severity, what, why, advice, library)


def _doubt(library: str, package: _Package) -> str:
    """Why it is not sure that the runtime has a library: what is in every image may be missing where zips run."""
    runtime = package.target.runtime.name
    if library in image_of(package.target, PackageType.IMAGE).libraries:
        return f"the container image of {runtime} has it; Lambda itself may not"
    return f"{runtime} may have it or not"


def _releases(package: _Package) -> Iterator[Finding]:
    """The packages beside it in releases that files were not made for."""
    # Some packages bring what is generated once for each format, and choose when they are imported.
    has_fitting = {_name(file) for file in package.files if _is_generated(file) and not any(_unsuitable(file, package))}
    supported = frozenset(_supported(package))
    for file in package.files:
        if _is_generated(file) and _name(file) in has_fitting:
            continue
        for companion, version in _unsuitable(file, package):
            # h5py's _npystrings and blosc2's utf8_ext are for NumPy 2, and the rest of both for older ones, too.
            is_extra = companion.is_at_least and companion.name in supported
            is_error = _is_used(file, package) and not is_extra and not is_optional(file.path, beside=companion.name)
            yield Finding(
                file.path,
                Concern.RELEASE,
                Severity.ERROR if is_error else Severity.WARNING,
                companion.what,
                f"the bundle has {companion.name} {version}",
                f"add {companion.requirement!r} to the requirements, or take another version of this package",
                goes_with=companion.requirement,
            )


def _loads_by_name(package: _Package) -> Iterator[Finding]:
    """The libraries that Python code loads by name, and the programs that it starts, which nothing provides."""
    around = Surroundings(package.target, package.package_type, package.linkage.by_place, frozenset(package.releases))
    own = {file.place for file in package.files}
    for file in package.files:
        if isinstance(file.binary, LoadsByName):
            yield from unmet_loads(file.binary.loads, file.path, around, own)


def _unsuitable(file: BinaryFile, package: _Package) -> Iterator[tuple[Companion, Version]]:
    """What the bundle has in a release that the file was not made for."""
    for companion in _companions(file, package.target):
        version = package.releases.get(companion.name)
        if version is not None and not companion.admits(version):
            yield companion, version


def _supported(package: _Package) -> Iterator[str]:
    """The packages whose releases in the bundle some binary of this one was made for."""
    for file in package.files:
        for companion in () if _is_generated(file) else _companions(file, package.target):
            version = package.releases.get(companion.name)
            if version is not None and companion.admits(version):
                yield companion.name


def _companions(file: BinaryFile, target: Target) -> tuple[Companion, ...]:
    is_loadable = _is_generated(file) or is_native(file.binary, target)
    return file.binary.companions if isinstance(file.binary, ElfFacts | Generated) and is_loadable else ()


def _is_used(file: BinaryFile, package: _Package) -> bool:
    """Whether something would import or load the file: tests are not run on Lambda."""
    if _is_generated(file):
        return not _TESTS.intersection(file.path.split("/"))
    return file.place in package.loaded


_TESTS = frozenset({"test", "tests", "testing"})


def _is_generated(file: BinaryFile) -> bool:
    return isinstance(file.binary, Generated)


def _name(file: BinaryFile) -> str:
    return posixpath.basename(file.path)


def _how_to_bring(package_type: PackageType) -> str:
    # Container functions have no layers.
    place = "in a layer's lib/ folder" if package_type is PackageType.ZIP else "by installing it in the Dockerfile"
    return f"bring it {place}, or use a package that has it inside"


def _is_hopeless(package: _Package) -> bool:
    """Whether a package without modules has no library either that could be loaded: then it has nothing that works."""
    natives = list(package.natives)
    is_loaded = any(linked.file.place in package.loaded for linked in natives)
    return not is_loaded and all(_is_broken(linked, package.linkage) for linked in natives)


def _is_broken(linked: Linked, linkage: Linkage) -> bool:
    """Whether something that loading it needs is missing."""
    return any(
        isinstance(provider, Missing)
        for reached in linkage.reached_from([linked]).values()
        for _, provider in linkage.lacking(reached)
    )


def _dotted(level: Level) -> str:
    return ".".join(map(str, level))
