// Removes the promoted cards that this reader has hidden. It is not a module, so that it runs before the page is painted
// and the layout does not shift. promotions.js stores the list.
(() => {
  let hidden = null
  try {
    hidden = JSON.parse(localStorage.getItem("hidden-promotions"))
  } catch {
    // Without storage, or with something else in it, nothing is hidden.
  }
  if (!Array.isArray(hidden)) return
  for (const place of document.querySelectorAll("[data-promoted]")) {
    for (const card of place.querySelectorAll("[data-promotion]")) {
      if (hidden.includes(Number(card.dataset.promotion))) card.remove()
    }
    if (!place.querySelector("[data-promotion]")) place.remove()
  }
})()
