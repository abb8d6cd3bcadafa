// The whole of signing in, for a page: the browser keeps the session in a cookie that no script can read. What a script can
// read is the CSRF cookie; its value goes back in a header with everything that changes something.

const $ = (selector) => document.querySelector(selector);

// Behind http without __Host- (identity.session.insecure_cookies) the cookie has the shorter name.
function csrfToken() {
  const found = document.cookie.match(/(?:^|; )(?:__Host-)?csrf=([^;]*)/);
  return found ? found[1] : "";
}

async function send(method, path, body) {
  const headers = { "X-CSRF-Token": csrfToken() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const json = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(json.message ?? "The input is not accepted."), { code: json.error ?? "refused" });
  return json;
}

// Where the token is not the session's any more, as after a login in another tab, a new one is had and it is tried again.
async function call(method, path, body) {
  try {
    return await send(method, path, body);
  } catch (error) {
    if (!["csrf_missing", "csrf_stale", "csrf_mismatch"].includes(error.code)) throw error;
    await send("GET", "/api/auth/csrf");
    return send(method, path, body);
  }
}

function say(text, error) {
  const status = $("#status");
  status.textContent = text;
  if (error) status.dataset.error = error;
  else delete status.dataset.error;
}

function show(user) {
  $("#sign-in").hidden = user !== null;
  $("#signed-in").hidden = user === null;
  $("#name").textContent = user?.username ?? "";
  $("#tier").textContent = user?.tier ?? "";
  if (user === null) $("#tracks").replaceChildren();
}

// One thing at a time; what fails is shown, and a session that is over leads back to the form.
let last = Promise.resolve();
function act(work) {
  last = last.then(work).catch((error) => {
    if (["session_invalid", "credentials_required", "user_disabled"].includes(error.code)) show(null);
    say(error.message, error.code ?? "network");
  });
  return last;
}

$("#sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const endpoint = event.submitter?.name === "register" ? "register" : "login";
  act(async () => {
    const { user } = await call("POST", `/api/auth/${endpoint}`, { username: form.username.value, password: form.password.value });
    form.reset();
    show(user);
    say("Signed in");
  });
});

$("#generate").addEventListener("submit", (event) => {
  event.preventDefault();
  act(async () => {
    const made = await call("POST", "/generate", { prompt: event.target.prompt.value });
    const item = document.createElement("li");
    item.textContent = `${made.track}: ${made.prompt}`;
    $("#tracks").append(item);
    say("Generated");
  });
});

function renew() {
  return act(async () => {
    await call("POST", "/api/auth/refresh");
    say("Renewed");
  });
}

function logout(all) {
  return act(async () => {
    await call("POST", "/api/auth/logout", { all });
    show(null);
    say("Signed out");
  });
}

$("#renew").addEventListener("click", renew);
$("#logout").addEventListener("click", () => logout(false));
$("#logout-all").addEventListener("click", () => logout(true));
setInterval(() => { if (!$("#signed-in").hidden) renew(); }, 10 * 60 * 1000);

act(async () => {
  const { user } = await call("GET", "/api/auth/me").catch((error) => {
    if (error.code === "credentials_required" || error.code === "session_invalid") return { user: null };
    throw error;
  });
  show(user);
  say(user ? "Signed in" : "Sign in, or make an account");
});
