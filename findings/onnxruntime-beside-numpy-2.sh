#!/usr/bin/env bash
# onnxruntime 1.15.1 was compiled for NumPy 1, and its metadata allows NumPy 2 (numpy>=1.21.6). Beside NumPy 2.0.2 it is
# imported with exit code 0, and only a message on standard error says what is wrong: a test that imports packages and
# looks at the exit code does not notice. (What is done with arrays later ends the process.)
# Seen on 2026-11-28 with CPython 3.9 on x86_64 Linux.
#
# Needs a CPython 3.9 (PYTHON names another program) with pip, and a package index. Fails when this is no longer so.
set -euo pipefail

python=${PYTHON:-python3.9}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m pip install -q --disable-pip-version-check --only-binary :all: --target "$folder/packages" \
  onnxruntime==1.15.1 numpy==2.0.2 coloredlogs==15.0.1 flatbuffers==24.3.25 packaging==24.2 protobuf==5.29.5 sympy==1.13.3
export PYTHONPATH="$folder/packages"

"$python" -c 'import onnxruntime' 2> "$folder/import.txt"
echo "import onnxruntime beside NumPy 2: exit code 0"
grep "compiled using NumPy 1.x cannot be run in" "$folder/import.txt"
