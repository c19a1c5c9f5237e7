// Promoted cards: says once which were seen and followed, and whether the reader came by one; hides those that the
// reader does not want. docs/promotion.md
const { promotionBeacon: address, own = "" } = document.querySelector("script[data-promotion-beacon]").dataset
const STORE = "hidden-promotions"
const MOST_HIDDEN = 200
const ENOUGH = 1000
const said = new Set()
const news = { seen: [], clicked: [], came: [] }
let sending = 0

/** Keeps what is to be said; what comes within a second goes in one request. */
function say(what, promotion) {
  const key = `${what} ${promotion}`
  if (said.has(key)) return
  said.add(key)
  news[what].push(promotion)
  clearTimeout(sending)
  sending = setTimeout(send, ENOUGH)
}

function send() {
  clearTimeout(sending)
  const body = new URLSearchParams()
  for (const [what, promotions] of Object.entries(news)) {
    if (promotions.length) body.set(what, promotions.splice(0).join(","))
  }
  if (!body.size) return
  if (!navigator.sendBeacon?.(address, body)) fetch(address, { method: "POST", body, keepalive: true }).catch(() => {})
}

/** Calls `done` once `holds()` was true for a second on end. Call the result whenever that may have changed. */
function afterASecond(holds, done) {
  let timer = 0
  return () => {
    clearTimeout(timer)
    if (holds()) timer = setTimeout(done, ENOUGH)
  }
}

function watch(card) {
  const promotion = card.dataset.promotion
  let half = false
  const look = afterASecond(
    () => half && document.visibilityState === "visible",
    () => {
      observer.disconnect()
      say("seen", promotion)
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
    say("clicked", promotion)
    send()
  }
  card.addEventListener("click", follow)
  card.addEventListener("auxclick", follow)
}

/** The list of hidden cards, changed by `change`. Without storage a card is hidden on this page alone. */
function remember(change) {
  try {
    const hidden = JSON.parse(localStorage.getItem(STORE))
    localStorage.setItem(STORE, JSON.stringify(change(Array.isArray(hidden) ? hidden : []).slice(-MOST_HIDDEN)))
  } catch {
    // Private windows may keep nothing.
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

/** How the reader came stands behind the "#"; it is taken away, so that nobody passes it on with the address. */
function arrive() {
  const promotion = /^#promoted-(\d+)$/.exec(location.hash)?.[1]
  if (!promotion) return
  history.replaceState(history.state, "", location.pathname + location.search)
  if (!own.split(",").includes(promotion)) return
  const look = afterASecond(
    () => document.visibilityState === "visible",
    () => say("came", promotion),
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
