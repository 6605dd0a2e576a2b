"""pip's settings: options of `pip install`, `download`, `wheel` and `lock`, which are its variables and keys as well.

Facts: pip 26.3, its option objects and documentation, read 2026-11-28.
"""

from __future__ import annotations

from lambda_pack.inputs.known_settings import rows

__all__ = ["PIP_LINES", "PIP_OPTIONS"]

_OPTIONS = """
uploaded-prior-to + the cooldown, in every way that a version can enter; see Cooldown
pre,all-releases,only-final + which pre-releases are allowed
no-binary,only-binary,prefer-binary + which kinds of file are allowed
index-url,pypi-url,extra-index-url,no-index,find-links + where packages are looked for
trusted-host,cert,client-cert,proxy,retries,timeout,default-timeout,keyring-provider + how indexes are reached
constraint + versions are limited
build-constraint + versions of build requirements are limited
config-settings + handed to every build backend
require-hashes,no-require-hashes + whether every requirement must have a hash
requirement,editable,group,requirements-from-script ! only inputs that are named are packed; name it with -r or --input
no-deps,no-dependencies ! dependencies are packed; leave out packages with --exclude-package
only-deps,only-dependencies ! requirements themselves are packed; leave them out with --exclude-package
platform,python-version,implementation,abi ! the target is what --runtime and --architecture say
ignore-requires-python ! Requires-Python counts, as it does for the runtime
no-build-isolation ! builds are isolated; say --no-build-isolation NAMES
use-deprecated ! what is deprecated in pip is not used
no-proxy-env ! proxies of the environment are used; unset HTTP_PROXY and HTTPS_PROXY
use-pep517 - every build uses PEP 517
use-feature - pip's experimental features do not change what is chosen
refresh-package,cache-dir,no-cache-dir - lambda-pack asks its indexes what has changed, and has a cache of its own
resume-retries - an interrupted download is retried
upgrade,upgrade-strategy,force-reinstall,ignore-installed - nothing is installed, so nothing is upgraded
target,user,no-user,root,prefix,src,source,source-dir,source-directory - nothing is installed
dest,dest-dir,destination-dir,destination-directory,wheel-dir - results go to --output
output,report,dry-run - lambda-pack writes its own lock and report
compile,no-compile - bytecode is made with --compile
check-build-dependencies,no-clean,build-dir,no-verify - about how pip builds and cleans up
break-system-packages,root-user-action,no-warn-script-location,no-warn-conflicts - nothing is installed
isolated - pip takes it from its command line alone
require-virtualenv,require-venv,python - about the environment that pip runs in
no-input,exists-action - lambda-pack never asks
help,version,debug,verbose,quiet,log,log-file,local-log,no-color,progress-bar - about what is shown
disable-pip-version-check,no-python-version-warning - about pip itself
"""
PIP_OPTIONS = rows(_OPTIONS)
"""By long name: PIP_NAME, a key of pip.conf's [global], [install] and [download]."""

_LINES = """
index-url,pypi-url,extra-index-url,no-index,find-links,trusted-host + as the options
constraint,requirement + the file is read
editable + built as a plain wheel
no-binary,only-binary,prefer-binary,pre,all-releases,only-final + as the options
require-hashes,no-require-hashes,hash + as in pip
config-settings + handed to the build backend of the line's package
use-feature - pip's experimental features do not change what is chosen
"""
PIP_LINES = rows(_LINES)
"""Options that pip takes in requirements files."""
