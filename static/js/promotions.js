// Promoted cards: reports once which were seen and followed, and whether the article is read after following one; hides
// the cards that the reader does not want. docs/promotion.md
const { promotionBeacon: address, own = "" } = document.querySelector("script[data-promotion-beacon]").dataset
const STORE = "hidden-promotions"
const MAX_HIDDEN = 200
const DELAY = 1000
const reported = new Set()
const pending = { impressions: [], clicks: [], visits: [] }
let timeout = 0

/** Reports an event; all events within a second are sent in one request. */
function report(metric, promotion) {
  const key = `${metric} ${promotion}`
  if (reported.has(key)) return
  reported.add(key)
  pending[metric].push(promotion)
  clearTimeout(timeout)
  timeout = setTimeout(send, DELAY)
}

function send() {
  clearTimeout(timeout)
  const body = new URLSearchParams()
  for (const [metric, promotions] of Object.entries(pending)) {
    if (promotions.length) body.set(metric, promotions.splice(0).join(","))
  }
  if (!body.size) return
  if (!navigator.sendBeacon?.(address, body)) fetch(address, { method: "POST", body, keepalive: true }).catch(() => {})
}

/** Calls `done` once `holds()` was true for a second. Call the returned function when that can have changed. */
function afterASecond(holds, done) {
  let timer = 0
  return () => {
    clearTimeout(timer)
    if (holds()) timer = setTimeout(done, DELAY)
  }
}

function watch(card) {
  const promotion = card.dataset.promotion
  let half = false
  const look = afterASecond(
    () => half && document.visibilityState === "visible",
    () => {
      observer.disconnect()
      report("impressions", promotion)
    },
  )
  const observer = new IntersectionObserver(
    (entries) => {
      half = entries.at(-1).intersectionRatio >= 0.5
      look()
    },
    { threshold: 0.5 },
  )
  observer.observe(card)
  document.addEventListener("visibilitychange", look)
  const follow = (event) => {
    if (event.button > 1 || !event.target.closest("a")?.hash.startsWith("#promoted-")) return
    report("clicks", promotion)
    send()
  }
  card.addEventListener("click", follow)
  card.addEventListener("auxclick", follow)
}

/** The list of hidden cards, changed by `change`. Without storage a card is hidden on this page alone. */
function remember(change) {
  try {
    const hidden = JSON.parse(localStorage.getItem(STORE))
    localStorage.setItem(STORE, JSON.stringify(change(Array.isArray(hidden) ? hidden : []).slice(-MAX_HIDDEN)))
  } catch {
    // Private windows can be without storage.
  }
}

function offerToHide(card) {
  const button = card.querySelector("[data-hide]")
  const promotion = Number(card.dataset.promotion)
  button.hidden = false
  button.addEventListener("click", () => {
    const undo = document.createElement("button")
    undo.className = "link"
    undo.type = "button"
    undo.textContent = button.dataset.undo
    const note = document.createElement("p")
    note.className = "label promoted-note"
    note.setAttribute("role", "status")
    note.append(button.dataset.done, " ", undo)
    undo.addEventListener("click", () => {
      remember((hidden) => hidden.filter((one) => one !== promotion))
      note.replaceWith(card)
      button.focus()
    })
    remember((hidden) => [...hidden.filter((one) => one !== promotion), promotion])
    card.replaceWith(note)
    undo.focus()
  })
}

/** The fragment says which card the reader followed; it is removed, so that it is not shared with the URL. */
function arrive() {
  const promotion = /^#promoted-(\d+)$/.exec(location.hash)?.[1]
  if (!promotion) return
  history.replaceState(history.state, "", location.pathname + location.search)
  if (!own.split(",").includes(promotion)) return
  const look = afterASecond(
    () => document.visibilityState === "visible",
    () => report("visits", promotion),
  )
  document.addEventListener("visibilitychange", look)
  look()
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") send()
})
window.addEventListener("pagehide", send)
for (const card of document.querySelectorAll("[data-promotion]")) {
  watch(card)
  offerToHide(card)
}
arrive()
