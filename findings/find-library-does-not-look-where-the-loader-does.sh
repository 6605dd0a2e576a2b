#!/usr/bin/env bash
# ctypes.util.find_library asks ldconfig, gcc and ld, and looks into no folder itself. Where there is no compiler, as on
# Lambda, it does not find what the loader finds through LD_LIBRARY_PATH, and pyzbar 0.1.9, which asks nothing else, is not
# imported although `CDLL("libzbar.so.0")` works. Any library will do to show it: here it is the one of rtree 1.4.1.
# Seen on 2026-11-28 with CPython 3.11 on x86_64 Linux.
#
# Needs a CPython with pip (PYTHON names another one than python3), and a package index. Fails when this is no longer so.
set -euo pipefail

python=$("${PYTHON:-python3}" -c "import sys; print(sys.executable)")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m pip install -q --disable-pip-version-check --only-binary :all: --no-deps --target "$folder/packages" \
  pyzbar==0.1.9 rtree==1.4.1
mkdir "$folder/lib" "$folder/empty"
cp "$folder"/packages/rtree.libs/libspatialindex-*.so "$folder/lib/libzbar.so.0"
export PYTHONPATH="$folder/packages" LD_LIBRARY_PATH="$folder/lib"

"$python" -c 'import ctypes; ctypes.CDLL("libzbar.so.0")'
echo 'CDLL("libzbar.so.0"): loaded'

# Without gcc and ld, which are looked for on PATH.
found=$(PATH="$folder/empty" "$python" -c 'import ctypes.util; print(ctypes.util.find_library("zbar"))')
echo "find_library(\"zbar\"): $found"
test "$found" = None

said=$(PATH="$folder/empty" "$python" -c 'import pyzbar.pyzbar' 2>&1) && exit 1
echo "import pyzbar.pyzbar: ${said##*$'\n'}"
test "${said##*$'\n'}" = "ImportError: Unable to find zbar shared library"
