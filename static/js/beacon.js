// Says once that this page is read: when it has been visible for a second in all. docs/readership.md
const address = document.querySelector("[data-beacon]")?.dataset.beacon;
const ENOUGH = 1000;
let seen = 0;
let since = 0;
let timer = 0;

function pause() {
  clearTimeout(timer);
  if (since) seen += performance.now() - since;
  since = 0;
}

function watch() {
  pause();
  if (document.visibilityState !== "visible") return;
  since = performance.now();
  timer = setTimeout(say, Math.max(ENOUGH - seen, 0));
}

function say() {
  document.removeEventListener("visibilitychange", watch);
  if (!navigator.sendBeacon?.(address)) fetch(address, { method: "POST", keepalive: true }).catch(() => {});
}

function begin() {
  document.addEventListener("visibilitychange", watch);
  watch();
}

if (address) {
  // A page that the browser prepares ahead is read by nobody until it is shown.
  if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
  else begin();
}
