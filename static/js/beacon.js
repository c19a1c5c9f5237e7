// Report once that this page was opened, when it has been visible for a second in all; once that it was read: half a minute
// in all, and three quarters of its text passed by; and once, when it is left for the first time, the quarter of the text
// that was reached and the host name of the page before. docs/readership.md
const article = document.querySelector("[data-beacon]");
const text = article?.querySelector(".prose");
const VIEW_MS = 1000;
const READ_MS = 30_000;
const READ_SHARE = 0.75;
const QUARTERS = 4;
let { beacon: viewUrl, beaconRead: readUrl, beaconExit: exitUrl } = article?.dataset ?? {};
let visibleMs = 0;
let visibleSince = null;
let timer = 0;
// The share of the text that the lower edge of the window has passed. Scrolling back up does not change it.
let deepest = 0;

function send(url, body) {
  if (!navigator.sendBeacon?.(url, body)) fetch(url, { method: "POST", body, keepalive: true }).catch(() => {});
}

// Count the time during which the page is visible, and send what is due.
function update() {
  clearTimeout(timer);
  const now = performance.now();
  if (visibleSince !== null) visibleMs += now - visibleSince;
  visibleSince = document.visibilityState === "visible" ? now : null;
  if (viewUrl && visibleMs >= VIEW_MS) {
    send(viewUrl);
    viewUrl = "";
  }
  measure();
  if (readUrl && visibleMs >= READ_MS && deepest >= READ_SHARE) {
    send(readUrl);
    readUrl = "";
  }
  if (visibleSince === null) sendExit();
  else if (visibleMs < READ_MS) timer = setTimeout(update, (viewUrl ? VIEW_MS : READ_MS) - visibleMs);
}

function measure() {
  const { top, height } = text.getBoundingClientRect();
  deepest = Math.max(deepest, (innerHeight - top) / (height || 1));
}

function onScroll() {
  measure();
  if (readUrl && deepest >= READ_SHARE && visibleMs >= READ_MS) update();
}

// Only of a page that was seen.
function sendExit() {
  if (viewUrl || !exitUrl) return;
  send(exitUrl, `${Math.min(QUARTERS, Math.max(1, Math.ceil(deepest * QUARTERS)))} ${referrer()}`);
  exitUrl = "";
}

function referrer() {
  return URL.canParse?.(document.referrer) ? new URL(document.referrer).hostname : "";
}

function onPageHide() {
  update();
  sendExit();
}

function start() {
  document.addEventListener("visibilitychange", update);
  document.addEventListener("scroll", onScroll, { passive: true });
  addEventListener("pagehide", onPageHide);
  update();
}

if (viewUrl) {
  // A prerendered page is not seen until it is activated.
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
}
