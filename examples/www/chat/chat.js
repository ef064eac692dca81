// Chats over WebSocket, and connects again by itself when the connection is lost.
"use strict";

// Milliseconds until the next attempt: doubled with each, and a part of it by chance, so that not all
// browsers come back at once.
const FIRST = 250;
const LONGEST = 8000;
// Messages that are kept on the page.
const KEPT = 500;

const [status, entrance, main, messages, people, talk, name, text] =
  ["#status", "#entrance", "main", "#messages", "#people", "#talk", "#name", "#text"]
    .map((selector) => document.querySelector(selector));

let socket;
let own;
let attempts = 0;

name.value = sessionStorage.getItem("name") ?? "";

entrance.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("name", name.value);
  entrance.hidden = true;
  main.hidden = false;
  text.focus();
  connect();
});

talk.addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(text.value);
  text.value = "";
});

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/chat?name=${encodeURIComponent(name.value)}`);
  socket.addEventListener("open", () => {
    attempts = 0;
    show("here", "Connected");
  });
  socket.addEventListener("message", (event) => hear(event.data));
  socket.addEventListener("close", ({ code }) => {
    people.replaceChildren();
    // The server has said that it is over.
    if (code === 1000) return leave();
    const delay = Math.min(FIRST * 2 ** attempts++, LONGEST) * (0.5 + Math.random() / 2);
    show("away", `Connecting again in ${(delay / 1000).toFixed(1)} s`);
    setTimeout(connect, delay);
  });
}

function leave() {
  show("away", "You have left");
  main.hidden = true;
  entrance.hidden = false;
  name.focus();
}

function show(state, words) {
  status.dataset.state = state;
  status.textContent = words;
  talk.querySelector("button").disabled = state !== "here";
}

/** A line: news after a star, or what somebody has said. */
function hear(line) {
  const said = /^([^*:][^:]*): (.*)$/s.exec(line);
  if (said) return add("said", said[1], said[2]);
  const news = line.replace(/^\* /, "");
  if (news.startsWith("You are ")) {
    own = news.slice("You are ".length);
  } else if (news.startsWith("Here: ")) {
    list(news.slice("Here: ".length).split(", "));
  } else {
    add("news", "", news);
  }
}

function add(kind, who, what) {
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40;
  const item = element("li", { className: who && who === own ? `${kind} own` : kind }, messages);
  if (who) {
    const head = element("b", { textContent: who, style: `color: ${colour(who, 45)}` }, item);
    element("time", { textContent: new Date().toLocaleTimeString([], { timeStyle: "short" }) }, head);
  }
  element("span", { textContent: what }, item);
  while (messages.children.length > KEPT) messages.firstChild.remove();
  if (atEnd) messages.scrollTop = messages.scrollHeight;
}

function list(names) {
  people.replaceChildren();
  for (const who of names) {
    const item = element("li", { className: who === own ? "own" : "" }, people);
    element("i", { textContent: [...who][0], style: `background: ${colour(who, 40)}` }, item)
      .setAttribute("aria-hidden", "true");
    element("span", { textContent: who }, item);
  }
}

/** The same one for the same name. */
function colour(who, lightness) {
  let hue = 0;
  for (const letter of who) hue = (hue * 31 + letter.codePointAt(0)) % 360;
  return `hsl(${hue} 60% ${lightness}%)`;
}

function element(tag, properties, parent) {
  const made = Object.assign(document.createElement(tag), properties);
  parent.append(made);
  return made;
}
