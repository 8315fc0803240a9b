#!/bin/sh
# Makes the passwords for compose.yaml: random, one for each role. What is there already stays.
# The folder is the owner's only; the files in it can be read by the containers' users, who see them and nothing else.
set -eu
folder=${1:-$(dirname "$0")/../secrets}

mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

new() {  # a file's name; its content comes on standard input
    if [ -e "$1" ]; then cat >/dev/null; else (umask 077; cat >"$1"); chmod 444 "$1"; echo "made $1"; fi
}

random() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }

for name in kafka_controller kafka_broker kafka_operator kafka_intake kafka_worker kafka_deliver \
    kafka_web postgres_superuser postgres_hub grafana_admin; do
    random | new "$name"
done

new pg_service <<SERVICE
[dancu]
host=postgres
port=5432
dbname=dancu
user=dancu
password=$(cat postgres_hub)
SERVICE

# Nobody may send before a source has a line here (`dancu intake token NAME`). Append with >>: a file that is put in the
# place of this one is not seen by the container.
new intake_tokens <<TOKENS
# NAME sha256:HEX [/source/prefix/]
TOKENS
chmod 644 intake_tokens
