// Says once that this page was opened, when it has been visible for a second in all, and once that it was read: half a
// minute in all, and three quarters of its text came by. docs/readership.md
const article = document.querySelector("[data-beacon]");
const text = article?.querySelector(".prose");
const VIEW = 1000;
const READ = 30_000;
const ENOUGH = 0.75;
const read = article?.dataset.beaconRead;
let view = article?.dataset.beacon;
let seen = 0;
let since = null;
let timer = 0;
let passed = false;

function say(address) {
  if (!navigator.sendBeacon?.(address)) fetch(address, { method: "POST", keepalive: true }).catch(() => {});
}

// The clock goes on only while the page is visible.
function look() {
  clearTimeout(timer);
  const now = performance.now();
  if (since !== null) seen += now - since;
  since = document.visibilityState === "visible" ? now : null;
  if (view && seen >= VIEW) {
    say(view);
    view = "";
  }
  if (seen >= READ && hasPassed()) {
    say(read);
    document.removeEventListener("visibilitychange", look);
    document.removeEventListener("scroll", scrolled);
  } else if (since !== null && seen < READ) {
    timer = setTimeout(look, (view ? VIEW : READ) - seen);
  }
}

// Who scrolls back up has passed it all the same.
function hasPassed() {
  const { top, height } = text.getBoundingClientRect();
  passed ||= top + height * ENOUGH <= innerHeight;
  return passed;
}

function scrolled() {
  if (!passed && hasPassed() && seen >= READ) look();
}

function begin() {
  document.addEventListener("visibilitychange", look);
  document.addEventListener("scroll", scrolled, { passive: true });
  look();
}

if (view) {
  // A page that the browser prepares ahead is read by nobody until it is shown.
  if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
  else begin();
}
