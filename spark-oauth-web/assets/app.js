"use strict";
// Comfort only: every page works without this file.

/** Longest time for which a sent form stays shut, in milliseconds. */
const ANSWER_DUE = 10_000;

/** Shows the copy buttons, which are of no use without a script. */
function enableCopying() {
  const buttons = document.querySelectorAll("button[data-copy]");
  if (buttons.length === 0) return;

  // Screen readers announce what changes here; a button's own text they do not.
  const announcement = document.createElement("p");
  announcement.className = "visually-hidden";
  announcement.setAttribute("role", "status");
  document.body.append(announcement);

  for (const button of buttons) {
    const source = document.getElementById(button.dataset.copy);
    if (!source) continue;
    const label = button.textContent;
    let timer;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        // Refused, or not offered over plain http: select the text instead.
        getSelection().selectAllChildren(source);
        button.textContent = "Selected, press Ctrl+C";
      }
      announcement.textContent = button.textContent;
      clearTimeout(timer);
      timer = setTimeout(() => {
        button.textContent = label;
        announcement.textContent = "";
      }, 3000);
    });
  }
}

/** Puts the reader's own time on each date, which is printed in UTC. */
function explainTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    }
  }
}

/** Keeps a form from being sent twice while the answer is on its way. */
function preventDoubleSubmit() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.hasAttribute("data-sent")) {
      event.preventDefault();
      return;
    }
    form.setAttribute("data-sent", "");
    // Where the answer never comes, the person must be able to try again.
    setTimeout(() => form.removeAttribute("data-sent"), ANSWER_DUE);
  });
  // A page that comes back from the back-forward cache must work again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      form.removeAttribute("data-sent");
    }
  });
}

enableCopying();
explainTimes();
preventDoubleSubmit();
