"use strict";
// The chart that a reader can ask, and tables that can be sorted. Without this script the page is whole, too.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const POSTS = 0, AUTHORS = 1, SCORED = 2, MEAN = 3, LOW = 4, HIGH = 5, NEGATIVE = 6, OBSERVED = 7;
  const VOLUME = { top: 12, height: 150 }, MOOD = { top: 190, height: 100 }, HEIGHT = 300;
  const LEFT = 46, RIGHT = 10;

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const shape = (name, attributes, text = "") => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };
  const number = (value, decimals = 0) =>
    value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).replace("-", "\u2212");
  const signed = (value) => (value > 0 ? "+" : "") + number(value, 2);

  // Sources have no author in common, so that their means are independent.
  const together = (parts) => parts.reduce((sum, part) => {
    const scored = sum[SCORED] + part[SCORED];
    const weigh = (at) => {
      if (sum[SCORED] === 0) return part[at];
      if (part[SCORED] === 0) return sum[at];
      return sum[at] === null || part[at] === null ? null : (sum[at] * sum[SCORED] + part[at] * part[SCORED]) / scored;
    };
    const mean = weigh(MEAN);
    const reach = (row) => (row[SCORED] === 0 ? 0 : row[HIGH] === null ? NaN : row[HIGH] - row[MEAN]);
    const whole = Math.hypot(reach(sum) * sum[SCORED], reach(part) * part[SCORED]) / scored;
    const known = mean !== null && Number.isFinite(whole);
    return [
      sum[POSTS] + part[POSTS], sum[AUTHORS] + part[AUTHORS], scored, mean,
      known ? Math.max(-1, mean - whole) : null, known ? Math.min(1, mean + whole) : null,
      weigh(NEGATIVE), sum[OBSERVED] && part[OBSERVED],
    ];
  });

  const nice = (most) => {
    const step = 10 ** Math.floor(Math.log10(most || 1));
    return [1, 2, 5, 10].map((times) => times * step).find((top) => top >= most) || 1;
  };

  const explore = (root, data) => {
    let grid = data.grids[0], at = 0;
    const shown = new Set(grid.sources.map((source) => source.name));
    const everything = shown.size;
    const chart = shape("svg", { class: "explorer-chart", "aria-hidden": "true" });
    const slider = element("input", { type: "range", min: 0, id: "explorer-at" });
    const told = element("output", { className: "explorer-told", htmlFor: "explorer-at" });
    told.setAttribute("aria-live", "off"); // the slider speaks already

    const rows = () => {
      if (shown.size === everything) return grid.all;
      const parts = grid.sources.filter((source) => shown.has(source.name));
      if (parts.length === 0) return grid.all.map(() => [0, 0, 0, null, null, null, null, 1]);
      return grid.all.map((_, n) => together(parts.map((source) => source.rows[n])));
    };
    const say = (row) => {
      const name = grid.names[at];
      if (!row[OBSERVED]) return `${name}: not observed` + (row[POSTS] ? `; ${number(row[POSTS])} posts are known` : "");
      const said = [`${number(row[POSTS])} ${row[POSTS] === 1 ? "post" : "posts"}`, `${number(row[AUTHORS])} ${row[AUTHORS] === 1 ? "author" : "authors"}`];
      if (row[MEAN] !== null) {
        const ends = row[LOW] === null ? "" : ` [${signed(row[LOW])}, ${signed(row[HIGH])}]`;
        said.push(`mean sentiment ${signed(row[MEAN])}${ends}`, `${number(100 * row[NEGATIVE])}% negative`);
      }
      return `${name}: ${said.join(", ")}`;
    };

    const draw = () => {
      const width = Math.max(280, root.clientWidth), now = rows();
      const x = (seconds) => LEFT + (seconds / data.length) * (width - LEFT - RIGHT);
      const top = nice(Math.max(1, ...now.map((row) => row[POSTS])));
      const up = (posts) => VOLUME.top + VOLUME.height * (1 - posts / top);
      const middle = MOOD.top + MOOD.height / 2, feel = (mean) => middle - (mean * MOOD.height) / 2;
      chart.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      chart.replaceChildren();
      const put = (...given) => chart.append(shape(...given));
      for (const [value, y] of [[top, VOLUME.top], [0, VOLUME.top + VOLUME.height]]) {
        put("line", { x1: LEFT, x2: width - RIGHT, y1: y, y2: y, class: "explorer-rule" });
        put("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, number(value));
      }
      for (const [value, y] of [["+1", MOOD.top], ["0", middle], ["\u22121", MOOD.top + MOOD.height]]) {
        put("line", { x1: LEFT, x2: width - RIGHT, y1: y, y2: y, class: "explorer-rule" });
        put("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, value);
      }
      const place = (n) => [x(grid.edges[n]), x(grid.edges[n + 1])];
      const [from, to] = place(at);
      put("rect", { x: from, y: VOLUME.top, width: Math.max(2, to - from), height: MOOD.top + MOOD.height - VOLUME.top, class: "explorer-cursor" });
      let line = "";
      now.forEach((row, n) => {
        const [left, right] = place(n);
        if (!row[OBSERVED]) put("rect", { x: left, y: VOLUME.top, width: right - left, height: MOOD.top + MOOD.height - VOLUME.top, class: "explorer-gap" });
        if (row[POSTS]) put("rect", { x: left + 0.06 * (right - left), y: up(row[POSTS]), width: 0.88 * (right - left), height: VOLUME.top + VOLUME.height - up(row[POSTS]), class: row[OBSERVED] ? "explorer-bar" : "explorer-bar explorer-part" });
        const known = row[OBSERVED] && row[MEAN] !== null, centre = (left + right) / 2;
        if (known && row[LOW] !== null) put("line", { x1: centre, x2: centre, y1: feel(row[HIGH]), y2: feel(row[LOW]), class: "explorer-band", "stroke-width": Math.max(1, 0.6 * (right - left)) });
        line += known ? `${line.endsWith(" ") || line === "" ? "M" : "L"}${centre.toFixed(1)},${feel(row[MEAN]).toFixed(1)}` : " ";
      });
      put("path", { d: line.trim().replace(/\s+/g, " "), class: "explorer-line" });
      for (const event of data.events) put("line", { x1: x(event.at), x2: x(event.at), y1: VOLUME.top, y2: MOOD.top + MOOD.height, class: "explorer-event" });
      slider.max = grid.all.length - 1;
      slider.value = at;
      told.value = say(now[at]);
      slider.setAttribute("aria-valuetext", told.value);
    };
    const busiest = () => grid.all.reduce((best, row, n) => (row[POSTS] > grid.all[best][POSTS] ? n : best), 0);
    const point = (event) => {
      const box = chart.getBoundingClientRect(), width = Math.max(280, root.clientWidth);
      const seconds = (((event.clientX - box.left) * width) / box.width - LEFT) / (width - LEFT - RIGHT) * data.length;
      const found = grid.edges.findIndex((edge, n) => n > 0 && seconds < edge) - 1;
      at = Math.min(Math.max(seconds < 0 ? 0 : found < 0 ? grid.all.length - 1 : found, 0), grid.all.length - 1);
      draw();
    };

    const choices = element("div", { className: "explorer-choices" });
    if (data.grids.length > 1) {
      const set = element("fieldset", {}, element("legend", { textContent: "A bar for each" }));
      data.grids.forEach((each, n) => {
        const input = element("input", { type: "radio", name: "explorer-grid", checked: n === 0 });
        input.addEventListener("change", () => { grid = each; at = busiest(); draw(); });
        set.append(element("label", {}, input, ` ${each.every}`));
      });
      choices.append(set);
    }
    if (everything > 1) {
      const set = element("fieldset", {}, element("legend", { textContent: "Sources" }));
      for (const { name } of grid.sources) {
        const input = element("input", { type: "checkbox", checked: true });
        input.addEventListener("change", () => { input.checked ? shown.add(name) : shown.delete(name); draw(); });
        set.append(element("label", {}, input, " ", element("bdi", { textContent: name })));
      }
      choices.append(set);
    }
    const label = element("label", { htmlFor: "explorer-at", textContent: "Go through time" });
    root.append(choices, told, chart, label, slider);
    slider.addEventListener("input", () => { at = Number(slider.value); draw(); });
    chart.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") point(event); });
    chart.addEventListener("pointerdown", point);
    root.closest("[hidden]").hidden = false;
    at = busiest();
    draw();
    new ResizeObserver(draw).observe(root);
  };

  const figure = (text) => {
    const found = /[\u2212-]?[\d,]*\.?\d+/.exec(text);
    return found ? Number(found[0].replace("\u2212", "-").replaceAll(",", "")) : null;
  };
  const sortable = (table) => {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
    if (body.rows.length < 2) return;
    heads.forEach((head, column) => {
      const button = element("button", { type: "button", className: "sort", textContent: head.textContent });
      const isNumber = head.classList.contains("number");
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => (isNumber ? figure(row.cells[column].textContent) : row.cells[column].textContent);
        const order = (a, b) => {
          if (a === null || b === null) return (a === null) - (b === null); // what isn't known comes last
          return (down ? -1 : 1) * (isNumber ? a - b : a.localeCompare(b, "en"));
        };
        body.append(...[...body.rows].sort((a, b) => order(key(a), key(b))));
      });
      head.replaceChildren(button);
    });
  };

  explore(document.getElementById("explorer"), JSON.parse(document.getElementById("explorer-data").textContent));
  document.querySelectorAll("main table").forEach(sortable);
})();
