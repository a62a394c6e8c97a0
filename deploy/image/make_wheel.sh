# Make the program's wheel: the same source becomes the same bytes, whenever and wherever that is.
#
#     sh deploy/image/make_wheel.sh SOURCE FOLDER PYTHON
#
# SOURCE is a checkout, FOLDER takes the wheel, and PYTHON has pip and the setuptools that requirements.lock names. The
# wheel's entries are those of the source alone (no file that an earlier build left), with one time and one mode.
set -eu
folder=$2
python=$3
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

(cd "$1" && tar -cf - --exclude=__pycache__ pyproject.toml README.md LICENSE registry consumers projections) | tar -xf - -C "$copy"
chmod -R u=rwX,go=rX "$copy"

# Seconds since 1970; archives of this kind know no time before 1980.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1767225600}
export SOURCE_DATE_EPOCH
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-cache-dir --wheel-dir "$folder" "$copy"
for wheel in "$folder"/credential_registry-*.whl; do
    "$python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest(), sys.argv[1])' "$wheel"
done
