// The telephone on the page: one socket to the exchange, one call at a time.

import { Ear, Mouth } from "/phone/phone-sound.js";
import { WORDS, words } from "/phone/phone-words.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const RECONNECT_MS = 1500;
const RING_MS = 2000;

const at = (id) => document.getElementById(id);
const ear = new Ear();
const mouth = new Mouth((frame) => phase === "connected" && send(frame));

let language = "zh-CN";
let phase = "connecting"; // connecting, refused, ready, ringing, connected
let unsaid = []; // what was written before there was a call to say it in
let wantsCall = false; // dialled while the exchange was being told of a new number
let state = ["connecting", {}];
let socket = null;
let ringer = null;

// Words

function chosenLanguage() {
  const wanted = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("phone-language");
  return wanted in WORDS ? wanted : "zh-CN";
}

function speakLanguage(chosen) {
  language = chosen;
  localStorage.setItem("phone-language", chosen);
  document.documentElement.lang = chosen;
  document.title = words(chosen, "title");
  for (const element of document.querySelectorAll("[data-say]")) {
    element.textContent = words(chosen, element.dataset.say);
  }
  at("language").textContent = words(chosen, "other");
  at("language").lang = chosen === "en" ? "zh-CN" : "en";
  showMicrophone();
  showState(...state);
}

function showState(name, gaps) {
  state = [name, gaps];
  at("state").textContent = words(language, name, gaps);
}

// The state of the telephone

function enter(next, name = next, gaps = {}) {
  phase = next;
  showState(name, gaps);
  at("state").classList.toggle("rings", next === "ringing");
  at("dial").hidden = next === "ringing";
  at("dial").disabled = next !== "ready" || !at("service").value;
  at("pick-up").hidden = next !== "ringing";
  at("hang-up").disabled = next !== "ringing" && next !== "connected";
  at("own").disabled = next === "ringing" || next === "connected";
  clearInterval(ringer);
  if (next === "ringing") {
    ear.ring();
    ringer = setInterval(() => ear.ring(), RING_MS);
    at("pick-up").focus();
  }
}

function showServices(numbers) {
  const options = numbers.map((number) => new Option(number, number));
  at("service").replaceChildren(...(options.length ? options : [new Option(words(language, "no_services"), "")]));
}

// The log of the call

function addTo(list, kind, text, by) {
  const line = document.createElement("li");
  line.className = kind;
  if (by) {
    const who = document.createElement("b");
    who.textContent = by;
    line.append(who);
  }
  line.append(text);
  at(list).append(line);
  at(list).scrollTop = at(list).scrollHeight;
}

const fact = (name, gaps) => addTo("log", "fact", words(language, name, gaps));

const SHOW = {
  said: (line) => addTo("log", "service", line.text, words(language, "by_service")),
  spoke: (line) => {
    const isOther = line.by && line.by !== "caller" && line.by !== at("own").value;
    const by = words(language, isOther ? "by_other" : "by_caller");
    addTo("log", isOther ? "service" : "caller", line.text, by);
  },
  pressed: (line) => fact("pressed", line),
  listening: (line) => fact("listening", line),
  beeped: (line) => fact("beeped", line),
  recorded: (line) => fact("recorded", line),
  recorded_nothing: (line) => fact("recorded_nothing", line),
  played: (line) => fact("played", line),
  dialling: (line) => fact("dialling", { numbers: line.numbers.join("、") }),
  connected: (line) => fact("connected_with", line),
  dialled: (line) => fact("dialled", line),
  hung_up: (line) => fact("hung_up", line),
  application_error: (line) => addTo("log", "wrong", words(language, "application_error", line)),
  error: (line) => addTo("log", "wrong", words(language, "error", line)),
};

// News from the exchange

