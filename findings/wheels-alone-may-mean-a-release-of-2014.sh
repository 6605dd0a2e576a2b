#!/usr/bin/env bash
# gensim 4.4.0 has wheels up to CPython 3.13. Where only wheels are allowed, uv and pip pass over every release without one
# for CPython 3.14, and take gensim 0.10.1 of 2014, whose wheel says that it runs everywhere. Neither says that the newest
# release was left out. It cannot be imported: scipy has no `triu` in scipy.linalg.special_matrices any more.
# Seen on 2026-11-28 with uv 0.13.8 and pip 23.2.1.
#
# Needs a Python (PYTHON names another program) with venv, and a package index. Fails when this is no longer so.
set -euo pipefail

python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check uv==0.13.8 pip==23.2.1
echo gensim > "$folder/requirements.txt"

"$folder/venv/bin/uv" pip compile --no-config --no-python-downloads --no-build --python-version 3.14 --python-platform x86_64-manylinux_2_34 \
  --exclude-newer 2026-11-28 --no-header "$folder/requirements.txt" 2>&1 | tee "$folder/uv.txt"
grep -qx "gensim==0.10.1" "$folder/uv.txt"
if grep -Eq "gensim[ =<>]*4" "$folder/uv.txt"; then exit 1; fi

"$folder/venv/bin/python" -m pip download -q --no-deps --only-binary :all: --python-version 3.14 \
  --platform manylinux_2_28_x86_64 --dest "$folder" gensim
ls "$folder"/gensim-0.10.1-py2.py3-none-any.whl
