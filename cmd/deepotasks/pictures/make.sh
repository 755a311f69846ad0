#!/usr/bin/env bash
# Makes the pictures of the README: a terminal in which the demo runs, and the
# reference page. Needs tmux and chromium. Called by "make pictures", in the root.
set -euo pipefail
here=$(dirname "$0") program=$PWD/.bin/deepotasks
for tool in tmux chromium; do
	command -v "$tool" >/dev/null || { echo "make pictures needs $tool"; exit 1; }
done
work=$(mktemp -d)
trap 'tmux -L pictures kill-server 2>/dev/null || true; kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

shot() { # URL FILE WIDTH,HEIGHT
	chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
		--virtual-time-budget=8000 --window-size="$3" --screenshot="$2" "$1" 2>/dev/null
}

# The demo in the middle and at its end, as the terminal shows them.
tmux -L pictures -f /dev/null new-session -d -x 96 -y 9 "PATH=$(dirname "$program"):$PATH PS1='$ ' bash --norc --noprofile"
sleep 1 # until the shell has its prompt
tmux -L pictures send-keys 'deepotasks wait --demo' Enter
sleep 0.95
tmux -L pictures capture-pane -p >"$work/middle"
sleep 3
tmux -L pictures capture-pane -p >"$work/end"
{
	echo '<meta charset="utf-8"><body style="margin:0;background:#1b1f27;color:#d8dee9;font:15px/1.35 monospace">'
	for part in middle end; do
		echo '<pre style="margin:18px 20px;white-space:pre">'
		sed 's/&/\&amp;/g; s/</\&lt;/g' "$work/$part" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
		echo '</pre><hr style="border:0;border-top:1px solid #3b4252">'
	done
} >"$work/terminal.html"
shot "file://$work/terminal.html" "$here/demo.png" 920,400

# The reference page, as serve serves it.
"$program" serve >"$work/env" 2>/dev/null &
server=$!
sleep 1
shot "$(sed -n 's/^export DEEPOMATIC_API_URL=//p' "$work/env")/" "$here/reference.png" 1100,620
