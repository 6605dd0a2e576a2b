"""uv's settings: keys of `uv.toml` and `[tool.uv]`, those of the table `pip`, and variables.

Facts: the keys that uv 0.13.8 lists when it refuses an unknown one, `uv help` of it, and uv's reference of environment
variables, read 2026-11-28.
"""

from __future__ import annotations

from lambda_pack.inputs.known_settings import rows

__all__ = ["UV_INDEX_KEYS", "UV_KEYS", "UV_PIP_KEYS", "UV_VARIABLES"]

_SHARED = """
exclude-newer,exclude-newer-package + the cooldown, in every way that a version can enter; see Cooldown
prerelease + which pre-releases are allowed
resolution,dependency-metadata + handed to uv; --resolver pip refuses them
index-url,extra-index-url,no-index,find-links,index-strategy,keyring-provider + where packages are looked for
no-build,no-binary + which kinds of file are allowed
config-settings + handed to every build backend
no-sources,no-sources-package + [tool.uv.sources] of the manifest is left alone
config-settings-package ! say --config-settings, or -C at the line of the requirement
no-build-isolation,no-build-isolation-package ! builds are isolated; say --no-build-isolation NAMES
extra-build-dependencies,extra-build-variables ! builds get what their [build-system] asks for and no more
require-build-hashes,torch-backend ! not supported; name the index of torch with --index-url or [[tool.uv.index]]
fork-strategy - a bundle is resolved for one target, so nothing forks
link-mode,compile-bytecode,reinstall,reinstall-package,upgrade,upgrade-package - nothing is installed or upgraded
"""

_KEYS = f"""
{_SHARED}
constraint-dependencies,build-constraint-dependencies + versions are limited
override-dependencies + they take the place of every requirement of their names; --resolver pip refuses them
exclude-dependencies + left out wherever they are asked for
sources,workspace,dev-dependencies + read with the manifest
index + where packages are looked for
prerelease-package + which pre-releases are allowed
no-build-package,no-binary-package + which kinds of file are allowed
allow-insecure-host + how indexes are reached
http-proxy,https-proxy,no-proxy ! say --proxy, or set HTTPS_PROXY
offline ! indexes are asked; name folders with --no-index and --find-links
default-groups,dependency-groups - groups are packed where --group names them
environments,required-environments,conflicts,minimum-libc-version - about uv.lock; a bundle has one target
pip - its keys are below
required-version,preview,preview-features - about uv itself
system-certs,native-tls ! certificates are those of --cert, or of SSL_CERT_FILE
no-cache,cache-dir - lambda-pack has a cache of its own
python-preference,python-downloads,python-install-mirror,pypy-install-mirror - builds use the interpreter of --python
graalpy-install-mirror,pyodide-install-mirror,python-downloads-json-url - builds use the interpreter of --python
concurrent-downloads,concurrent-builds,concurrent-installs - about speed
publish-url,trusted-publishing,check-url,audit - about other commands
add-bounds,cache-keys,managed,package,build-backend - about other commands
"""
UV_KEYS = rows(_KEYS)
"""Keys of `uv.toml`, `[tool.uv]` and scripts."""

_PIP_KEYS = f"""
{_SHARED}
only-binary + which kinds of file are allowed
require-hashes + every requirement must have a hash
no-deps ! dependencies are packed; leave out packages with --exclude-package
extra,all-extras,no-extra,group - extras and groups are packed where --extra and --group name them
python-version,python-platform ! the target is what --runtime and --architecture say
universal,no-strip-extras,no-strip-markers,no-annotate,no-header,custom-compile-command - about what uv writes
output-file,generate-hashes,no-emit-package,emit-index-url,emit-find-links - about what uv writes
emit-build-options,emit-marker-expression,emit-index-annotation,annotation-style - about what uv writes
python,system,break-system-packages,target,prefix,strict - nothing is installed
allow-empty-requirements - no requirements are a bundle with nothing in it
verify-hashes - hashes are always verified
"""
UV_PIP_KEYS = rows(_PIP_KEYS)
"""Keys of the table `pip`."""

