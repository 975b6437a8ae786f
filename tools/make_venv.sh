#!/bin/sh
# make_venv.sh FOLDER EXTRAS [CONSTRAINTS]: a virtual environment with this project in it.
# Says in one line what is missing, if something is.
set -u
folder=$1 extras=$2 constraints=${3:-}

suits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -c "$suits" >/dev/null 2>&1; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    found=$(${PYTHON:-python3} --version 2>/dev/null || echo "no Python")
    echo "Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no build for others); found $found. Install one, or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    echo "$("$python" --version) lacks its module venv: install it (on Debian and Ubuntu: apt install python3-venv)" >&2
    exit 1
fi

log=$folder/install.log
if [ ! -x "$folder/bin/python" ]; then
    echo "Making $folder with $("$python" --version)"
    "$python" -m venv "$folder" || exit 1
fi
echo "Installing TensorFlow, Jupyter and the project into $folder (1 to 3 minutes, about 2.5 GB; log: $log)"
if ! "$folder/bin/python" -m pip install --disable-pip-version-check --no-input \
        ${constraints:+-c "$constraints"} -e ".$extras" >"$log" 2>&1; then
    echo "The installation failed: $(grep -E '^ERROR' "$log" | head -n 1). A network, and about 3 GB of free space, are needed once; the whole log is in $log" >&2
    exit 1
fi
