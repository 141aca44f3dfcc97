"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const make = (name, text, kind) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };
  root.classList.add("scripted");

  // Dark or light: the system's wish until the button is pressed.
  const tools = document.body.appendChild(make("div", undefined, "tools"));
  const theme = tools.appendChild(make("button", "", "theme"));
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.type = "button";
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
  system.addEventListener("change", name);
  name();

  // The legend hides and shows a run in every chart; a double click leaves it alone.
  const buttons = all(".legend button");
  const hidden = new Set();
  const apply = () => {
    all("svg [data-run]").forEach((node) => node.classList.toggle("off", hidden.has(node.dataset.run)));
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(!hidden.has(button.dataset.run))));
  };
  buttons.forEach((button) => {
    button.title = "Click: hide or show; double click: this one only, or all";
    button.addEventListener("click", () => {
      const run = button.dataset.run;
      if (!hidden.delete(run)) hidden.add(run);
      apply();
    });
    button.addEventListener("dblclick", () => {
      const alone = buttons.every((other) => other === button || hidden.has(other.dataset.run));
      hidden.clear();
      if (!alone) buttons.forEach((other) => other !== button && hidden.add(other.dataset.run));
      apply();
    });
  });

  // Tables sort by the number that a cell begins with, else by its text; what is unknown stays last.
  const value = (row, column) => row.cells[column].textContent.trim();
  const figure = (text) => {
    const found = /^[±]?([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/i.exec(text.replace("−", "-"));
    return found ? Number(found[1]) : NaN;
  };
  const compare = (a, b) => {
    const [x, y] = [figure(a), figure(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, undefined, { numeric: true });
  };
  all("table").forEach((table) => {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const button = make("button", head.textContent);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = all("tbody tr", table);
        rows.sort((a, b) => {
          const [x, y] = [value(a, column), value(b, column)];
          if (x === "–" || y === "–") return (x === "–") - (y === "–");
          return down ? compare(y, x) : compare(x, y);
        });
        table.tBodies[0].append(...rows);
      });
    });
  });

  // What the pointer is near: the values of the curves there.
  const frame = { width: 480, height: 270, left: 54, right: 10, top: 10, bottom: 38 };
  const data = JSON.parse(document.getElementById("data").textContent);
  const scale = (chart) => {
    const [low, high] = chart.log ? chart.y.map(Math.log) : chart.y;
    const inside = [frame.width - frame.left - frame.right, frame.height - frame.top - frame.bottom];
    return {
      across: (x) => frame.left + ((x - chart.x[0]) / (chart.x[1] - chart.x[0])) * inside[0],
      down: (y) => frame.height - frame.bottom - (((chart.log ? Math.log(y) : y) - low) / (high - low)) * inside[1],
    };
  };
  Object.entries(data.charts).forEach(([key, chart]) => {
    const box = document.getElementById(key);
    const svg = box.querySelector("svg");
    const tip = make("div", undefined, "tip off");
    const { across, down } = scale(chart);
    box.append(tip);
    const near = (event) => {
      const size = svg.getBoundingClientRect();
      const at = [(event.clientX - size.left) / size.width * frame.width, (event.clientY - size.top) / size.height * frame.height];
      const found = chart.lines.filter((line) => !hidden.has(String(line.run))).map((line) => {
        let best = 0;
        line.x.forEach((x, k) => { if (Math.abs(across(x) - at[0]) < Math.abs(across(line.x[best]) - at[0])) best = k; });
        const place = [across(line.x[best]), down(line.y[best])];
        return { line, x: line.x[best], y: line.y[best], beside: Math.abs(place[0] - at[0]), off: Math.abs(place[1] - at[1]) };
      });
      return found.filter((f) => f.beside < 14).sort((a, b) => a.off - b.off).slice(0, 8);
    };
    svg.addEventListener("pointermove", (event) => {
      const found = near(event);
      tip.classList.toggle("off", !found.length);
      if (!found.length) return;
      tip.replaceChildren(...found.map((f) => {
        const row = make("div");
        row.append(make("i", undefined, `swatch k${f.line.run % 7}`), make("b", String(f.y)), make("span", `${f.line.label}, ${f.x}`));
        return row;
      }));
      const size = box.getBoundingClientRect();
      const x = event.clientX - size.left;
      tip.style.top = `${event.clientY - size.top + 14}px`;
      tip.style.left = `${Math.max(0, Math.min(x + 12, size.width - tip.offsetWidth))}px`;
    });
    svg.addEventListener("pointerleave", () => tip.classList.add("off"));
  });

  // Paper has no folds.
  let closed = [];
  addEventListener("beforeprint", () => { closed = all("details:not([open])"); closed.forEach((d) => { d.open = true; }); });
  addEventListener("afterprint", () => closed.forEach((d) => { d.open = false; }));
})();
