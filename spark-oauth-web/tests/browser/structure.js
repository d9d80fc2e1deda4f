// What is wrong with the structure of this page, for people who do not see it, and
// for those who use no mouse. Answers a list of sentences.
"use strict";
const [isOurs] = arguments;
const problems = [];
const all = (selector) => [...document.querySelectorAll(selector)];
const name = (element) => element.outerHTML.slice(0, 120).replace(/\s+/g, " ");
const text = (element) => element.textContent.trim();
const refuse = (elements, why) => elements.forEach((one) => problems.push(`${why}: ${name(one)}`));
const expectOne = (selector) => {
  const count = all(selector).length;
  if (count !== 1) problems.push(`${count} of ${selector}`);
};

// WCAG 3.1.1, 2.4.2, 1.3.1, 2.4.1
if (document.documentElement.lang !== "en") problems.push("the page names no language");
if (!document.title.includes(" · ")) problems.push(`the title is ${document.title}`);
["h1", "main"].forEach(expectOne);
if (isOurs) ["body > header", "body > footer", "a.skip-link[href='#content']", "#content"].forEach(expectOne);
refuse(all("nav").filter((nav) => !nav.ariaLabel), "a navigation without a name");
const levels = all("h1, h2, h3, h4, h5, h6").map((heading) => Number(heading.tagName[1]));
levels.forEach((level, index) => {
  if (level > (levels[index - 1] ?? 0) + 1) problems.push(`h${level} follows h${levels[index - 1] ?? 0}`);
});
refuse(all("h1, h2, h3").filter((heading) => !text(heading)), "an empty heading");

// WCAG 3.3.2, 4.1.2: names
const fields = all("input:not([type=hidden]), select, textarea");
refuse(fields.filter((field) => ![...field.labels].some(text)), "a field without a label");
refuse(all("button, a[href], summary").filter((one) => !text(one)), "no text");
refuse(all("img:not([alt])"), "a picture without a text");
refuse(all("svg:not([aria-hidden=true], [role=img])"), "a drawing that is read out");
refuse(all("table").filter((table) => !table.caption), "a table without a caption");
refuse(all("input[type=password]:not([autocomplete])"), "a password without a purpose");

// References lead somewhere, and only one way.
const ids = all("[id]").map((element) => element.id);
const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
if (twice.length) problems.push(`used twice as an ID: ${twice}`);
for (const attribute of ["for", "aria-labelledby", "aria-describedby", "data-copy"]) {
  for (const element of all(`[${attribute}]`)) {
    const missing = element.getAttribute(attribute).split(/\s+/).filter((id) => !document.getElementById(id));
    if (missing.length) problems.push(`${attribute} names ${missing}: ${name(element)}`);
  }
}
refuse(all("[aria-invalid=true]:not([aria-describedby])"), "an error without a text");
refuse(all("a[href^='#']").filter((link) => !document.getElementById(link.hash.slice(1))), "a link to nothing");

// WCAG 2.4.3, 1.4.4, 2.5.8
refuse(all("[tabindex]").filter((element) => element.tabIndex > 0), "out of the tab order");
if (/user-scalable|maximum-scale/.test(document.querySelector("meta[name=viewport]").content)) {
  problems.push("the page cannot be enlarged");
}
const isSmall = (element) => {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && (width < 24 || height < 24);
};
refuse(all("button, select, summary, input:not([type=hidden], [type=radio], [type=checkbox]), label:has([type=checkbox]), a.button, nav a").filter(isSmall), "hard to hit");

// No inline script or style, on which the policy depends.
refuse(all("script:not([src]), style, [style]"), "inline");
refuse(all("*").filter((one) => one.getAttributeNames().some((attribute) => attribute.startsWith("on"))), "inline handler");
return problems;
