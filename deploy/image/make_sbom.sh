# Make the list of what the image's program consists of (CycloneDX, JSON), with licences and dependencies.
#
#     sh deploy/image/make_sbom.sh FOLDER UV PYTHON
#
# FOLDER takes the wheel, an environment `program` as in the image, and `sbom.cdx.json`. UV is the program uv, and PYTHON
# has pip and the setuptools that requirements.lock names. SBOM_OPTIONS are further options of cyclonedx-py: with
# --no-validate it leaves out the check of what it wrote, which takes most of the time.
set -eu
folder=$1
uv=$2
python=$3
image=$(dirname "$0")

sh "$image/make_wheel.sh" "$image/../.." "$folder" "$python"
"$uv" venv --quiet --clear --python "$python" "$folder/program"
"$uv" pip install --quiet --python "$folder/program/bin/python" --require-hashes --requirement "$image/requirements.lock"
"$uv" pip install --quiet --python "$folder/program/bin/python" --no-deps --offline "$folder"/credential_registry-*.whl
"$uv" venv --quiet --clear --python "$python" "$folder/cyclonedx"
"$uv" pip install --quiet --python "$folder/cyclonedx/bin/python" --require-hashes --requirement "$image/sbom.lock"
"$folder/cyclonedx/bin/cyclonedx-py" environment ${SBOM_OPTIONS:-} --output-reproducible --spec-version 1.6 \
    --pyproject "$image/../../pyproject.toml" --output-file "$folder/sbom.cdx.json" "$folder/program/bin/python"
