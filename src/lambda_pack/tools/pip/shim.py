"""Runs pip, from a file of settings, as if on another machine where the settings say so. A script, never imported.

It runs under any interpreter from Python 3.7 on (newer syntax stands in annotations only), with `-I` (its neighbours
here have names of the standard library's), and imports nothing of lambda-pack. Its settings are JSON: `folder` holds
the package pip, `arguments` are pip's own and may hold credentials, so the file is deleted before pip starts. With
`target`, pip believes its `environment` (markers), `python` (a version) and `tags`, and leaves out the packages in
`without` and adds the requirements in `lacking` to single versions; where it is `silent`, no package's code runs but
that of those `heard`, and never that of those in `never`. With `installer`, uv installs what builds require. How it
ended is written to `outcome`.

pip has no interface for this, so these places inside it are replaced (seen in 23.2 to 26.3); each is checked before
pip starts, because an answer for the wrong machine is worse than none.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess  # noqa: TID251  # not our process: it runs below one that tools.process started
import sys
import tempfile
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any


class MissingSeamError(Exception):
    """pip has changed inside."""


class OnlyPip:
    """Finds the package pip in one folder, and nothing else there."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: object = None, target: Any = None) -> ModuleSpec | None:  # noqa: ANN401, ARG002  # the protocol's
        """See `importlib.abc.MetaPathFinder`."""
        return PathFinder.find_spec(name, [self.folder], target) if name == "pip" else None


def seam(module: str, name: str) -> Any:  # noqa: ANN401  # pip's internals have no types to promise
    """Something inside pip."""
    try:
        return getattr(import_module("pip." + module), name)
    except (ImportError, AttributeError) as error:
        raise MissingSeamError("pip." + module + "." + name) from error


def replace(module: str, name: str, value: Any) -> Any:  # noqa: ANN401  # as above
    """Put something else in its place; what was there comes back."""
    original = seam(module, name)
    setattr(sys.modules["pip." + module], name, value)
    return original


def pretend_markers(target: dict[str, Any]) -> None:
    """Markers are evaluated for the target."""
    replace("_vendor.packaging.markers", "default_environment", lambda: dict(target["environment"]))
    known = " and ".join(name + ' == "' + value + '"' for name, value in target["environment"].items())
    if not seam("_vendor.packaging.markers", "Marker")(known).evaluate():
        raise MissingSeamError("pip._vendor.packaging.markers.Marker.evaluate")


def pretend_tags(target: dict[str, Any]) -> None:
    """Wheels are chosen by the target's tags, and links by its version. First of all: others import it by name."""
    tag = seam("_vendor.packaging.tags", "Tag")
    tags = [tag(*parts) for parts in target["tags"]]
    replace("_internal.utils.compatibility_tags", "get_supported", lambda *_, **__: list(tags))
    python = seam("_internal.models.target_python", "TargetPython")
    begin, version = python.__init__, tuple(map(int, target["python"].split(".")))
    python.__init__ = lambda self, *_, **__: begin(self, py_version_info=version)
    known = python()
    listed = known.get_sorted_tags() if hasattr(known, "get_sorted_tags") else known.get_tags()
    if listed != tags or known.py_version_info != version:
        raise MissingSeamError("pip._internal.models.target_python.TargetPython")


def pretend_python(target: dict[str, Any]) -> None:
    """`Requires-Python` is compared with the target's version, and met where any patch level of it would do.

    Links say it in the index's pages, distributions in their metadata.
    """
    candidate = seam("_internal.resolution.resolvelib.candidates", "RequiresPythonCandidate")
    begin, version = candidate.__init__, tuple(map(int, target["python"].split(".")))
    candidate.__init__ = lambda self, *_, **__: begin(self, version)
    if str(candidate(None).version) != target["python"]:
        raise MissingSeamError("pip._internal.resolution.resolvelib.candidates.RequiresPythonCandidate")
    factory = seam("_internal.resolution.resolvelib.factory", "Factory")
    make, check = (
        factory.make_requires_python_requirement,
        seam("_internal.index.package_finder", "check_requires_python"),
    )

    def make_requires_python_requirement(self: Any, specifier: Any) -> Any:  # noqa: ANN401  # pip's
        return None if specifier and could_meet(str(specifier), version) else make(self, specifier)

    def check_requires_python(requires_python: Any, version_info: Any) -> bool:  # noqa: ANN401  # pip's
        could = version_info == version and requires_python and could_meet(str(requires_python), version)
        return bool(could or check(requires_python, version_info))

    factory.make_requires_python_requirement = make_requires_python_requirement
    replace("_internal.index.package_finder", "check_requires_python", check_requires_python)