_INDEX_KEYS = """
name,url,default,explicit,format + where packages are looked for
exclude-newer ! say exclude-newer-package for what comes from the index
authenticate,cache-control,ignore-error-codes,hash-algorithm,publish-url - about how uv asks and publishes
"""
UV_INDEX_KEYS = rows(_INDEX_KEYS)
"""Keys of `[[index]]` and `[[tool.uv.index]]`."""

_VARIABLES = """
UV_EXCLUDE_NEWER + the cooldown, in every way that a version can enter; see Cooldown
UV_PRERELEASE + which pre-releases are allowed
UV_RESOLUTION + handed to uv; --resolver pip refuses it
UV_CONSTRAINT,UV_BUILD_CONSTRAINT,UV_OVERRIDE,UV_EXCLUDE + the files are read
UV_INDEX,UV_DEFAULT_INDEX,UV_INDEX_URL,UV_EXTRA_INDEX_URL,UV_FIND_LINKS + where packages are looked for
UV_INDEX_STRATEGY,UV_KEYRING_PROVIDER,UV_INSECURE_HOST + where packages are looked for
UV_INDEX_MY_INDEX_USERNAME,UV_INDEX_MY_INDEX_PASSWORD + the login of an index, by its name
UV_HTTP_TIMEOUT,UV_REQUEST_TIMEOUT,UV_HTTP_RETRIES + how indexes are reached
UV_NO_BINARY,UV_NO_BINARY_PACKAGE,UV_NO_BUILD,UV_NO_BUILD_PACKAGE + which kinds of file are allowed
UV_REQUIRE_HASHES + every requirement must have a hash
UV_CONFIG_FILE,UV_NO_CONFIG + which settings of uv are read
UV_NO_SYSTEM_CONFIG ! uv.toml of the system is read; set UV_NO_CONFIG
UV_NO_SOURCES,UV_NO_SOURCES_PACKAGE ! say no-sources in [tool.uv]
UV_NO_BUILD_ISOLATION ! builds are isolated; say --no-build-isolation NAMES
UV_TORCH_BACKEND ! name the index of torch with --index-url or [[tool.uv.index]]
UV_OFFLINE ! indexes are asked; name folders with --no-index and --find-links
UV_SYSTEM_CERTS,UV_NATIVE_TLS ! certificates are those of --cert, or of SSL_CERT_FILE
UV_FORK_STRATEGY - a bundle is resolved for one target, so nothing forks
UV_LOCKED,UV_FROZEN - a lock that is there is used; --locked refuses one that is out of date
UV_DEV,UV_NO_DEV,UV_NO_GROUP,UV_NO_DEFAULT_GROUPS - groups are packed where --group names them
UV_PROJECT,UV_NO_PROJECT,UV_WORKING_DIR,UV_WORKING_DIRECTORY - the project is the input that is named
UV_NO_EDITABLE,UV_NO_INSTALL_PROJECT,UV_NO_INSTALL_LOCAL,UV_NO_INSTALL_WORKSPACE - nothing is installed
UV_ONLY_INSTALL_PROJECT,UV_ONLY_INSTALL_LOCAL,UV_ONLY_INSTALL_WORKSPACE - nothing is installed
UV_LINK_MODE,UV_COMPILE_BYTECODE,UV_COMPILE_BYTECODE_TIMEOUT,UV_NO_INSTALLER_METADATA - nothing is installed
UV_SYSTEM_PYTHON,UV_BREAK_SYSTEM_PACKAGES,UV_PROJECT_ENVIRONMENT,UV_NO_SYNC,UV_ISOLATED - nothing is installed
UV_VENV_CLEAR,UV_VENV_RELOCATABLE,UV_VENV_SEED - no environment is made
UV_NO_VERIFY_HASHES - hashes are always verified
UV_INSECURE_NO_ZIP_VALIDATION,UV_SKIP_WHEEL_FILENAME_CHECK - wheels are always checked
UV_MALWARE_CHECK,UV_MALWARE_CHECK_URL - about uv's own installs
UV_PYTHON,UV_MANAGED_PYTHON,UV_NO_MANAGED_PYTHON,UV_PYTHON_PREFERENCE - builds use the interpreter of --python
UV_PYTHON_DOWNLOADS,UV_PYTHON_DOWNLOADS_JSON_URL,UV_PYTHON_SEARCH_PATH - builds use the interpreter of --python
UV_PYTHON_INSTALL_DIR,UV_PYTHON_INSTALL_BIN,UV_PYTHON_BIN_DIR,UV_PYTHON_CACHE_DIR - about installed interpreters
UV_PYTHON_INSTALL_MIRROR,UV_PYPY_INSTALL_MIRROR,UV_PYTHON_INSTALL_REGISTRY - about installed interpreters
UV_PYTHON_NO_REGISTRY,UV_PYTHON_CPYTHON_BUILD,UV_PYTHON_GRAALPY_BUILD - about installed interpreters
UV_PYTHON_PYODIDE_BUILD,UV_PYTHON_PYPY_BUILD,UV_LIBC,UV_ASTRAL_MIRROR_URL - about installed interpreters
UV_CACHE_DIR,UV_NO_CACHE,UV_LOCK_TIMEOUT - lambda-pack has a cache of its own
UV_CONCURRENT_BUILDS,UV_CONCURRENT_CACHE_READS,UV_CONCURRENT_DOWNLOADS,UV_CONCURRENT_INSTALLS - about speed
UV_HTTP_CONNECT_TIMEOUT,UV_UPLOAD_HTTP_TIMEOUT,UV_STACK_SIZE - about speed
UV_GITHUB_FAST_PATH_URL,UV_NO_GITHUB_FAST_PATH,UV_GITHUB_TOKEN,UV_GIT_LFS - about how uv clones
UV_AUTH_TOKEN,UV_API_KEY,UV_CREDENTIALS_DIR,UV_NO_HF_TOKEN - logins of other services
UV_AZURE_ENDPOINT_URL,UV_GCS_ENDPOINT_URL - logins of other services
UV_ENV_FILE,UV_NO_ENV_FILE,UV_RUN_MAX_RECURSION_DEPTH,UV_RUN_RECURSION_DEPTH,UV_RUN_RLIMIT_NOFILE - about other commands
UV_TOOL_DIR,UV_TOOL_BIN_DIR,UV_INIT_BUILD_BACKEND,UV_INIT_BARE - about other commands
UV_PUBLISH_URL,UV_PUBLISH_INDEX,UV_PUBLISH_CHECK_URL,UV_PUBLISH_TOKEN - about other commands
UV_PUBLISH_USERNAME,UV_PUBLISH_PASSWORD,UV_PUBLISH_NO_ATTESTATIONS - about other commands
UV_PREVIEW,UV_PREVIEW_FEATURES,UV_CUSTOM_COMPILE_COMMAND - about uv itself
UV_NO_PROGRESS,UV_NO_WRAP,UV_HIDE_BUILD_OUTPUT,UV_LOG_CONTEXT,UV_SHOW_RESOLUTION - about what is shown
UV_CUDA_DRIVER_VERSION,UV_AMD_GPU_ARCHITECTURE - about torch-backend
UV_INSTALL_DIR,UV_DOWNLOAD_URL,UV_NO_MODIFY_PATH,UV_UNMANAGED_INSTALL - about installing uv
UV_INSTALLER_GITHUB_BASE_URL,UV_INSTALLER_GHE_BASE_URL - about installing uv
"""
UV_VARIABLES = rows(_VARIABLES)
