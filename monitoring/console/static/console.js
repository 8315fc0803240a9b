// The console's own script: keys, curves, and saying when what is shown has grown old. Pages work without it.
"use strict";

const shortcuts = new Map();
for (const link of document.querySelectorAll("[data-key]")) shortcuts.set(link.dataset.key, link);
let afterG = 0;

const isTyping = (element) => element.matches("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "g") {
    afterG = event.timeStamp;
  } else if (event.timeStamp - afterG < 1500 && shortcuts.has(event.key)) {
    afterG = 0;
    shortcuts.get(event.key).click();
  }
});

// What a timer fetches waits while nobody sees it.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.target.matches?.("[hx-trigger^='every']")) event.preventDefault();
});

// What is fetched again and again: say so when it can't be fetched, instead of showing old figures as new ones.
const stale = document.getElementById("stale");
const setStale = (isStale) => { if (stale) stale.hidden = !isStale; };
document.addEventListener("htmx:error", () => setStale(true));
document.addEventListener("htmx:after:request", (event) => {
  const status = event.detail?.ctx?.response?.status ?? 0;
  setStale(status >= 400 || status === 0);
});

// A table that is drawn as curves: <div class="chart" data-chart="ADDRESS" data-labels="one|two">.
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(element, width) {
  const [first, second, ...units] = (element.dataset.labels ?? "").split("|");
  const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line") }, font: "12px Be Vietnam Pro, sans-serif" };
  const clock = (seconds) => new Date((seconds + 7 * 3600) * 1000).toISOString().slice(11, 16);
  return {
    width, height: element.clientHeight || 190, legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(high, 1)] }, s: { range: (_, low, high) => [0, Math.max(high, 1)] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map(clock), incrs: [60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600] },
      { ...axis, size: 52, label: units[0], labelSize: 16, labelFont: axis.font },
      { ...axis, side: 1, scale: "s", size: 52, grid: { show: false }, label: units[1], labelSize: 16, labelFont: axis.font },
    ],
    series: [
      {},
      { label: first, stroke: color("--accent"), width: 2, fill: color("--accent-soft"), points: { show: false } },
      { label: second, scale: "s", stroke: color("--busy"), width: 2, dash: [6, 4], points: { show: false }, spanGaps: true },
    ],
  };
}

async function draw(element) {
  const answer = await fetch(element.dataset.chart, { headers: { "HX-Request": "true", Accept: "application/json" } });
  if (!answer.ok) return;
  const { columns } = await answer.json();
  const width = element.clientWidth;
  if (element.plot && element.plot.width === width) {
    element.plot.setData(columns);
  } else {
    element.plot?.destroy();
    element.plot = new uPlot(options(element, width), columns, element);
  }
}

function drawAll(again) {
  for (const element of document.querySelectorAll("[data-chart]")) {
    if (again) { element.plot?.destroy(); element.plot = null; }
    draw(element).catch(() => setStale(true));
  }
}

if (document.querySelector("[data-chart]") && "uPlot" in window) {
  drawAll(false);
  setInterval(() => { if (!document.hidden) drawAll(false); }, 15000);
  addEventListener("resize", () => { clearTimeout(window.redraw); window.redraw = setTimeout(() => drawAll(true), 150); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(true));
}
