// The counter's page: shows what the desk says, sends what the operator scans. Nothing is kept in the browser.
"use strict";

const at = (id) => document.getElementById(id);
const key = at("key"), purpose = at("purpose"), reader = at("reader"), said = at("said");
const CHECKS = [
  ["pace_or_bac", "Mở chip", "Chip opened"], ["passive", "Chữ ký", "Signature"], ["chip", "Chip gốc", "Genuine chip"],
  ["active", "Chip gốc (AA)", "Genuine chip (AA)"], ["cross", "Số khớp", "Numbers agree"], ["expiry", "Còn hạn", "Not expired"],
];
const MRZ_LINE = 30, PAUSE = 400, RETRY = 1000;
let shown = { alarms: [] }, version = -1, timer = 0;

function make(tag, name, text) {
  const one = document.createElement(tag);
  if (name) one.className = name;
  if (text !== undefined) one.textContent = text;
  return one;
}

function box(what, title) {
  const one = make("article", `box ${what.tone}`);
  if (title) one.append(make("h2", "", title));
  one.append(make("p", "vi", what.vi));
  const english = make("p", "en", what.en);
  english.lang = "en";
  one.append(english);
  return one;
}

function fact(list, vi, en, value) {
  const pair = make("div");
  pair.append(make("dt", "", `${vi} / ${en}`), make("dd", "", value));
  list.append(pair);
}

function result(what, title) {
  const one = box(what, title), facts = make("dl");
  if (what.detail) one.append(make("p", "detail", `${what.detail.vi} / ${what.detail.en}`));
  if (what.number_masked) fact(facts, "Số", "Number", what.number_masked);
  if (what.expiry) fact(facts, "Có giá trị đến", "Valid until", what.expiry.split("-").reverse().join("/"));
  for (const [name, vi, en] of CHECKS) {
    const found = what.checks && what.checks[name];
    if (found !== null && found !== undefined) fact(facts, vi, en, found === false ? "✗" : found === true ? "✓" : `✓ ${found}`);
  }
  if (facts.childElementCount) one.append(facts);
  if (what.answer) one.append(box(what.answer));
  return one;
}

const STATES = {
  empty: { tone: "quiet", vi: "Đặt thẻ lên đầu đọc", en: "Put the card on the reader" },
  card: { tone: "quiet", vi: "Đã có thẻ. Quét hoặc gõ số", en: "There is a card. Scan or type its number" },
  reading: { tone: "quiet", vi: "Đang đọc… Giữ yên thẻ", en: "Reading… Leave the card there" },
};

function options(select, wanted) {
  const now = [...select.options].map((one) => one.value + one.text).join();
  if (now === wanted.map((one) => one.value + one.text).join()) return;
  const before = select.value;
  select.replaceChildren(...wanted.map((one) => new Option(one.text, one.value)));
  if (wanted.some((one) => one.value === before)) select.value = before;
}

function show(state) {
  shown = state;
  const alarms = state.alarms.map((one) => box(one, `${new Date(one.at).toLocaleString("vi-VN")} · F9`));
  at("alarms").replaceChildren(...alarms);
  at("stopped").replaceChildren(...(state.stopped ? [box(state.stopped)] : []));
  at("ask").hidden = Boolean(state.stopped);
  const boxes = state.readers.map((one) => (one.result ? result(one.result, one.name) : box(STATES[one.state], one.name)));
  if (!state.service) boxes.unshift(box({ tone: "fail", vi: "Dịch vụ đọc thẻ (pcscd) không chạy", en: "The smart card service (pcscd) is not there" }));
  else if (!boxes.length) boxes.push(box({ tone: "fail", vi: "Không có đầu đọc. Cắm đầu đọc", en: "There is no reader. Plug one in" }));
  at("readers").replaceChildren(...boxes);
  options(purpose, state.purposes.map((one) => ({ value: one.id, text: `${one.vi} / ${one.en}` })));
  const real = state.readers.filter((one) => one.name !== "QR");
  options(reader, [{ value: "", text: "tự chọn / automatic" }, ...real.map((one) => ({ value: one.name, text: one.name }))]);
  at("which").hidden = real.length < 2;
  const { waiting, down } = state.line;
  at("line").textContent = down ? `Mất kết nối trung tâm, đã lưu ${waiting} / The hub is away, kept: ${waiting}`
    : waiting ? `Đang gửi ${waiting} / sending ${waiting}` : "Đã gửi hết / all sent";
}

async function tell(what, content) {
  try {
    const answer = await fetch(`/${what}`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(content),
    });
    const { said: words } = answer.ok ? await answer.json() : { said: { vi: "Không nhận được", en: "Not taken" } };
    said.textContent = words ? `${words.vi} / ${words.en}` : "";
  } catch {
    said.textContent = "Chương trình quầy không chạy / The counter's program does not run";
  }
}

function send(what) {
  clearTimeout(timer);
  const text = key.value.trim();
  key.value = ""; // what was typed is nobody else's
  if (text) tell(what, { text, purpose: purpose.value, reader: at("which").hidden ? "" : reader.value });
}

// A scanner ends each line of an MRZ as a person ends a number: with Enter. The third line, or a pause, ends an MRZ.
function entered(event) {
  const lines = key.value.trim().split(/\s+/);
  if (lines[0].length !== MRZ_LINE || lines.length > 2) { event.preventDefault(); send("key"); return; }
  clearTimeout(timer);
  if (lines.length === 2) timer = setTimeout(send, PAUSE, "key");
}

function next(select) {
  if (select.options.length) select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  key.focus();
}

const KEYS = {
  Escape: () => { key.value = ""; said.textContent = ""; clearTimeout(timer); tell("clear", {}); key.focus(); },
  F2: () => next(purpose),
  F4: () => next(reader),
  F8: () => send("code"),
  F9: () => { if (shown.alarms.length) tell("seen", { id: shown.alarms[0].id }); },
};

document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (act && !event.altKey && !event.ctrlKey && !event.metaKey) { event.preventDefault(); act(); }
});
key.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing) entered(event);
  else clearTimeout(timer);
});

async function follow() {
  for (;;) {
    try {
      const answer = await fetch(`/state?after=${version}`, { cache: "no-store" });
      const state = await answer.json();
      version = state.version;
      show(state);
    } catch {
      said.textContent = "Chương trình quầy không chạy / The counter's program does not run";
      version = -1;
      await new Promise((done) => setTimeout(done, RETRY));
    }
  }
}

follow();
