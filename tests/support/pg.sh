# A private PostgreSQL for the tests, for tests/run to source.
#
# It lives in one temporary folder, listens on a UNIX socket in that folder and on nothing else,
# and dies with the script that started it, even when that is killed outright. It keeps its
# promises about the disk (fsync and synchronous_commit are on): the tests are about those.

# The folder of initdb and postgres; Debian keeps them off the PATH, one folder a version.
pg_bin() {
  local folder
  for folder in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV); do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      echo "$folder"
      return
    fi
  done
  folder=$(command -v initdb) && dirname "$(readlink -f "$folder")"
}

# Sets pg_as: what puts a command under the user the server runs as, which is not root.
pg_user() {
  pg_as=()
  if [ "$(id -u)" = 0 ]; then
    local user=nobody
    id -u postgres >/dev/null 2>&1 && user=postgres
    pg_as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
  fi
}

# pg_init FOLDER: makes a cluster in FOLDER.
pg_init() {
  local folder=$1 bin
  bin=$(pg_bin)
  # Variables meant for somebody's own server would lead psql and sqlx astray.
  unset "${!PG@}"
  pg_user
  [ ${#pg_as[@]} = 0 ] || chown "$("${pg_as[@]}" id -un)" "$folder"
  "${pg_as[@]}" "$bin/initdb" --pgdata="$folder/data" --username=postgres --auth=trust \
    --encoding=UTF8 --no-locale >"$folder/initdb.log" 2>&1 || {
    cat "$folder/initdb.log" >&2
    return 1
  }
  cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 200
fsync = on
synchronous_commit = on
full_page_writes = on
log_min_messages = warning
CONF
}

# pg_serve FOLDER: becomes the server of the cluster in FOLDER; for rigs that kill it.
pg_serve() {
  pg_user
  cd "$1" && exec "${pg_as[@]}" "$(pg_bin)/postgres" -D "$1/data"
}

# pg_start FOLDER: starts a server in FOLDER and exports SWITCHD_TEST_POSTGRES.
# The tests make and drop their own databases in it.
pg_start() {
  local folder=$1 bin alone=()
  bin=$(pg_bin)
  pg_init "$folder" || return 1
  # Out of reach of the terminal's Ctrl-C, which is meant for psql or cargo; and a fast shutdown as
  # soon as this script is gone. Both are part of util-linux: elsewhere the trap alone must do.
  if setsid setpriv --pdeathsig INT true 2>/dev/null; then
    alone=(setsid setpriv --pdeathsig INT)
  fi
  (cd "$folder" && exec "${pg_as[@]}" "${alone[@]}" "$bin/postgres" -D "$folder/data") >"$folder/server.log" 2>&1 </dev/null &
  pg_pid=$!

  local tries
  for ((tries = 0; tries < 300; tries++)); do
    if "$bin/pg_isready" --quiet --host="$folder" --username=postgres; then
      export SWITCHD_TEST_POSTGRES="postgres:///postgres?host=$folder&user=postgres"
      return
    fi
    kill -0 "$pg_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "tests/run: PostgreSQL did not start; its log:" >&2
  cat "$folder/server.log" >&2
  return 1
}

# Waits until the server has gone: fast shutdown first, then without asking.
pg_stop() {
  [ -n "${pg_pid:-}" ] || return 0
  kill -INT "$pg_pid" 2>/dev/null
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 "$pg_pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -QUIT "$pg_pid" 2>/dev/null
  wait "$pg_pid" 2>/dev/null
  pg_pid=
  unset SWITCHD_TEST_POSTGRES
}
