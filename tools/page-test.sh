#!/usr/bin/env bash
# Opens the page of a study in headless Chromium: every figure of it must be there and have a size, the console must be
# silent, keys, buttons and the filter must do what they are for, nothing may stick out of a phone's screen, and printed it
# has four pages at most. Leaves pictures of it, light and dark, at the widths of a desk and of a phone, and the PDF.
#
#   tools/page-test.sh [DIR [PICTURES]]
#
# DIR has the results of a study; without it the quick default study is run. QUENCHED names the command, built if it is
# not given. Chromium is Debian's package; where it is not there and cannot be installed, nothing is tested, and that is
# said.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
study=${1:-$work/study}
pictures=${2:-$work/pictures}
mkdir -p "$pictures"

chromium=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$chromium" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >"$work/apt.log" 2>&1 ||
    tail -5 "$work/apt.log"
  chromium=$(command -v chromium || true)
fi
if [ -z "$chromium" ]; then
  echo '*** SKIPPED: there is no Chromium here, and it cannot be installed: the page was NOT tested. ***'
  exit 0
fi

if [ -z "${QUENCHED:-}" ]; then
  cargo build --release --locked
  QUENCHED=target/release/quenched
fi
if [ $# -eq 0 ]; then
  "$QUENCHED" study --quick --quiet --out "$study" >/dev/null
fi
page=$work/page.html
"$QUENCHED" report "$study" --out "$page" >/dev/null

# Chromium with the page of $2, in a window of the size $1; what it says is in $work/log.
browse() {
  local size=$1 url=$2
  shift 2
  timeout 120 "$chromium" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --virtual-time-budget=5000 --enable-logging=stderr --v=0 --window-size="$size" "$@" "file://$url" 2>"$work/log"
}
failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}

# The page with a script behind it that does what a reader does, and writes what came of it.
cat >"$work/probe.js" <<'END'
<script>
(function () {
  var out = [];
  function say(text) { out.push(text); }
  function check(name, holds) { say((holds ? "ok " : "not ") + name); }
  function key(name) { document.dispatchEvent(new KeyboardEvent("keydown", { key: name, cancelable: true })); }
  var figures = document.querySelectorAll("figure.plot");
  figures.forEach(function (figure) {
    document.querySelectorAll("details").forEach(function (d) { d.open = true; });
    var svg = figure.querySelector("svg"), at = svg.getBoundingClientRect();
    say("figure " + figure.getAttribute("data-name") + " " + Math.round(at.width) + " " + Math.round(at.height));
    svg.focus();
    key("ArrowRight");
    check("arrow keys show a point of " + figure.getAttribute("data-name"), document.querySelector("#tip"));
    key("Escape");
    check("Escape leaves it", !document.querySelector("#tip"));
    at = svg.getBoundingClientRect();
    check("data", figure.querySelector("pre.data").textContent.split("\n").length > 2);
    var texts = Array.from(svg.querySelectorAll("text")).filter(function (text) {
      var box = text.getBoundingClientRect();
      return box.left < at.left - 1 || box.right > at.right + 1 || box.top < at.top - 1 || box.bottom > at.bottom + 1;
    });
    check("all text within " + figure.getAttribute("data-name") + ": " + texts.map(function (t) { return t.textContent; }),
      texts.length === 0);
  });
  if (figures.length) {
    figures[0].querySelectorAll(".tools button")[0].click();
    check("a figure is enlarged", document.querySelector("dialog[open] svg"));
    document.querySelector("dialog").close();
    var files = [], make = URL.createObjectURL;
    URL.createObjectURL = function (blob) { files.push(blob); return make.call(URL, blob); };
    figures[0].querySelectorAll(".tools button")[1].click();
    figures[0].querySelectorAll(".tools button")[2].click();
    check("two files are made", files.length === 2 && files[0].size > 500 && files[1].size > 20);
  }
  var buttons = document.querySelectorAll(".filter button");
  if (buttons.length) {
    buttons[1].click();
    var hidden = Array.from(document.querySelectorAll("[data-family]")).filter(function (part) { return part.hidden; });
    check("the filter hides the others", hidden.length > 0);
    buttons[0].click();
    check("and shows them again", !document.querySelector("[data-family][hidden]"));
  }
  document.querySelectorAll("details").forEach(function (d) { d.open = false; });
  var wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
  check("nothing sticks out: " + wide + " of " + room, wide <= room);
  var pre = document.createElement("pre");
  pre.id = "probe";
  pre.textContent = "\n" + out.join("\n") + "\n";
  document.body.appendChild(pre);
  if (parent !== window) { parent.postMessage(pre.textContent, "*"); }
})();
</script>
END
cat "$page" "$work/probe.js" >"$work/probed.html"
# A window is never as narrow as a phone, a frame in it is.
frame() {
  printf '<!doctype html><body style="margin:0"><iframe src="%s" width="390" height="%s" style="border:0"></iframe>' "$1" "$2"
  printf '<pre id="said"></pre><script>onmessage = function (e) { said.textContent = e.data; };</script>'
}
frame probed.html 844 >"$work/phone-probed.html"
frame page.html 3000 >"$work/phone.html"

# What the probes found in the DOM of a page.
judge() {
  local dom=$1 where=$2
  if grep -q CONSOLE "$work/log"; then
    fail "the console of the page ($where): $(grep CONSOLE "$work/log" | head -3)"
  fi
  grep -E '^(ok|not|figure) ' "$dom" >"$work/said" || true
  while read -r line; do fail "$where: ${line#not }"; done < <(grep '^not ' "$work/said")
  while read -r name; do
    size=$(sed -n "s/^figure $name //p" "$work/said")
    # shellcheck disable=SC2086 # width and height are two words
    set -- ${size:-0 0}
    [ "$1" -ge 100 ] && [ "$2" -ge 40 ] || fail "$where: figure $name is missing or has no size: $*"
  done < <(grep -o 'data-name="[^"]*"' "$page" | cut -d'"' -f2)
  echo "$where: $(grep -c '^figure ' "$work/said") figures, $(grep -c '^ok ' "$work/said") checks hold"
}
browse 1280,1000 "$work/probed.html" --dump-dom >"$work/dom"
judge "$work/dom" desk
browse 900,1000 "$work/phone-probed.html" --dump-dom >"$work/dom"
judge "$work/dom" phone

for scheme in light dark; do
  dark=$([ $scheme = dark ] && echo --force-dark-mode || echo --disable-features=None)
  browse 1280,3000 "$page" "$dark" --screenshot="$pictures/desk-$scheme.png" >/dev/null
  browse 500,3000 "$work/phone.html" "$dark" --screenshot="$pictures/phone-$scheme.png" >/dev/null
done
browse 1280,1000 "$page" --no-pdf-header-footer --print-to-pdf="$pictures/page.pdf" >/dev/null
pages=$(grep -a -o '/Count [0-9]*' "$pictures/page.pdf" | sort -k2 -n | tail -1 | cut -d' ' -f2)
[ "${pages:-99}" -le 4 ] || fail "printed it has $pages pages, more than four"
bytes=$(wc -c <"$page")
[ "$bytes" -lt 2000000 ] || fail "the page has $bytes bytes"
echo "printed on $pages pages; $bytes bytes; pictures in $pictures"
if [ "$failed" = 0 ]; then echo "the page is as it should be"; fi
exit "$failed"
