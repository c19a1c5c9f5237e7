#!/bin/sh
# Installs Spokesperson on Debian 13: packages, system user, code, database, settings, services, Caddy.
# Run it as root from a checkout in /srv/spokesperson, or from the folder of a release with WHEEL=<its wheel>:
#
#   install.sh [options of `spokesperson init`]
#   install.sh --prepare     stops before `spokesperson init`, for a site that is restored from a backup
#
# DATABASE_URL=postgres://… names a database on another machine. Each step leaves alone what is there, so the script can
# be run again at any time.
set -eu
umask 022
export DEBIAN_FRONTEND=noninteractive

code=/srv/spokesperson
from=$(dirname "$(dirname "$(readlink -f "$0")")")
settings=/etc/spokesperson.env

step() { printf '\n== %s\n' "$1"; }
fail() { echo "$1" >&2; exit 1; }
is_installed() { command -v "$1" >/dev/null; }
as_postgres() { su postgres -s /bin/sh -c "$1"; }

[ "$(id -u)" -eq 0 ] || fail "Run this as root."
if [ -n "${WHEEL:-}" ]; then
    WHEEL=$(readlink -f "$WHEEL")
elif [ "$from" != "$code" ]; then
    fail "Clone the repository into $code, or name a wheel: WHEEL=FILE $0"
fi
cd /

step "Packages"
packages="make python3-venv"
[ -n "${DATABASE_URL:-}" ] && packages="$packages postgresql-client" || packages="$packages postgresql"
is_installed nginx || is_installed apache2 || packages="$packages caddy"
apt-get update --quiet
# shellcheck disable=SC2086
apt-get install --quiet --yes $packages

step "System user"
getent passwd spokesperson >/dev/null ||
    adduser --system --group --no-create-home --home /var/lib/spokesperson spokesperson
# Readable for nginx, which serves static files and images.
install -d -o spokesperson -g spokesperson -m 755 /var/lib/spokesperson
install -d -o spokesperson -g spokesperson -m 700 /var/backups/spokesperson

step "Code in $code"
if [ -n "${WHEEL:-}" ]; then
    python3 -m venv "$code/.venv"
    "$code/.venv/bin/pip" install --quiet --require-hashes -r "$from/requirements.txt"
    "$code/.venv/bin/pip" install --quiet --no-deps --no-index "$WHEEL"
    ln -sf "$code/.venv/bin/spokesperson" /usr/local/bin/spokesperson
else
    make --silent -C "$code" catalogues
    ln -sf "$code/deploy/spokesperson" /usr/local/bin/spokesperson
fi
spokesperson --version

if [ -z "${DATABASE_URL:-}" ]; then
    step "Database"
    # It may create databases, because `spokesperson backup --verify` restores into one of its own.
    [ "$(as_postgres "psql -Atc \"SELECT 1 FROM pg_roles WHERE rolname = 'spokesperson'\"")" ] ||
        as_postgres "createuser --createdb spokesperson"
    # Letters of every alphabet have cases in C.UTF-8, and its order never changes with the operating system.
    [ "$(as_postgres "psql -Atc \"SELECT 1 FROM pg_database WHERE datname = 'spokesperson'\"")" ] ||
        as_postgres "createdb --owner=spokesperson --template=template0 --encoding=UTF8 --locale=C.UTF-8 spokesperson"
fi

cp "$from/deploy/spokesperson-web.service" "$from/deploy/spokesperson-worker.service" /etc/systemd/system/
systemctl daemon-reload
[ "${1:-}" != --prepare ] || { echo "Prepared. Write $settings, restore, and run $0 again."; exit 0; }

step "Settings and first content"
DATABASE_URL=${DATABASE_URL:-postgres:///spokesperson} spokesperson init "$@"

step "Services"
systemctl enable --now spokesperson-web spokesperson-worker

if is_installed caddy && ! grep -q 127.0.0.1:8000 /etc/caddy/Caddyfile; then
    step "Caddy"
    if [ -n "$(dpkg --verify caddy)" ]; then
        fail "/etc/caddy/Caddyfile was changed: add the site as in $from/deploy/Caddyfile, and reload Caddy."
    fi
    # shellcheck source=/dev/null
    origin=$(. "$settings" && echo "$ORIGIN")
    sed "s|https://news\.example\.org|$origin|" "$from/deploy/Caddyfile" >/etc/caddy/Caddyfile
    systemctl reload-or-restart caddy
fi

echo
echo "Installed. Examine it: spokesperson doctor --email <your address>"