def could_meet(specifier: str, version: tuple[int, ...]) -> bool:
    """Whether any patch level of this version of Python meets a specifier.

    The answer changes only at the versions that the specifier names: see `lambda_pack.model.patch_levels`.
    """
    parsed = seam("_vendor.packaging.specifiers", "SpecifierSet")
    line = "{}.{}.".format(*version)
    named = [int(patch) for patch in re.findall(r"(?<![\d.])" + re.escape(line) + r"(\d+)", specifier)]
    levels = {0, version[2], *(level + step for level in named for step in (-1, 0, 1))}
    try:
        known = parsed(specifier)
    except ValueError:
        return False
    return any(known.contains(line + str(level), prereleases=True) for level in levels if level >= 0)


def leave_out(names: list[str]) -> None:
    """Requirements on these packages count as if their markers did not apply."""
    requirement = seam("_internal.req.req_install", "InstallRequirement")
    matches = requirement.match_markers

    def match_markers(self: Any, *arguments: Any, **options: Any) -> bool:  # noqa: ANN401  # pip's
        name = re.sub(r"[-_.]+", "-", self.name or "").lower()
        return name not in names and bool(matches(self, *arguments, **options))

    requirement.match_markers = match_markers


def add_requirements(lacking: list[list[str]]) -> None:
    """Single versions ask for more than they declare; each entry is a normalized name, a version and a requirement."""
    candidate = seam("_internal.resolution.resolvelib.candidates", "_InstallRequirementBackedCandidate")
    factory = seam("_internal.resolution.resolvelib.factory", "Factory")
    # Its name says whether one requirement comes back or several (23.3).
    make = getattr(factory, "make_requirements_from_spec", None) or getattr(factory, "make_requirement_from_spec", None)
    if make is None or not hasattr(candidate, "iter_dependencies"):
        raise MissingSeamError("pip._internal.resolution.resolvelib.factory.Factory.make_requirements_from_spec")
    declared = candidate.iter_dependencies

    def iter_dependencies(self: Any, with_requires: bool) -> Any:  # noqa: ANN401, FBT001  # pip's
        yield from declared(self, with_requires)
        for name, version, requirement in lacking if with_requires else ():
            if self.project_name == name and str(self.version) == version:
                made = make(self._factory, requirement, self._ireq)
                yield from [made] if made is None or hasattr(made, "project_name") else made

    candidate.iter_dependencies = iter_dependencies


