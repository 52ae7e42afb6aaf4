// The theme's own frame names some of its buttons badly for screen readers; here they get the words that are seen.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const summary of document.querySelectorAll("details.hide > summary")) summary.removeAttribute("aria-label");
  for (const toggle of document.querySelectorAll(".has-children > details > summary")) {
    const link = toggle.closest("li").querySelector("a");
    toggle.setAttribute("aria-label", `Pages under ${link ? link.textContent.trim() : "this page"}`);
  }
  // The bibliography calls itself a list but has no list items that a screen reader would know.
  for (const list of document.querySelectorAll(".citation-list[role=list]")) list.removeAttribute("role");
  for (const search of document.querySelectorAll(".search-button-field")) {
    search.setAttribute("aria-label", search.textContent.replace(/\s+/g, " ").trim());
  }
  for (const mode of document.querySelectorAll(".theme-switch-button")) {
    mode.setAttribute("aria-label", "Color mode: Light, Dark or System Settings");
    for (const icon of mode.querySelectorAll("svg, i")) icon.setAttribute("aria-hidden", "true");
  }
});

// ipywidgets draws the handle of a slider without a name; the words beside it are its name.
const nameSliders = () => {
  for (const handle of document.querySelectorAll(".noUi-handle:not([aria-label])")) {
    const label = handle.closest(".jupyter-widgets")?.parentElement?.querySelector(".widget-label");
    handle.setAttribute("aria-label", label?.textContent.trim() || "slider");
  }
};
new MutationObserver(nameSliders).observe(document, { childList: true, subtree: true });

// A line of code or of its output that is longer than the page is folded, its rest set in from where the line begins: see .th-line.
const foldCode = () => {
  for (const code of document.querySelectorAll("div.cell pre")) {
    const lines = code.innerHTML.replace(/\n$/, "").split("\n").map((html) => {
      const line = document.createElement("span");
      line.className = "th-line";
      line.innerHTML = `${html}\n`;
      line.style.setProperty("--in", `${line.textContent.search(/\S|$/)}ch`);
      return line;
    });
    code.replaceChildren(...lines);
  }
};
document.addEventListener("DOMContentLoaded", foldCode);
