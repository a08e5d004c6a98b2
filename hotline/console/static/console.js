// What pages do by themselves: lists that refresh, a transcript that leads to its sound, long choices to search in.
"use strict";

// Parts that change by themselves -------------------------------------------------------------------------------

// Somebody who types, has written something or plays a recording is not disturbed.
function isBusy(part) {
  const touched = part.querySelector("[data-touched]");
  const playing = [...part.querySelectorAll("audio")].some((player) => !player.paused);
  const typing = part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  return Boolean(touched) || playing || typing;
}

function replace(part, fresh) {
  if (part.innerHTML === fresh.innerHTML) return;
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const address = focused && focused.getAttribute("href");
  part.innerHTML = fresh.innerHTML;
  if (address) part.querySelector(`[href="${CSS.escape(address)}"]`)?.focus({ preventScroll: true });
}

function refresh(parts, page) {
  for (const part of parts) {
    const fresh = page.getElementById(part.id);
    if (!fresh || isBusy(part)) continue;
    replace(part, fresh);
    if (!fresh.hasAttribute("data-refresh")) part.removeAttribute("data-refresh");
  }
  const [main, other] = [document.getElementById("main"), page.getElementById("main")];
  for (const { name, value } of other.attributes) main.setAttribute(name, value);
  prepare();
}

async function keepFresh() {
  const parts = [...document.querySelectorAll("[data-refresh]")];
  if (!parts.length) return;
  await new Promise((later) => setTimeout(later, 1000 * Math.min(...parts.map((part) => part.dataset.refresh))));
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { "X-Refresh": "1" } });
      if (answer.status === 401) return location.reload();
      if (answer.ok) refresh(parts, new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (unreachable) {
      console.info("not refreshed", unreachable);
    }
  }
  keepFresh();
}

// The transcript and its sound ----------------------------------------------------------------------------------

function play(playerId, startS) {
  const player = document.getElementById(playerId);
  if (!player) return;
  player.currentTime = startS;
  player.play();
}

function followSound(transcript) {
  const player = document.getElementById(transcript.dataset.player);
  const pieces = [...transcript.querySelectorAll("[data-start]")];
  player?.addEventListener("timeupdate", () => {
    for (const piece of pieces) {
      const { start, end } = piece.dataset;
      piece.classList.toggle("playing", !player.paused && start <= player.currentTime && player.currentTime < end);
    }
  });
}

function drawPlayed(waveform) {
  const player = document.getElementById(waveform.dataset.player);
  const played = waveform.querySelector(".played");
  player?.addEventListener("timeupdate", () => {
    played.setAttribute("width", (waveform.viewBox.baseVal.width * player.currentTime) / player.duration || 0);
  });
}

function playFrom(waveform, event) {
  const player = document.getElementById(waveform.dataset.player);
  const box = waveform.getBoundingClientRect();
  if (player?.duration) play(player.id, (player.duration * (event.clientX - box.left)) / box.width);
}

function stepThrough(transcript, event) {
  const pieces = [...transcript.querySelectorAll("[data-start]")];
  const here = pieces.findIndex((piece) => piece.classList.contains("here"));
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === "Enter" && here >= 0) play(transcript.dataset.player, pieces[here].dataset.start);
  if (!step || !pieces.length) return;
  event.preventDefault();
  pieces[here]?.classList.remove("here");
  pieces[Math.min(Math.max(here + step, 0), pieces.length - 1)].classList.add("here");
}

function light(fact, isLit) {
  for (const piece of document.querySelectorAll(".piece[data-facts]")) {
    if (piece.dataset.facts.split(" ").includes(fact)) piece.classList.toggle("lit", isLit);
  }
}