const NEWS = {
  ready: (news) => {
    showServices(news.services);
    enter("ready");
    if (wantsCall) dial();
  },
  refused: (news) => {
    enter("refused", "refused", news);
    socket.close();
    // a page that is loaded anew may come before the old one has quite gone
    if (news.reason === "open_elsewhere") retry(socket);
  },
  ringing: (news) => enter("ringing", "ringing", news),
  connected: () => {
    at("log").replaceChildren();
    enter("connected");
    for (const text of unsaid) ask("say", { text });
    unsaid = [];
  },
  ended: (news) => {
    ear.hush();
    enter("ready", "ended", news);
  },
  hush: () => ear.hush(),
  kept: (news) => fact("kept", news),
  log: (news) => SHOW[news.line.event]?.(news.line),
  message: (news) => addTo("messages", "service", news.body, news.from),
  error: (news) => addTo("log", "wrong", words(language, "problem", news)),
};

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const number = encodeURIComponent(at("own").value.trim());
  const opened = new WebSocket(`${scheme}://${location.host}/phone/line?number=${number}`);
  opened.binaryType = "arraybuffer";
  opened.onmessage = ({ data }) => {
    if (opened !== socket) return;
    if (data instanceof ArrayBuffer) ear.hear(data);
    else {
      const news = JSON.parse(data);
      NEWS[news.event]?.(news);
    }
  };
  opened.onclose = () => {
    if (opened !== socket || phase === "refused") return;
    enter("connecting", "away");
    retry(opened);
  };
  socket = opened;
}

function retry(former) {
  setTimeout(() => former === socket && connect(), RECONNECT_MS);
}

function send(content) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(content);
}

function ask(what, more = {}) {
  send(JSON.stringify({ do: what, ...more }));
}

// What a person does

function press(key) {
  ask("press", { key });
}

function dial() {
  wantsCall = false;
  ear.open();
  ask("dial", { to: at("service").value });
}

function say(text) {
  if (phase === "connected") {
    ask("say", { text });
  } else {
    unsaid.push(text);
    fact("kept", { text });
  }
}

function showMicrophone() {
  at("microphone").textContent = words(language, mouth.isOpen ? "microphone_on" : "microphone");
  at("microphone").setAttribute("aria-pressed", String(mouth.isOpen));
}

async function switchMicrophone() {
  try {
    if (mouth.isOpen) mouth.close();
    else await mouth.open();
  } catch (problem) {
    mouth.close();
    addTo("log", "wrong", words(language, "microphone_refused", { reason: problem.message }));
  }
  showMicrophone();
}

function submitted(form, field, act) {
  at(form).addEventListener("submit", (event) => {
    event.preventDefault();
    const text = at(field).value.trim();
    if (!text) return;
    act(text);
    at(field).value = "";
    at(field).focus();
  });
  at(field).addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      at(form).requestSubmit();
    }
  });
}

function isTyping(element) {
  return ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);
}

for (const key of KEYS) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = key;
  button.addEventListener("click", () => press(key));
  at("keys").append(button);
}

document.addEventListener("keydown", (event) => {
  const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey;
  if (isPlain && KEYS.includes(event.key) && !isTyping(event.target)) press(event.key);
});

at("language").addEventListener("click", () => speakLanguage(language === "en" ? "zh-CN" : "en"));
at("own").addEventListener("change", () => {
  localStorage.setItem("phone-number", at("own").value.trim());
  enter("connecting");
  const former = socket;
  connect();
  former?.close();
});
// The click that leaves the field disables the button under it, so it never arrives as one.
at("own").addEventListener("blur", ({ relatedTarget }) => {
  wantsCall = phase === "connecting" && relatedTarget === at("dial");
});
at("dial").addEventListener("click", dial);
at("pick-up").addEventListener("click", () => {
  ear.open();
  ask("pick_up");
});
at("hang-up").addEventListener("click", () => ask("hang_up"));
at("microphone").addEventListener("click", switchMicrophone);
submitted("say", "words", say);
submitted("text", "body", (body) => {
  ask("text", { to: at("service").value, body });
  addTo("messages", "caller", body);
});

at("own").value = localStorage.getItem("phone-number") ?? at("own").value;
enter("connecting");
speakLanguage(chosenLanguage());
connect();
