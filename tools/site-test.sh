#!/usr/bin/env bash
# Opens the site in headless Chromium, as files and without a network: on every page tried nothing may stick out of a desk's
# screen or a phone's, pictures must be there, and the console be silent; the search must find a page. Leaves pictures.
#
#   tools/site-test.sh [SITE [PICTURES]]
#
# SITE is built (without the Rust API) if it is not given. Chromium is Debian's package; where it is not there and cannot be
# installed, or the site cannot be built, nothing is tested, and that is said.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pictures=${2:-$work/pictures}
mkdir -p "$pictures"

chromium=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$chromium" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >"$work/apt.log" 2>&1 ||
    tail -5 "$work/apt.log"
  chromium=$(command -v chromium || true)
fi
if [ -z "$chromium" ]; then
  echo '*** SKIPPED: there is no Chromium here, and it cannot be installed: the site was NOT tested. ***'
  exit 0
fi
if [ $# -eq 0 ]; then
  SITE_RUST_API=no tools/site.sh "$work/site" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
fi
site=$(cd "${1:-$work/site}" 2>/dev/null && pwd) || { cat "$work/build.log"; exit 0; }

failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}
# Chromium at the address $2, in a window of the size $1; what it says is in $work/log.
browse() {
  local size=$1 url=$2
  shift 2
  timeout 120 "$chromium" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --allow-file-access-from-files --host-resolver-rules='MAP * ~NOTFOUND' --virtual-time-budget=6000 \
    --enable-logging=stderr --v=0 --window-size="$size" "$@" "$url" 2>"$work/log"
}

cat >"$work/probe.js" <<'END'
<script>
addEventListener("load", function () {
  var out = [], wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
  if (wide > room) { out.push("sticks out: " + wide + " of " + room); }
  document.querySelectorAll("main img").forEach(function (img) {
    if (!(img.naturalWidth > 50 && img.getBoundingClientRect().width <= room)) { out.push("picture " + img.getAttribute("src")); }
  });
  if (document.querySelectorAll("main h1").length !== 1) { out.push("headings: " + document.querySelectorAll("main h1").length); }
  var said = "probed " + (out.length ? out.join("; ") : "ok");
  document.body.setAttribute("data-probe", said);
  if (parent !== window) { parent.postMessage(said, "*"); }
});
</script>
END

count=0
for page in index tutorial gallery glossary parameters other-tools findings python-api command concepts/die formats/chip \
  formats/json how-to/own-chip repository/ARCHITECTURE; do
  folder=$(dirname "$page")
  cat "$site/$page.html" "$work/probe.js" >"$site/$folder/_probed.html"
  # A window is never as narrow as a phone, a frame in it is.
  printf '<!doctype html><body style="margin:0"><iframe src="_probed.html" width="390" height="1600" style="border:0"></iframe>%s' \
    '<script>onmessage = function (e) { document.body.setAttribute("data-probe", e.data); };</script>' >"$site/$folder/_phone.html"
  for screen in desk:1280,1600:_probed phone:500,1600:_phone; do
    IFS=: read -r name size file <<<"$screen"
    url=file://$site/$folder/$file.html
    browse "$size" "$url" --dump-dom >"$work/dom"
    grep -q 'data-probe="probed ok"' "$work/dom" ||
      fail "$page, $name: $(grep -o 'data-probe="[^"]*"' "$work/dom" || echo 'nothing was said')"
    ! grep -q CONSOLE "$work/log" || fail "$page, $name: $(grep CONSOLE "$work/log" | head -3)"
    browse "$size" "$url" --screenshot="$pictures/${page//\//-}-$name.png" >/dev/null
    count=$((count + 1))
  done
  rm "$site/$folder/_probed.html" "$site/$folder/_phone.html"
done

browse 1280,1000 "file://$site/index.html?search=measured%20die" --dump-dom >"$work/dom"
grep -q '<a href="formats/measured-die.html?' "$work/dom" || fail 'a search for `measured die` does not find its page'
browse 1280,1000 "file://$site/index.html?search=measured%20die" --screenshot="$pictures/search.png" >/dev/null

echo "$count views, pictures in $pictures"
if [ "$failed" = 0 ]; then echo 'the site is as it should be'; fi
exit "$failed"
