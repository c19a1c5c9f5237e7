// Report once that this page was opened, when it has been visible for a second in all, and once that it was read: half a
// minute in all, and three quarters of its text passed by. docs/readership.md
const article = document.querySelector("[data-beacon]");
const text = article?.querySelector(".prose");
const VIEW_MS = 1000;
const READ_MS = 30_000;
const READ_SHARE = 0.75;
const readUrl = article?.dataset.beaconRead;
let viewUrl = article?.dataset.beacon;
let visibleMs = 0;
let visibleSince = null;
let timer = 0;
let hasPassed = false;

function send(url) {
  if (!navigator.sendBeacon?.(url)) fetch(url, { method: "POST", keepalive: true }).catch(() => {});
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
  if (visibleMs >= READ_MS && textHasPassed()) {
    send(readUrl);
    document.removeEventListener("visibilitychange", update);
    document.removeEventListener("scroll", onScroll);
  } else if (visibleSince !== null && visibleMs < READ_MS) {
    timer = setTimeout(update, (viewUrl ? VIEW_MS : READ_MS) - visibleMs);
  }
}

// Scrolling back up does not undo it.
function textHasPassed() {
  const { top, height } = text.getBoundingClientRect();
  hasPassed ||= top + height * READ_SHARE <= innerHeight;
  return hasPassed;
}

function onScroll() {
  if (!hasPassed && textHasPassed() && visibleMs >= READ_MS) update();
}

function start() {
  document.addEventListener("visibilitychange", update);
  document.addEventListener("scroll", onScroll, { passive: true });
  update();
}

if (viewUrl) {
  // A prerendered page is not seen until it is activated.
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
}
