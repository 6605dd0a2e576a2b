"""Stand-ins behind the ports: honest about files and digests, and everything they say is data of the test."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.errors import IntegrityError
from lambda_pack.files.binaries import judged_files, wheel_binaries
from lambda_pack.files.folding import fold
from lambda_pack.files.wheel import open_wheel
from lambda_pack.model.audit import judge_bundle
from lambda_pack.model.binaries import BinaryFile
from lambda_pack.model.findings import BundleAudit
from lambda_pack.model.images import PackageType
from lambda_pack.model.packages import Offer, Pin, Sdist, Source, Wheel
from lambda_pack.model.requirements import proofs_in
from lambda_pack.model.stock import Accepted, Attempt
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import path_of
from lambda_pack.tools.building.finishing import Refusal, judge_built, wheel_at
from lambda_pack.tools.building.machine import Host
from tests.support.elf import make_elf
from tests.support.metadata import Content, module_of
from tests.support.wheels import make_wheel

__all__ = [
    "INDEX",
    "FakeAuditor",
    "FakeBuilder",
    "FakeDownloads",
    "FakeIndex",
    "FakeRefiner",
    "Recipe",
    "RecordingNarrator",
    "Release",
    "Shelf",
    "default_contents",
]

INDEX = "https://index.example/files/"


class Release(Struct, frozen=True, kw_only=True):
    """Files of one version of a package, and what the index and their metadata say of them.

    `promises` is whether the index gives digests; a text is a digest that it gives wrongly. `metadata_fails` is the
    log of a backend that, asked for the metadata of a release without wheels, breaks. What is not `listed` can be
    fetched from its URL, but the index does not show it. `contents` and `data` are what its wheels hold, see
    `make_wheel`.
    """

    files: tuple[str, ...]
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    yanked: str | None = None
    promises: bool | str = True
    metadata_fails: str | None = None
    listed: bool = True
    contents: Mapping[str, Content] | None = None
    data: Mapping[str, Content] | None = None

    @property
    def pin(self) -> Pin:
        """The version, as the first file says it."""
        first = self.files[0]
        return (Wheel.parse(f"{INDEX}{first}") if first.endswith(".whl") else Sdist.parse(f"{INDEX}{first}")).pin

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """`requires`, parsed."""
        return tuple(map(Requirement, self.requires))


class Shelf:
    """Every file of a story, made when it is first asked for: real wheels, and sources of a few bytes."""

    def __init__(self, folder: Path, releases: Iterable[Release]) -> None:
        self.releases = tuple(releases)
        self._folder = folder
        self._rows = {file: release for release in self.releases for file in release.files}
        self._digests: dict[str, str] = {}

    def path(self, filename: str) -> Path:
        """The file itself."""
        path = self._folder / filename
        if path.exists():
            return path
        if filename.endswith(".whl"):
            release = self._rows[filename]
            return make_wheel(
                self._folder,
                filename,
                files=default_contents(filename) if release.contents is None else release.contents,
                data=release.data,
                requires=release.requires,
                requires_python=release.requires_python,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the source in {filename}")
        return path

    def digest(self, filename: str) -> str:
        """The SHA-256 of the file."""
        if filename not in self._digests:
            self._digests[filename] = hashlib.sha256(self.path(filename).read_bytes()).hexdigest()
        return self._digests[filename]

    def promised(self, filename: str) -> dict[str, str]:
        """The digest that the index gives."""
        match self._rows[filename].promises:
            case True:
                return {"sha256": self.digest(filename)}
            case False:
                return {}
            case wrong:
                return {"sha256": wrong}

    def offer(self, filename: str) -> Wheel | Sdist:
        """The file as the index describes it."""
        release = self._rows[filename]
        url, hashes = INDEX + filename, tuple(self.promised(filename).items())
        python = None if release.requires_python is None else SpecifierSet(release.requires_python)
        if filename.endswith(".whl"):
            wheel = Wheel.parse(url, hashes=hashes)
            return replace(wheel, requires_python=python, yanked=release.yanked)
        return replace(Sdist.parse(url, hashes=hashes), requires_python=python, yanked=release.yanked)

    def versions(self, name: NormalizedName) -> dict[Version, tuple[Release, ...]]:
        """The releases of a package, several where its files differ in what is said of them."""
        found: dict[Version, tuple[Release, ...]] = {}
        for release in self.releases:
            if release.listed and release.pin.name == name and release.pin.version is not None:
                found[release.pin.version] = (*found.get(release.pin.version, ()), release)
        return found


def default_contents(filename: str) -> dict[str, Content]:
    """One module, and where the name of the wheel says that there is one, a binary that needs what it says."""
    name, version = filename.split("-")[:2]
    module = module_of(name)
    contents: dict[str, Content] = {f"{module}/__init__.py": f'__version__ = "{version}"\n'}
    if not Wheel.parse(INDEX + filename).is_pure:
        machine = "aarch64" if filename.endswith("aarch64.whl") else "x86_64"
        levels = [int(level) for level in re.findall(r"manylinux_2_(\d+)_", filename)] or [17]
        versions = {"libc.so.6": [f"GLIBC_2.{min(levels)}"]}
        contents[f"{module}/_speed.so"] = make_elf(machine, needed=list(versions), versions=versions)
    return contents


class FakeIndex(Struct):
    """An index over a shelf; with `is_closed` it knows nothing, as the real one behaves beside a lock."""

    shelf: Shelf
    is_closed: bool = False

    def files(self, names: Iterable[NormalizedName]) -> Sequence[Offer]:
        wanted = set(names)
        releases = () if self.is_closed else [row for row in self.shelf.releases if row.listed]
        return tuple(self.shelf.offer(file) for row in releases if row.pin.name in wanted for file in row.files)

    def split(self, names: Iterable[NormalizedName]) -> frozenset[NormalizedName]:
        return frozenset(names)

    def places(self, files: Iterable[Wheel | Sdist]) -> Mapping[Wheel | Sdist, str]:
        return {} if self.is_closed else dict.fromkeys(files, "https://index.example/simple/")

    def promised(self, names: Iterable[NormalizedName]) -> frozenset[str]:
        found = self.files(names)
        return frozenset(one.filename for one in found if isinstance(one, Wheel | Sdist) and proofs_in(one.hashes))

    def metadata(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, bytes]:
        return {wheel: self._metadata(wheel) for wheel in wheels}

    def sizes(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, int | None]:
        return {wheel: self._size(wheel) for wheel in wheels}

    def _metadata(self, wheel: Wheel) -> bytes:
        with open_wheel(self._path(wheel)) as archive:
            return archive.metadata()

    def _size(self, wheel: Wheel) -> int:
        with zipfile.ZipFile(self._path(wheel)) as archive:
            return sum(one.file_size for one in archive.infolist() if not one.filename.endswith("/RECORD"))

    def _path(self, wheel: Wheel) -> Path:
        return path_of(wheel.url) if wheel.url.startswith("file:") else self.shelf.path(wheel.filename)


class FakeDownloads(Struct):
    """Files of a shelf and of this disk, their digests checked.

    `fetched` holds what came from elsewhere, `begun` what was said to be likely.
    """

    shelf: Shelf
    fetched: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    def fetch(self, files: Sequence[Wheel | Sdist]) -> Mapping[Wheel | Sdist, Path]:
        return {file: self._fetch(file) for file in files}

    def begin(self, files: Iterable[Wheel | Sdist]) -> None:
        self.begun.extend(file.filename for file in files)

    def _fetch(self, file: Wheel | Sdist) -> Path:
        if file.url.startswith("file:"):
            path = path_of(file.url)
        else:
            path = self.shelf.path(file.filename)
            self.fetched.append(file.filename)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        wanted = {promised for algorithm, promised in file.hashes if algorithm == "sha256"}
        if wanted and digest not in wanted:
            raise IntegrityError(f"{file.filename!r} is not what its hash says")
        return path


class FakeAuditor(Struct):
    """Reads and judges what it is given, and remembers nothing."""

    package_type: PackageType = PackageType.ZIP

    def audit(self, wheels: Mapping[Wheel, Path], target: Target, own: Sequence[BinaryFile] = ()) -> BundleAudit:
        files: dict[Wheel, tuple[BinaryFile, ...]] = {}
        for wheel, path in wheels.items():
            with open_wheel(path, wheel.pin) as opened:
                files[wheel] = judged_files(fold(opened))
        return judge_bundle(files, own, target, package_type=self.package_type)


class Recipe(Struct, frozen=True, kw_only=True):
    """What comes of building a source, named by its file or its package: a wheel, or words and a log.

    `step` None is both 4 and 5.
    """

    source: str
    step: int | None = None
    makes: str | None = None
    requires: tuple[str, ...] = ()
    contents: Mapping[str, Content] | None = None
    fails: str = "the build failed"
    log: str = ""


class FakeBuilder(Struct):
    """Makes what the recipes say on a `host`; whether that counts is judged as for the real builder.

    A source without a recipe must not be built: asking for it is an error of the test. `built` holds what was asked,
    as 'STEP SOURCE'. `foreign` is the interpreter's version where the target's is not installed.
    """

    folder: Path
    recipes: Sequence[Recipe]
    host: Host = field(default_factory=lambda: Host("Linux", "x86_64", (2, 26)))
    foreign: str | None = None
    built: list[str] = field(default_factory=list)

    def build(self, sources: Sequence[Source], target: Target, *, compiler: bool) -> Sequence[Accepted | Attempt]:
        return [self._outcome(source, target, 4 if compiler else 5) for source in sources]

    def _outcome(self, source: Source, target: Target, step: int) -> Accepted | Attempt:
        names = {source.filename, source.pin.name}
        recipe = next((row for row in self.recipes if row.source in names and row.step in {None, step}), None)
        assert recipe is not None, f"step {step} must not build {source.filename!r}"
        self.built.append(f"{step} {recipe.source}")
        command = f"pip wheel {recipe.source}"
        if recipe.makes is None:
            return Attempt(source.pin, step, recipe.fails, command=command, log=recipe.log)
        contents = self._linked(recipe.makes) if recipe.contents is None else recipe.contents
        path = make_wheel(self.folder / f"step-{step}", recipe.makes, files=contents, requires=recipe.requires)
        wheel = wheel_at(path)
        verdict = judge_built(wheel, wheel_binaries(path), target, pin=source.pin, foreign=self.foreign)
        if isinstance(verdict, Refusal):
            return Attempt(source.pin, step, verdict.detail, command=command, log=recipe.log, wheel=wheel)
        return Accepted(source.pin, wheel, verdict)

    def _linked(self, filename: str) -> Mapping[str, Content]:
        """The usual contents, linked against the C library of the machine."""
        versions = {"libc.so.6": ["GLIBC_{}.{}".format(*self.host.glibc)]} if self.host.glibc else {}
        return {
            name: make_elf("aarch64" if "aarch64" in filename else "x86_64", versions=versions)
            if name.endswith(".so")
            else content
            for name, content in default_contents(filename).items()
        }

    def as_pure(self, wheel: Wheel) -> Wheel:
        path = path_of(wheel.url)
        with zipfile.ZipFile(path) as archive:
            contents = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
        stem = "-".join(wheel.filename.split("-")[:2])
        return wheel_at(make_wheel(path.parent, f"{stem}-py3-none-any.whl", files=contents))


class FakeRefiner:
    """Cuts off what follows the word SYMBOLS, and calls what has no SyntaxError compiled."""

    def strip(self, content: bytes, target: Target) -> bytes | None:
        assert target.architecture.machine
        return content.partition(b"SYMBOLS")[0]

    def compile(self, sources: Mapping[str, bytes], target: Target) -> Mapping[str, bytes]:
        name = target.runtime.name
        return {path: f"{name} {path}".encode() for path, source in sources.items() if b"SyntaxError" not in source}


class RecordingNarrator(Struct):
    """Remembers the story."""

    steps: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    work: list[str] = field(default_factory=list)

    def step(self, number: int, sentence: str) -> None:
        self.steps.append((number, sentence))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def working(self, text: str) -> None:
        self.work.append(text)

    def span(self, label: str) -> AbstractContextManager[object]:
        return nullcontext(label)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def progress(self, label: str, done: int, total: int) -> None:
        """Nothing here takes long enough to be told."""
