// What the page does for who points at it, tabs through it, or wants its figures: nothing here is loaded, and without
// it figures and tables are the same.
(function () {
  "use strict";
  var root = document.documentElement, box = null;

  function make(name, text, className) {
    var element = document.createElement(name);
    if (text) { element.textContent = text; }
    if (className) { element.className = className; }
    return element;
  }

  // The lines of a table of comma-separated values.
  function lines(text) {
    var all = [[]], field = "", quoted = false;
    for (var i = 0; i < text.length; i++) {
      var c = text[i];
      if (quoted && c === '"' && text[i + 1] === '"') { field += '"'; i++; }
      else if (c === '"') { quoted = !quoted; }
      else if (!quoted && (c === "," || c === "\n")) {
        all[all.length - 1].push(field);
        field = "";
        if (c === "\n") { all.push([]); }
      } else { field += c; }
    }
    all.pop();
    return all;
  }

  // What is shown beside what is pointed at.
  function clear() {
    if (box) { box.remove(); box = null; }
    document.querySelectorAll(".picking").forEach(function (g) { g.classList.remove("picking"); });
    document.querySelectorAll("g.tt.same, g.tt.here").forEach(function (g) { g.classList.remove("same", "here"); });
    document.querySelectorAll("rect.here").forEach(function (r) { r.remove(); });
  }
  function say(text, at, host) {
    box = make("div", text);
    box.id = "tip";
    box.setAttribute("role", "status");
    host.appendChild(box);
    var inside = host === document.body;
    var left = at.left + at.width / 2 - box.offsetWidth / 2;
    left = Math.max(4, Math.min(left, root.clientWidth - box.offsetWidth - 4));
    var top = at.top - box.offsetHeight - 8;
    if (top < 4) { top = at.bottom + 8; }
    box.style.position = inside ? "absolute" : "fixed";
    box.style.left = left + (inside ? window.scrollX : 0) + "px";
    box.style.top = top + (inside ? window.scrollY : 0) + "px";
  }
  function hostOf(element) { return element.closest("dialog") || document.body; }
  function showPoint(point) {
    clear();
    var group = point.closest(".group, dialog"), die = point.getAttribute("data-die");
    if (group && point.closest("svg").querySelectorAll("g.tt").length > 1) {
      group.classList.add("picking");
      group.querySelectorAll("g.tt").forEach(function (g) {
        if (g.getAttribute("data-die") === die) { g.classList.add("same"); }
      });
    }
    point.classList.add("here");
    say(point.getAttribute("data-tip"), point.getBoundingClientRect(), hostOf(point));
  }

  // Cells of a grid are drawn as few paths; which is meant follows from where it is.
  function grids(svg) {
    var row = 0;
    return svg.getAttribute("data-grid").split(";").map(function (text) {
      var n = text.split(" ").map(Number), grid = { x: n[0], y: n[1], w: n[2], h: n[3], columns: n[4], rows: n[5], first: row };
      row += n[4] * n[5];
      return grid;
    });
  }
  function dataOf(svg) {
    if (!svg.tableLines) {
      var holder = svg.closest("dialog") || svg.closest("figure");
      svg.tableLines = lines(holder.querySelector("pre.data").textContent);
    }
    return svg.tableLines;
  }
  function showCell(svg, index) {
    var table = dataOf(svg), wide = svg.getAttribute("data-wide"), columns = table[0].length - 1;
    var line = table[(wide ? Math.floor(index / columns) : index) + 1];
    if (!line) { return; }
    var text = wide ? table[0][index % columns + 1] + "\n" + line[0] + "\n" + wide + " " + line[index % columns + 1]
      : table[0].map(function (name, i) { return name + " " + line[i]; }).join("\n");
    clear();
    grids(svg).forEach(function (grid) {
      var cell = index - grid.first;
      if (cell < 0 || cell >= grid.columns * grid.rows) { return; }
      var mark = document.createElementNS(svg.namespaceURI, "rect");
      mark.setAttribute("class", "here");
      mark.setAttribute("x", grid.x + grid.w * (cell % grid.columns));
      mark.setAttribute("y", grid.y + grid.h * Math.floor(cell / grid.columns));
      mark.setAttribute("width", grid.w);
      mark.setAttribute("height", grid.h);
      svg.appendChild(mark);
      say(text, mark.getBoundingClientRect(), hostOf(svg));
    });
  }
  function cellAt(svg, event) {
    var frame = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
    var x = (event.clientX - frame.left) * view.width / frame.width;
    var y = (event.clientY - frame.top) * view.height / frame.height;
    var found = -1;
    grids(svg).forEach(function (grid) {
      var column = Math.floor((x - grid.x) / grid.w), row = Math.floor((y - grid.y) / grid.h);
      if (column >= 0 && column < grid.columns && row >= 0 && row < grid.rows) {
        found = grid.first + row * grid.columns + column;
      }
    });
    return found;
  }
  document.addEventListener("pointerover", function (event) {
    var point = event.target.closest && event.target.closest("figure.plot g.tt, dialog g.tt");
    if (point) { showPoint(point); } else if (box && !event.target.closest("svg[data-grid]")) { clear(); }
  });
  ["pointermove", "pointerdown"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      var svg = event.target.closest && event.target.closest("svg[data-grid]");
      if (!svg) { return; }
      var cell = cellAt(svg, event);
      if (cell >= 0) { showCell(svg, cell); } else { clear(); }
    });
  });

  // Arrow keys go from point to point, or from cell to cell; Escape leaves; Enter enlarges.
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { clear(); return; }
    var svg = document.activeElement && document.activeElement.closest("svg[tabindex]");
    if (!svg) { return; }
    if (event.key === "Enter" && svg.closest("figure")) { enlarge(svg.closest("figure")); return; }
    var step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) { return; }
    event.preventDefault();
    var points = svg.querySelectorAll("g.tt"), count = points.length;
    var isGrid = svg.hasAttribute("data-grid");
    if (isGrid) {
      count = grids(svg).reduce(function (sum, grid) { return sum + grid.columns * grid.rows; }, 0);
      if (/Up|Down/.test(event.key)) { step *= grids(svg)[0].columns; }
    }
    if (!count) { return; }
    var at = svg.at === undefined ? (step > 0 ? 0 : count - 1) : svg.at + step;
    svg.at = Math.max(0, Math.min(count - 1, at));
    if (isGrid) { showCell(svg, svg.at); } else { showPoint(points[svg.at]); }
  });

  // Files.
  function save(name, type, text) {
    var link = make("a");
    link.href = URL.createObjectURL(new Blob([text], { type: type }));
    link.download = name;
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }
  function picture(figure) {
    var svg = figure.querySelector("svg").cloneNode(true), view = svg.viewBox.baseVal, style = getComputedStyle(root);
    svg.querySelectorAll("rect.here").forEach(function (r) { r.remove(); });
    svg.querySelectorAll("g.tt").forEach(function (point) {
      var title = document.createElementNS(svg.namespaceURI, "title");
      title.textContent = point.getAttribute("data-tip");
      point.insertBefore(title, point.firstChild);
      ["data-tip", "data-die", "class"].forEach(function (name) { point.removeAttribute(name); });
    });
    ["tabindex", "role", "data-grid", "data-wide", "class"].forEach(function (name) { svg.removeAttribute(name); });
    svg.setAttribute("width", view.width);
    svg.setAttribute("height", view.height);
    svg.setAttribute("font-family", "system-ui, 'DejaVu Sans', sans-serif");
    svg.setAttribute("fill", "var(--soft)");
    var paper = document.createElementNS(svg.namespaceURI, "rect");
    paper.setAttribute("width", "100%");
    paper.setAttribute("height", "100%");
    paper.setAttribute("fill", "var(--paper)");
    svg.insertBefore(paper, svg.firstChild);
    return new XMLSerializer().serializeToString(svg).replace(/var\((--[\w-]+)\)/g, function (_, name) {
      return style.getPropertyValue(name).trim();
    });
  }

  function enlarge(figure) {
    clear();
    var dialog = make("dialog"), bar = make("div", "", "tools"), see = make("div", "", "see"), zoom = 1;
    var svg = figure.querySelector("svg").cloneNode(true), data = figure.querySelector("pre.data").cloneNode(true);
    function sized(by) {
      zoom = Math.max(1, Math.min(8, zoom * by));
      svg.style.width = 100 * zoom + "%";
    }
    [["+", "larger", 1.5], ["\u2212", "smaller", 1 / 1.5]].forEach(function (entry) {
      var button = make("button", entry[0]);
      button.setAttribute("aria-label", entry[1]);
      button.addEventListener("click", function () { sized(entry[2]); });
      bar.appendChild(button);
    });
    var close = make("button", "Close");
    close.addEventListener("click", function () { dialog.close(); });
    bar.appendChild(close);
    see.appendChild(svg);
    [bar, see, data].forEach(function (part) { dialog.appendChild(part); });
    dialog.setAttribute("aria-label", svg.getAttribute("aria-label"));
    dialog.addEventListener("close", function () { clear(); dialog.remove(); });
    document.body.appendChild(dialog);
    var view = svg.viewBox.baseVal;
    // As large as the window has room for, both ways.
    see.style.width = "min(94vw, " + Math.round(82 * view.width / view.height) + "vh)";
    sized(1);
    dialog.showModal();
  }

  document.querySelectorAll("figure.plot").forEach(function (figure) {
    var svg = figure.querySelector("svg"), name = figure.getAttribute("data-name");
    svg.setAttribute("tabindex", "0");
    svg.querySelectorAll("g.tt").forEach(function (point) {
      var title = point.querySelector("title");
      point.setAttribute("data-tip", title.textContent);
      point.setAttribute("data-die", title.textContent.split("\n")[0]);
      title.remove();
    });
    var tools = make("div", "", "tools");
    [
      ["Enlarge", "Enlarge", function () { enlarge(figure); }],
      ["SVG", "Download the figure as SVG", function () { save(name + ".svg", "image/svg+xml", picture(figure)); }],
      ["CSV", "Download its data as CSV", function () {
        save(name + ".csv", "text/csv", figure.querySelector("pre.data").textContent);
      }]
    ].forEach(function (entry) {
      var button = make("button", entry[0]);
      button.title = entry[1];
      button.addEventListener("click", entry[2]);
      tools.appendChild(button);
    });
    figure.appendChild(tools);
  });

  // Findings and results of one task or stimulus alone.
  var families = [];
  document.querySelectorAll("[data-family]").forEach(function (part) {
    var family = part.getAttribute("data-family");
    if (families.indexOf(family) < 0) { families.push(family); }
  });
  if (families.length > 1) {
    var filter = make("div", "", "filter");
    filter.setAttribute("role", "group");
    filter.setAttribute("aria-label", "Show the results of");
    [""].concat(families).forEach(function (family) {
      var button = make("button", family || "All tasks");
      button.setAttribute("aria-pressed", String(!family));
      button.addEventListener("click", function () {
        filter.querySelectorAll("button").forEach(function (b) { b.setAttribute("aria-pressed", String(b === button)); });
        document.querySelectorAll("[data-family]").forEach(function (part) {
          part.hidden = family !== "" && part.getAttribute("data-family") !== family;
        });
      });
      filter.appendChild(button);
    });
    var before = document.getElementById("findings");
    before.parentNode.insertBefore(filter, before);
  }
})();