def silence(target: dict[str, Any]) -> None:
    """The code of packages that may not run does not, not even to say what the package needs."""
    source = seam("_internal.distributions.sdist", "SourceDistribution")
    prepare = source.prepare_distribution_metadata
    refusal = seam("_internal.exceptions", "DistributionNotFound")

    def prepare_distribution_metadata(self: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # pip's
        name = re.sub(r"[-_.]+", "-", self.req.name or "").lower()
        if name in target["never"] or (target["silent"] and name not in target["heard"]):
            raise refusal(str(self.req) + " is source whose code may not run")
        return prepare(self, *arguments, **options)

    source.prepare_distribution_metadata = prepare_distribution_metadata


def know_metadata(rows: list[dict[str, Any]], outcome: dict[str, Any]) -> None:
    """Sources in the rows are not asked for their metadata, which is in `folder`; which one fails to say is noted."""
    source = seam("_internal.distributions.sdist", "SourceDistribution")
    prepare = source.prepare_distribution_metadata

    def prepare_distribution_metadata(self: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # pip's
        requirement, link = self.req, self.req.link
        for row in rows:
            if row["filename"] == link.filename or row["url"] in (link.url, link.url_without_fragment):
                requirement.metadata_directory = row["folder"]
                if requirement.req is None:
                    requirement._set_requirement()  # noqa: SLF001  # a seam
                return None
        try:
            return prepare(self, *arguments, **options)
        except Exception:
            url = link.url_without_fragment
            outcome["source"] = requirement.name + " @ " + url if requirement.name else ""
            raise

    source.prepare_distribution_metadata = prepare_distribution_metadata


def admit_wheels_named_by_url() -> None:
    """A wheel that the user names is judged by lambda-pack, which can say why it does not fit."""
    factory = seam("_internal.resolution.resolvelib.factory", "Factory")
    if hasattr(factory, "_fail_if_link_is_unsupported_wheel"):
        factory._fail_if_link_is_unsupported_wheel = lambda *_, **__: None  # noqa: SLF001  # a seam


def listen(outcome: dict[str, Any]) -> None:
    """Notes the exception that ends the command, and the index pages that pip goes on without."""
    # The command turns some exceptions into a status of its own, so the resolver inside it is heard first.
    overhear(outcome, seam("_internal.resolution.resolvelib.resolver", "Resolver"), "resolve")
    overhear(outcome, seam("_internal.commands.install", "InstallCommand"), "run")

    def hear(link: Any, reason: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # pip's
        status = getattr(getattr(reason, "response", None), "status_code", None)
        if status != 404:  # noqa: PLR2004  # an index may well not know a package
            outcome["unreachable"].append([str(link), str(reason)])
        return report_failure(link, reason, *arguments, **options)

    report_failure = replace("_internal.index.collector", "_handle_get_simple_fail", hear)


def note_pages(outcome: dict[str, Any]) -> None:
    """Notes the page of an index that each chosen file was found on; pip's own report does not say it."""
    resolver = seam("_internal.resolution.resolvelib.resolver", "Resolver")
    resolve = resolver.resolve

    def resolve_and_note(self: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # pip's
        answer = resolve(self, *arguments, **options)
        for requirement in answer.requirements.values():
            link = requirement.link
            page = getattr(link, "comes_from", None)
            if isinstance(page, str):
                outcome["pages"][link.url_without_fragment] = page
        return answer

    resolver.resolve = resolve_and_note


def overhear(outcome: dict[str, Any], owner: Any, name: str) -> None:  # noqa: ANN401  # pip's
    """Notes the exception that ends a method, unless one further inside has been noted."""
    work = getattr(owner, name)

    def method(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # pip's
        try:
            return work(*arguments, **options)
        except BaseException as error:
            if not outcome["errors"]:
                everyone = [error, *getattr(error, "errors", ())]
                outcome["errors"] = [kind.__name__ for each in everyone for kind in type(each).__mro__]
                outcome["message"] = str(error)
                # The program that failed; newer pips wrap its exception in another.
                described = getattr(error, "command_description", getattr(error, "failed_step", ""))
                outcome["description"] = str(described)
            raise

    setattr(owner, name, method)


def install_with(uv: dict[str, Any]) -> None:
    """What builds require is installed by uv; by pip itself where uv fails, so that the words of the error are pip's.

    Where pip has changed inside, or is older than 25.1, nothing is replaced: it is slower then, and no worse.
    """
    try:
        installer = seam("_internal.build_env", "SubprocessBuildEnvironmentInstaller")
    except MissingSeamError:
        return
    install = installer.install

    def install_by_uv(self: Any, requirements: Any, prefix: Any, **options: Any) -> None:  # noqa: ANN401  # pip's
        listed = list(requirements)
        if not installed(uv, listed, prefix):
            install(self, listed, prefix, **options)

    installer.install = install_by_uv


def installed(uv: dict[str, Any], requirements: list[str], prefix: Any) -> bool:  # noqa: ANN401  # pip's
    """Whether uv has installed requirements into the prefix of a build environment."""
    handle, config = tempfile.mkstemp(suffix=".toml")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(uv["config"])
    python = getattr(prefix, "venv_executable", None) or sys.executable
    command = [uv["program"], "pip", "install", *uv["options"], "--config-file", config]
    command += ["--python", python, "--prefix", prefix.path, "--", *requirements]
    environment = {**os.environ, **uv["variables"]}  # noqa: TID251  # pip's own: the allow-listed variables
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603  # as above
    except OSError:
        return False
    finally:
        # Its logins are not left for the code of packages.
        os.unlink(config)  # noqa: PTH108  # plain, as the rest
    return done.returncode == 0 and any(map(os.path.isdir, prefix.lib_dirs))


def main(path: str) -> None:
    """Run pip; its status is ours."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  # plain, as the rest
        settings = json.load(file)
    os.unlink(path)  # noqa: PTH108  # plain, as the rest
    sys.meta_path.insert(0, OnlyPip(settings["folder"]))
    outcome: dict[str, Any] = {"errors": [], "message": "", "description": "", "unreachable": [], "missing": None}
    outcome["pages"] = {}
    try:
        target = settings.get("target")
        if target:
            pretend_tags(target)
            pretend_markers(target)
            pretend_python(target)
            leave_out(target["without"])
            if target.get("lacking"):
                add_requirements(target["lacking"])
            know_metadata(target.get("metadata", []), outcome)
            if target.get("silent") or target.get("never"):
                silence(target)
            admit_wheels_named_by_url()
            note_pages(outcome)
            listen(outcome)
        if settings.get("installer"):
            install_with(settings["installer"])
        sys.argv = ["pip", *settings["arguments"]]
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
    except MissingSeamError as error:
        outcome["missing"] = str(error)
        raise SystemExit(3) from error
    finally:
        if settings.get("outcome"):
            with open(settings["outcome"], "w", encoding="utf-8") as file:  # noqa: PTH123  # plain, as the rest
                json.dump(outcome, file)


if __name__ == "__main__":
    main(sys.argv[1])
