# Run before each part of the node starts: the node's folder in the volume takes its settings from the chart.
set -eu
home=/var/lib/registry/node
settings=/etc/registry/settings/registry.toml

if [ ! -d "$home/keys" ]; then
    echo "There is no node in this volume yet: $home/keys is missing." >&2
    echo "Create the node or restore a backup, from the toolbox: docs/deploy-on-kubernetes.md, 'The first start'." >&2
    exit 1
fi

# The program refuses keys that others may read. A storage driver that applies fsGroup lets the group read all files.
chmod -R go-rwx "$home/keys"

if [ "$(readlink "$home/registry.toml" || true)" != "$settings" ]; then
    # The file that `registry node init` wrote: kept without the database's address, which has a password, and out of use.
    if [ -f "$home/registry.toml" ]; then
        sed '/^database *=/d' "$home/registry.toml" > "$home/registry.toml.before"
        rm "$home/registry.toml"
    fi
    ln -s "$settings" "$home/.registry.toml.$$"
    mv -fT "$home/.registry.toml.$$" "$home/registry.toml"
fi