document.addEventListener("click", (event) => {
  const piece = event.target.closest(".transcript [data-start]");
  if (piece) play(piece.closest(".transcript").dataset.player, piece.dataset.start);
  const waveform = event.target.closest(".waveform");
  if (waveform) playFrom(waveform, event);
  const evidence = event.target.closest("[data-seek]");
  if (evidence) play(evidence.dataset.player, evidence.dataset.seek);
});
for (const [begin, end] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  document.addEventListener(begin, (event) => light(event.target.closest("[data-fact]")?.dataset.fact, true));
  document.addEventListener(end, (event) => light(event.target.closest("[data-fact]")?.dataset.fact, false));
}
document.addEventListener("keydown", (event) => {
  if (event.target.matches(".transcript")) stepThrough(event.target, event);
});

// Menus ---------------------------------------------------------------------------------------------------------

// They open and close without us; we only close one that was left.
function closeMenus(but) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) if (menu !== but) menu.open = false;
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("[data-menu]")));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("[data-menu]");
  if (!menu) return;
  closeMenus();
  menu.querySelector("summary").focus();
});

// Long choices --------------------------------------------------------------------------------------------------

// What is not on the page, by its name.
async function found(address, words) {
  try {
    const answer = await fetch(`${address}?words=${encodeURIComponent(words)}`, { headers: { "X-Refresh": "1" } });
    return answer.ok ? (await answer.json()).map((each) => new Option(each.name, each.code)) : [];
  } catch (unreachable) {
    console.info("not searched", unreachable);
    return [];
  }
}

function makeSearchable(select) {
  const all = [...select.options];
  const search = document.createElement("input");
  search.type = "search";
  search.className = "filter";
  search.placeholder = select.dataset.filter;
  search.setAttribute("aria-label", select.dataset.filter);
  const show = (options) => {
    const [chosen, it] = [select.value, select.selectedOptions[0]];
    // What was found and chosen stays when the search is cleared.
    const stays = !search.value.trim() && chosen && !options.includes(it);
    select.replaceChildren(...options, ...(stays ? [it] : []));
    const kept = [...select.options].some((each) => each.value === chosen);
    select.value = kept ? chosen : select.options[0]?.value ?? "";
  };
  search.addEventListener("input", async () => {
    const words = search.value.trim().toLowerCase();
    const near = all.filter((each) => !words || each.text.toLowerCase().includes(words));
    show(near);
    if (!words || !select.dataset.search) return;
    const others = await found(select.dataset.search, words);
    if (search.value.trim().toLowerCase() !== words) return;
    show([...near, ...others.filter((each) => !all.some((known) => known.value === each.value))]);
  });
  select.before(search);
}

// ---------------------------------------------------------------------------------------------------------------

function prepare() {
  for (const select of document.querySelectorAll("select[data-filter]:not([data-ready])")) {
    select.dataset.ready = "1";
    makeSearchable(select);
  }
  for (const transcript of document.querySelectorAll(".transcript:not([data-ready])")) {
    transcript.dataset.ready = "1";
    followSound(transcript);
  }
  for (const waveform of document.querySelectorAll(".waveform:not([data-ready])")) {
    waveform.dataset.ready = "1";
    drawPlayed(waveform);
  }
}

// What is larger than the server takes is named here: a connection that is cut off while sending names nothing.
document.addEventListener("change", (event) => {
  const field = event.target, largest = Number(field.dataset?.largest);
  if (!largest) return;
  field.setCustomValidity(field.files[0]?.size > largest ? field.form.dataset.tooLarge : "");
  field.reportValidity();
});

// A file that is too large is told before it is sent, not after minutes on the way.
document.addEventListener("change", (event) => {
  const { mostBytes, tooLarge } = event.target.dataset;
  if (!mostBytes) return;
  const large = [...event.target.files].find((file) => file.size > Number(mostBytes));
  event.target.setCustomValidity(large ? `${large.name}: ${tooLarge}` : "");
  event.target.reportValidity();
});

document.addEventListener("input", (event) => event.target.closest("form")?.setAttribute("data-touched", ""));
// A click sends a form once; the answer brings a new page.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.defaultPrevented) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent));
prepare();
keepFresh();
