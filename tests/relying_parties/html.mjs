// Forms out of HTML, as much as a user agent without a screen needs: the forms of a page, their fields with
// values, their buttons. No tree is built; markup that a validator accepts is enough to be read.

const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

export function decode(text) {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (name) return NAMED[name] ?? all;
    return String.fromCodePoint(decimal ? Number(decimal) : parseInt(hex, 16));
  });
}

function attributes(text) {
  const found = {};
  for (const [, name, , double, single, bare] of text.matchAll(
    /([^\s"'<>/=]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>`]+)))?/g,
  )) {
    found[name.toLowerCase()] = decode(double ?? single ?? bare ?? "");
  }
  return found;
}

// Tags in the order of the page, each with its attributes and the text up to the next tag.
function* tags(html) {
  const bare = html.replace(/<!--[\s\S]*?-->/g, "").replace(/<(script|style)\b[\s\S]*?<\/\1\s*>/gi, "");
  for (const [, close, name, rest, text] of bare.matchAll(
    /<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>([^<]*)/gi,
  )) {
    yield { open: !close, name: name.toLowerCase(), at: attributes(rest), text: decode(text) };
  }
}

// The page: its language and direction, title, text, where it refreshes to at once, and forms `{ action, method, fields, buttons }`.
// `fields` is a list of [name, value, type]: what a press of a button sends, unless it is filled otherwise.
export function read(html) {
  const page = { lang: "", dir: "", title: "", text: "", links: [], forms: [] };
  const loose = [];
  let form = null;
  let select = null;
  for (const { open, name, at, text } of tags(html)) {
    if (name === "html" && open) Object.assign(page, { lang: at.lang ?? "", dir: at.dir ?? "" });
    else if (name === "title" && open) page.title = text.trim();
    else page.text += ` ${text.trim()}`;

    const refresh = name === "meta" && at["http-equiv"]?.toLowerCase() === "refresh" && at.content?.match(/^\s*0\s*[;,]\s*url=\s*(.*?)\s*$/i);
    if (refresh) page.refresh = refresh[1];
    if (name === "a" && open && at.href) page.links.push(at.href);
    if (name === "form") {
      form = null;
      if (open) {
        form = { id: at.id, action: at.action ?? "", method: (at.method ?? "get").toLowerCase(), fields: [], buttons: [] };
        page.forms.push(form);
      }
      continue;
    }
    if (!open && name === "select") select = null;
    if (!open || "disabled" in at) continue;
    const place = (kind, entry) => {
      if (at.form) loose.push([at.form, kind, entry]);
      else form?.[kind].push(entry);
    };
    const type = (at.type ?? "").toLowerCase();
    if (name === "button" || (name === "input" && ["submit", "image"].includes(type))) {
      if (type !== "button" && type !== "reset") place("buttons", { name: at.name, value: at.value ?? "" });
    } else if (name === "input" && at.name) {
      const offered = ["checkbox", "radio"].includes(type);
      place("fields", [at.name, offered ? ("checked" in at ? (at.value ?? "on") : null) : (at.value ?? ""), type || "text"]);
    } else if (name === "textarea" && at.name) {
      place("fields", [at.name, text.replace(/^\n/, ""), "textarea"]);
    } else if (name === "select" && at.name) {
      select = [at.name, null, "select"];
      place("fields", select);
    } else if (name === "option" && select && (select[1] === null || "selected" in at)) {
      select[1] = at.value ?? text.trim();
    }
  }
  for (const [id, kind, entry] of loose) page.forms.find((f) => f.id === id)?.[kind].push(entry);
  page.text = page.text.replace(/\s+/g, " ").trim();
  return page;
}
