// Comfort for our pages: copying, checking while typing, asking once, moments in the reader's own zone.
// Every page works without it.
"use strict";
(() => {
  const language = document.body.dataset.language || undefined;

  function format(options) {
    try { return new Intl.DateTimeFormat(language, options); } catch { return new Intl.DateTimeFormat(undefined, options); }
  }
  const day = format({dateStyle: "medium"});
  const exact = format({dateStyle: "full", timeStyle: "long"});
  for (const each of document.querySelectorAll("time[datetime]")) {
    const moment = new Date(each.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    each.title = `${exact.format(moment)} (${each.title})`;
    each.textContent = day.format(moment);
  }

  const said = document.createElement("div");
  said.setAttribute("role", "status");
  said.className = "skip";
  document.body.append(said);

  async function copied(text) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* no permission, or no https */ }
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "skip";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    const use = button.querySelector("use");
    button.addEventListener("click", async () => {
      const done = await copied(button.dataset.copy);
      said.textContent = done ? "Copied" : "Could not be copied; select the text instead";
      if (!use) return;
      const before = use.getAttribute("href");
      use.setAttribute("href", before.replace(/#.*/, done ? "#check" : "#x"));
      setTimeout(() => use.setAttribute("href", before.replace(/#.*/, "#copy")), 1500);
    });
  }

  // A list that is narrowed while typing: [data-filter] names what holds the items.
  for (const input of document.querySelectorAll("[data-filter]")) {
    const items = document.querySelectorAll(input.dataset.filter);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    });
  }

  // Selects that send their form at once; the button beside them is for browsers without this.
  for (const form of document.querySelectorAll("form[data-auto]")) {
    for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());
  }

  // Asked once more, where a form says so.
  document.addEventListener("submit", event => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); return; }
    if (event.target.matches("form[data-once]") && !event.defaultPrevented) {
      for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
    }
  });
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form[data-once] button[disabled]")) button.disabled = false;
  });

  // Checked on the server while typing: [data-check] is the address, which answers with what it thinks of each word.
  for (const area of document.querySelectorAll("[data-check]")) {
    const list = document.createElement("ul");
    list.className = "checked";
    list.setAttribute("aria-live", "polite");
    area.after(list);
    let waiting, asked = 0;
    area.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        const number = ++asked;
        const address = new URL(area.dataset.check, location.href);
        address.searchParams.set("domains", area.value.slice(0, 4000));
        const answer = await fetch(address, {headers: {Accept: "application/json"}, redirect: "error"}).catch(() => null);
        if (!answer?.ok || number !== asked) return;
        const {words} = await answer.json();
        list.replaceChildren(...words.map(word => {
          const item = document.createElement("li");
          item.className = word.ok ? "yes" : "no";
          item.textContent = word.says;
          return item;
        }));
      }, 350);
    });
  }

  // A menu closes by Escape and by a click elsewhere.
  for (const menu of document.querySelectorAll("details.menu")) {
    document.addEventListener("click", event => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("keydown", event => {
      if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); }
    });
  }
})();
