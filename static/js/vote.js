// A vote that is refused or does not arrive says so where the person looks. (What is taken needs nothing from here.)
document.addEventListener("htmx:beforeSwap", (event) => {
  // "Too many votes" comes as the control with its sentence; htmx alone would drop it with every other 4xx.
  const { xhr, requestConfig } = event.detail;
  if (!requestConfig.elt.matches("[data-vote]") || ![400, 429].includes(xhr.status)) return;
  event.detail.shouldSwap = xhr.responseText.includes("data-vote");
});

for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    const control = event.detail.requestConfig.elt;
    if (!control.isConnected || !control.matches("[data-vote]")) return;
    control.querySelector("[data-vote-says]").textContent = control.dataset.failed;
  });
}

// The second click of a double click means what the first one did; by then the button may stand for "take it back".
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("[data-vote] button")) {
    event.preventDefault();
    event.stopPropagation();
  }
}, { capture: true });
