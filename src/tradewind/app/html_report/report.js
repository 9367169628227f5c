"use strict";
(() => {
  const values = JSON.parse(document.getElementById("values").textContent);
  const root = document.documentElement;
  const library = window.LightweightCharts;
  const drawn = [];

  const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const dress = (chart) => chart.applyOptions({
    layout: { background: { color: colour("card") }, textColor: colour("dim"), panes: { separatorColor: colour("line") } },
    grid: { vertLines: { color: colour("line") }, horzLines: { color: colour("line") } },
    timeScale: { borderColor: colour("line") },
    rightPriceScale: { borderColor: colour("line") },
  });
  // The wheel and a vertical swipe belong to the page; buttons, pinch and dragging sideways move the chart.
  const open = (id) => {
    const chart = library.createChart(document.getElementById(id), {
      autoSize: true,
      handleScroll: { mouseWheel: false, vertTouchDrag: false },
      handleScale: { mouseWheel: false },
      timeScale: { timeVisible: true, secondsVisible: false },
    });
    dress(chart);
    return chart;
  };

  const LOOK = {
    long: ["belowBar", "arrowUp", "good"], short: ["aboveBar", "arrowDown", "bad"],
    won: ["aboveBar", "circle", "good"], lost: ["aboveBar", "circle", "bad"], signal: ["belowBar", "square", "accent"],
  };
  const markers = (marks) => marks.map(([time, kind, text]) => {
    const [position, shape, tone] = LOOK[kind];
    return { time, position, shape, color: colour(tone), text };
  });

  let show = () => {};
  const candles = () => {
    const chart = open("candles");
    const series = chart.addSeries(library.CandlestickSeries, { borderVisible: false });
    const marked = library.createSeriesMarkers(series, []);
    const buttons = [...document.querySelectorAll("[data-chart]")];
    let current = 0, times = [];
    const paint = () => {
      dress(chart);
      series.applyOptions({
        upColor: colour("good"), downColor: colour("bad"), wickUpColor: colour("good"), wickDownColor: colour("bad"),
      });
      marked.setMarkers(markers(values.charts[current].marks));
    };
    const latest = () => chart.timeScale().setVisibleLogicalRange({
      from: times.length - Math.min(times.length, innerWidth < 560 ? 60 : 160), to: times.length + 3,
    });
    const choose = (number) => {
      current = number;
      const chosen = values.charts[number];
      series.applyOptions({
        priceFormat: { type: "price", precision: chosen.digits, minMove: Math.pow(10, -chosen.digits) },
      });
      times = chosen.candles.map((row) => row[0]);
      series.setData(chosen.candles.map(([time, open, high, low, close]) =>
        open === undefined ? { time } : { time, open, high, low, close }));
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === number)));
      document.getElementById("shown").textContent = buttons[number].dataset.note;
      paint();
      latest();
    };
    buttons.forEach((button, index) => button.addEventListener("click", () => choose(index)));
    const zoom = (factor) => {
      const range = chart.timeScale().getVisibleLogicalRange();
      const middle = (range.from + range.to) / 2, half = (range.to - range.from) / 2 * factor;
      chart.timeScale().setVisibleLogicalRange({ from: middle - half, to: middle + half });
    };
    const actions = { in: () => zoom(0.6), out: () => zoom(1 / 0.6), latest, all: () => chart.timeScale().fitContent() };
    document.querySelectorAll("[data-zoom]").forEach((button) =>
      button.addEventListener("click", actions[button.dataset.zoom]));
    show = (number, first, last) => {
      if (number !== current) choose(number);
      const from = times.findLastIndex((time) => time <= first), to = times.findLastIndex((time) => time < last);
      const note = document.getElementById("shown");
      note.textContent = buttons[number].dataset.note;
      if (from < 0 || values.charts[number].candles[from].length === 1) {
        note.textContent = "That trade lies among the bars left out of this chart.";
        note.scrollIntoView({ behavior: "smooth", block: "center" });
        return;
      }
      chart.timeScale().setVisibleLogicalRange({ from: from - 25, to: to + 25 });
      document.getElementById("candles").scrollIntoView({ behavior: "smooth", block: "center" });
    };
    choose(0);
    drawn.push(paint);
  };

  const equity = () => {
    const chart = open("equity");
    const rows = (list, factor) => list.map(([time, value]) => ({ time, value: value * factor }));
    const line = chart.addSeries(library.AreaSeries, { lineWidth: 2, priceLineVisible: false });
    const depth = chart.addSeries(library.AreaSeries, {
      lineWidth: 1, priceLineVisible: false, invertFilledArea: true,
      priceFormat: { type: "custom", formatter: (value) => value.toFixed(1) + "%", minMove: 0.01 },
      autoscaleInfoProvider: (own) => {
        const info = own();
        return info && { ...info, priceRange: { minValue: Math.min(info.priceRange.minValue, -0.5), maxValue: 0 } };
      },
    }, 1);
    line.setData(rows(values.equity.equity, 1));
    depth.setData(rows(values.equity.drawdown, 100));
    chart.applyOptions({ timeScale: { minBarSpacing: 0.01 } });
    if (values.equity.log) line.priceScale().applyOptions({ mode: library.PriceScaleMode.Logarithmic });
    const sealed = values.equity.seal && library.createSeriesMarkers(line, []);
    depth.priceScale().applyOptions({ scaleMargins: { top: 0.02, bottom: 0.1 } });
    const panes = chart.panes();
    panes[0].setStretchFactor(2);
    panes[1].setStretchFactor(1);
    chart.timeScale().fitContent();
    const paint = () => {
      dress(chart);
      if (sealed) {
        sealed.setMarkers([{
          time: values.equity.seal, position: "aboveBar", shape: "arrowDown", color: colour("warn"), text: "sealed",
        }]);
      }
      line.applyOptions({ lineColor: colour("accent"), topColor: colour("accent") + "40", bottomColor: colour("accent") + "08" });
      depth.applyOptions({ lineColor: colour("bad"), topColor: colour("bad") + "40", bottomColor: colour("bad") + "40" });
    };
    paint();
    drawn.push(paint);
  };

  if (values.charts.length) candles();
  if (document.getElementById("equity")) equity();

  const repaint = () => drawn.forEach((paint) => paint());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    repaint();
  });
  document.querySelectorAll("tr[data-key]").forEach((row) => {
    if (!row.dataset.key) return;
    row.addEventListener("click", () => show(...row.dataset.key.split(",").map(Number)));
  });
})();
