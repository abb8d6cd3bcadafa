"""What a page can try against somebody's session at another origin, in JavaScript."""

# Before each attack. It has the URL to hurt, and more, and ends by done(what it could read).
TOOLS = """
const done = arguments[arguments.length - 1], url = arguments[0], more = arguments[1] || {};
const no = error => done("refused");
function form(enctype, fields, target, into) {
  const f = document.createElement("form");
  Object.assign(f, {method: "post", action: url, enctype, target: target || "hole"});
  for (const [name, value] of Object.entries(fields)) f.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
  (into || document.body).append(f);
  return f;
}
function hole(name) {
  const frame = Object.assign(document.createElement("iframe"), {name: name || "hole"});
  frame.onload = () => {
    let seen = null;
    try { seen = frame.contentDocument && frame.contentDocument.URL !== "about:blank" ? "read" : null; } catch { }
    if (!frame.contentDocument) done("refused"); else if (seen) done(seen);
  };
  document.body.append(frame);
  return frame;
}
function tag(name, attributes) {
  const t = document.createElement(name);
  t.onload = () => done("read");
  t.onerror = no;
  Object.assign(t, attributes);
  document.head.append(t);
}
"""

CHANGING = {
    "a form": 'hole(); form("application/x-www-form-urlencoded", {prompt: "evil"}).submit();',
    "a form of parts": 'hole(); form("multipart/form-data", {prompt: "evil"}).submit();',
    "a form that looks like JSON": """hole(); form("text/plain", {'{"prompt":"evil","x":"': '"}'}).submit();""",
    "a form with what may be the token": """
        const token = (document.cookie.match(/__Host-csrf=([^;]*)/) || [])[1] || "none";
        hole(); form("application/x-www-form-urlencoded", {prompt: "evil", csrf_token: token}).submit();""",
    "a form in a frame without an origin": """
        const frame = hole(); frame.sandbox = "allow-forms allow-scripts";
        frame.srcdoc = `<form method=post action="${url}"></form><script>document.forms[0].submit()</` + `script>`;
        setTimeout(() => done("refused"), 300);""",
    "fetch": 'fetch(url, {method: "POST", mode: "no-cors", credentials: "include", body: "evil"}).then(a => done(a.type === "opaque" ? "refused" : "read"), no);',
    "fetch without a body": 'fetch(url, {method: "POST", mode: "no-cors", credentials: "include"}).then(a => done(a.type === "opaque" ? "refused" : "read"), no);',
    "fetch to be read": 'fetch(url, {method: "POST", credentials: "include", body: "evil"}).then(() => done("read"), no);',
    "fetch by a detour": """fetch(location.origin + "/redirect?" + encodeURIComponent(url), {method: "POST", mode: "no-cors", credentials: "include"})
        .then(a => done(a.type === "opaque" ? "refused" : "read"), no);""",
    "a form that hides where it comes from": """
        document.head.append(Object.assign(document.createElement("meta"), {name: "referrer", content: "no-referrer"}));
        hole(); form("application/x-www-form-urlencoded", {prompt: "evil"}).submit();""",
    "a beacon": 'navigator.sendBeacon(url, new Blob(["evil"], {type: "text/plain"})); setTimeout(() => done("refused"), 100);',
    "a ping": """const a = Object.assign(document.createElement("a"), {href: "#x", ping: url}); document.body.append(a); a.click();
        setTimeout(() => done("refused"), 100);""",
}

PREFLIGHTED = {
    "JSON": 'fetch(url, {method: "POST", credentials: "include", headers: {"Content-Type": "application/json"}, body: "{}"}).then(() => done("read"), no);',
    "the token in its header": """
        const token = (document.cookie.match(/__Host-csrf=([^;]*)/) || [])[1] || "none";
        fetch(url, {method: "POST", credentials: "include", headers: {"X-CSRF-Token": token}}).then(() => done("read"), no);""",
    "PUT": 'fetch(url, {method: "PUT", credentials: "include"}).then(() => done("read"), no);',
    "DELETE": 'fetch(url, {method: "DELETE", credentials: "include"}).then(() => done("read"), no);',
    "XMLHttpRequest": """const x = new XMLHttpRequest(); x.open("PATCH", url); x.withCredentials = true; x.onload = () => done("read"); x.onerror = no; x.send();""",
}

READING = {
    "fetch": 'fetch(url, {credentials: "include"}).then(() => done("read"), no);',
    "an image": 'tag("img", {src: url});',
    "a script": 'tag("script", {src: url});',
    "a style sheet": 'tag("link", {rel: "stylesheet", href: url});',
    "a video": 'const v = document.createElement("video"); v.onloadeddata = () => done("read"); v.onerror = no; v.src = url; document.body.append(v);',
    "an object": """const o = document.createElement("object"); o.type = "text/html"; o.onerror = no; o.data = url;
        o.onload = () => { let inner = null; try { inner = o.contentDocument; } catch { } done(inner ? "read" : "refused"); }; document.body.append(o);""",
    "a frame": 'const frame = hole(); frame.src = url;',
    "an event stream": 'const s = new EventSource(url, {withCredentials: true}); s.onopen = () => done("read"); s.onerror = () => { s.close(); done("refused"); };',
}
