"""What templates say about packaging, and what is done with it: the one table, printed in docs/many-functions.md.

Read 2026-11-28: serverless-python-requirements 6.1.2 (README and lib/), docs/sf/providers/aws/guide/python.md of
Serverless Framework 4, package-service.js of serverless 3.40.0, samcli/lib/build of aws-sam-cli with
aws-lambda-builders 1.67.0, and the assemblies that aws-cdk-lib 2.276.0 writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from msgspec import Struct

__all__ = ["ASSEMBLY_KEYS", "PLUGINS", "PLUGIN_KEYS", "SAM_KEYS", "SERVERLESS_KEYS", "Heed", "TemplateKey", "keys_of"]


class Heed(Enum):
    """What is done with a key; the value is the word in the documentation."""

    HEEDED = "heeded"
    NO_EFFECT = "no effect"
    NAMED = "named"
    LEFT = "left as it is"


class TemplateKey(Struct, frozen=True):
    """A key, what is done with it, and how or why.

    A `NAMED` key is warned about where it stands, unless its value is one of `defaults`, which ask for nothing.
    """

    name: str
    heed: Heed
    text: str
    defaults: tuple[str, ...] = ("false", "null", "~", "")


def keys_of(rows: tuple[TemplateKey, ...]) -> Mapping[str, TemplateKey]:
    """Return the rows by name."""
    return MappingProxyType({row.name: row for row in rows})


_CACHES = "it is about the plugin's own caches"
_DOCKER = "it is about the plugin's own container; where something must be built, see --builder"

PLUGIN_KEYS: tuple[TemplateKey, ...] = (
    TemplateKey("enabled", Heed.HEEDED, "`false` packs own code alone"),
    TemplateKey("fileName", Heed.HEEDED, "the requirements file, instead of `requirements.txt`"),
    TemplateKey("usePoetry", Heed.HEEDED, "poetry.lock comes first where pyproject.toml builds with poetry; or a path"),
    TemplateKey("useUv", Heed.HEEDED, "then uv.lock, unless the plugin 6 is used, which does not know it; or a path"),
    TemplateKey("usePipenv", Heed.HEEDED, "then Pipfile.lock, of the service if the module has none; or a path"),
    TemplateKey("requirePoetryLockFile", Heed.HEEDED, "without a poetry.lock the function is left as it is"),
    TemplateKey("poetryWithGroups", Heed.HEEDED, "`--group`"),
    TemplateKey("poetryOnlyGroups", Heed.HEEDED, "`--only-group`"),
    TemplateKey("poetryWithoutGroups", Heed.NO_EFFECT, "only the main group is packed unless others are named"),
    TemplateKey("uvOptionalDependencies", Heed.HEEDED, "`--extra`"),
    TemplateKey("uvWithGroups", Heed.HEEDED, "`--group`"),
    TemplateKey("uvOnlyGroups", Heed.HEEDED, "`--only-group`"),
    TemplateKey("uvWithoutGroups", Heed.NO_EFFECT, "only the main dependencies are packed unless groups are named"),
    TemplateKey(
        "noDeploy", Heed.HEEDED, "`--exclude-package`; what those packages need is packed unless it is named too"
    ),
    TemplateKey(
        "layer", Heed.HEEDED, "the requirements become the layer `pythonRequirements`, functions have own code"
    ),
    TemplateKey("slim", Heed.HEEDED, "`--dist-info drop` and `--strip`; compiled files are never packed"),
    TemplateKey("strip", Heed.HEEDED, "`false`: `slim` without `--strip`"),
    TemplateKey("slimPatternsAppendDefaults", Heed.HEEDED, "`false`: `slim` without `--dist-info drop`"),
    TemplateKey("slimPatterns", Heed.NAMED, "files of packages are left out by kind: see --drop, --dist-info"),
    TemplateKey("vendor", Heed.HEEDED, "its files are packed over all others; of a function, too"),
    TemplateKey(
        "zip", Heed.NAMED, "packages lie unzipped in the bundle: import unzip_requirements only where it is found"
    ),
    TemplateKey(
        "pipCmdExtraArgs", Heed.NAMED, "say the same with options of lambda-pack, such as --index-url", ("", "[]")
    ),
    TemplateKey("dockerizePip", Heed.NO_EFFECT, "every bundle is for Lambda's Linux, whatever machine packs it"),
    TemplateKey("dockerImage", Heed.NAMED, "system libraries in it are not packed; see --build-image"),
    TemplateKey("dockerFile", Heed.NAMED, "system libraries in it are not packed; see --build-image"),
    TemplateKey(
        "dockerExtraFiles", Heed.NAMED, "files of a container are not packed; put them into own code", ("", "[]")
    ),
    TemplateKey("dockerSsh", Heed.NAMED, _DOCKER),
    TemplateKey("dockerPrivateKey", Heed.NAMED, _DOCKER),
    TemplateKey("dockerEnv", Heed.NAMED, _DOCKER),
    TemplateKey("dockerBuildCmdExtraArgs", Heed.NAMED, _DOCKER, ("", "[]")),
    TemplateKey("dockerRunCmdExtraArgs", Heed.NAMED, _DOCKER, ("", "[]")),
    TemplateKey("dockerRootless", Heed.NO_EFFECT, _DOCKER),
    TemplateKey("installer", Heed.NO_EFFECT, "lambda-pack installs"),
    TemplateKey("pythonBin", Heed.NO_EFFECT, "an interpreter is needed for builds alone, of the runtime's version"),
    TemplateKey("cleanupZipHelper", Heed.NO_EFFECT, "there is no zip helper"),
    TemplateKey("useStaticCache", Heed.NO_EFFECT, _CACHES),
    TemplateKey("useDownloadCache", Heed.NO_EFFECT, _CACHES),
    TemplateKey("cacheLocation", Heed.NO_EFFECT, _CACHES),
    TemplateKey("staticCacheMaxVersions", Heed.NO_EFFECT, _CACHES),
    TemplateKey("invalidateCaches", Heed.NO_EFFECT, _CACHES),
)
"""Below `custom.pythonRequirements`."""

SERVERLESS_KEYS: tuple[TemplateKey, ...] = (
    TemplateKey("package.patterns", Heed.HEEDED, "after `exclude` and `include`, the last one that matches counts"),
    TemplateKey("package.exclude", Heed.HEEDED, "first, as older services have it"),
    TemplateKey("package.include", Heed.HEEDED, "after `exclude`"),
    TemplateKey("package.individually", Heed.HEEDED, "without it patterns and `module` of functions do not count"),
    TemplateKey("package.artifact", Heed.LEFT, "it is packed already"),
    TemplateKey("package.disable", Heed.LEFT, "nothing is packed for it"),
    TemplateKey(
        "package.excludeDevDependencies", Heed.NO_EFFECT, "`node_modules` are left out unless a pattern names them"
    ),
    TemplateKey("package.path", Heed.NO_EFFECT, "bundles are written where `--output-dir` says"),
    TemplateKey("functions.*.module", Heed.HEEDED, "with `package.individually`: its own code and requirements"),
    TemplateKey("functions.*.handler", Heed.HEEDED, "looked for in the bundle"),
    TemplateKey("functions.*.runtime, provider.runtime", Heed.HEEDED, "the target"),
    TemplateKey("functions.*.architecture, provider.architecture", Heed.HEEDED, "the target"),
    TemplateKey("functions.*.image", Heed.LEFT, "it is a container image"),
    TemplateKey("layers.*.path, compatibleRuntimes, compatibleArchitectures", Heed.HEEDED, "as for functions"),
    TemplateKey("`${self:…}`, `${opt:…, 'default'}`", Heed.HEEDED, "the value in this file, or the default"),
    TemplateKey(
        "`${env:NAME}`", Heed.HEEDED, "where the variable is set when lambda-pack runs; else its default in quotes"
    ),
    TemplateKey("`${file(…)}` and every other variable", Heed.NAMED, "known only to the framework"),
)
"""Of a serverless.yml."""

PLUGINS: tuple[TemplateKey, ...] = (
    TemplateKey("serverless-wsgi", Heed.NAMED, "its wsgi_handler.py is not packed; add it to own code"),
    TemplateKey(
        "serverless-plugin-common-excludes", Heed.NAMED, "its patterns do not count; write them as package.patterns"
    ),
    TemplateKey("serverless-plugin-include-dependencies", Heed.NAMED, "its patterns do not count"),
    TemplateKey("serverless-package-external", Heed.NAMED, "folders from outside are not packed; use --source"),
    TemplateKey("serverless-package-python-functions", Heed.NAMED, "its way of packing does not count"),
    TemplateKey("serverless-python-individually", Heed.NAMED, "its way of packing does not count"),
    TemplateKey("serverless-uv-requirements", Heed.NAMED, "the requirements file that it writes must be there before"),
)
"""Below `plugins`: those that change what is packed."""

SAM_KEYS: tuple[TemplateKey, ...] = (
    TemplateKey("Metadata.SkipBuild", Heed.LEFT, "`true`: it is built already"),
    TemplateKey("Metadata.BuildMethod", Heed.HEEDED, "`python3.x` is a layer's runtime, `python-uv` packs as always"),
    TemplateKey(
        "Metadata.BuildMethod: makefile", Heed.LEFT, "its Makefile decides what is in it: run `sam build` for it"
    ),
    TemplateKey("Metadata.BuildMethod, any other", Heed.LEFT, "lambda-pack builds Python alone"),
    TemplateKey("Metadata.BuildArchitecture", Heed.HEEDED, "a layer's architecture, before CompatibleArchitectures"),
    TemplateKey("Metadata.BuildProperties.ParentPackageMode, ParentPackages", Heed.HEEDED, "the folder of own code"),
    TemplateKey("Metadata.BuildProperties, any other", Heed.NAMED, "it is about other languages"),
    TemplateKey(
        "a layer without BuildMethod", Heed.NAMED, "SAM packs it as it is; so do we where it has a python/ folder"
    ),
    TemplateKey("Metadata.WorkingDirectory, ProjectRootDirectory, ContextPath", Heed.NAMED, "they are for makefiles"),
    TemplateKey("CodeUri, ContentUri, Code, Content", Heed.HEEDED, "a folder here; zips and places in S3 are left"),
    TemplateKey(
        "Runtime, Architectures, Handler, CompatibleRuntimes, CompatibleArchitectures", Heed.HEEDED, "the target"
    ),
    TemplateKey("Globals.Function, Globals.LayerVersion", Heed.HEEDED, "for what a resource does not say"),
    TemplateKey("`!Ref` to a parameter", Heed.HEEDED, "its default"),
    TemplateKey("every other intrinsic function", Heed.LEFT, "known only when it is deployed"),
    TemplateKey("`Fn::ForEach`", Heed.LEFT, "known only when it is deployed"),
    TemplateKey("PackageType: Image, ImageUri, InlineCode", Heed.LEFT, "there is no folder"),
    TemplateKey("AWS::Serverless::Application, AWS::CloudFormation::Stack", Heed.LEFT, "pack that template by itself"),
)
"""Of a template of SAM or CloudFormation."""

ASSEMBLY_KEYS: tuple[TemplateKey, ...] = (
    TemplateKey("file assets of functions and layers", Heed.HEEDED, "packed, published under their new names"),
    TemplateKey("stages (nested assemblies), nested stacks", Heed.HEEDED, "as the stacks themselves"),
    TemplateKey(
        "assets that the CDK has bundled (`aws:asset:is-bundled`)", Heed.LEFT, "they have their packages already"
    ),
    TemplateKey("image assets (`dockerImages`)", Heed.LEFT, "they are container images"),
    TemplateKey("zips, inline code, places in S3", Heed.LEFT, "there is no folder"),
)
"""Of an assembly of the CDK."""
